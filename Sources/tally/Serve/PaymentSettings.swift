internal import Billing
internal import Glibc
internal import Payments

/// Who collects the money of an environment: `payments.NAME`, and what `stripe.NAME` says.
struct PaymentSettings: Sendable {
    enum Kind: String, CaseIterable {
        /// Test cards on a page of our own; no money moves.
        case sandbox
        case stripe
        /// Nothing that costs money can be bought.
        case none
    }

    struct StripeSection: Sendable {
        var client: StripeClient.Settings
        /// Empty: webhooks aren't taken, and the list of events alone says what happens.
        var secrets: [StripeSecret]
        var secretFile: String
        var lookBackDays: Int
        var reconcileHours: Int
        var choices: Stripe.Choices
    }

    private enum Answer: String, CaseIterable {
        case yes, no
    }

    var environment: String
    var kind: Kind
    /// Of `stripe`.
    var stripe: StripeSection?

    static func entries(_ name: String) -> [ServerSettings.Entry] {
        func entry(_ key: String, _ meaning: String, _ standard: String) -> ServerSettings.Entry {
            .init(key: key, meaning: meaning, standard: standard)
        }
        return [
            entry(
                "payments.\(name)",
                "who collects: \(name == "sandbox" ? "sandbox, " : "")stripe or none",
                name == "sandbox" ? "sandbox" : "none"),
            entry("stripe.\(name).key-file", "the secret key, sk_… or rk_…", ""),
            entry(
                "stripe.\(name).webhook-secret-file", "secrets, whsec_…, each on a line", ""),
            entry("stripe.\(name).url", "of the API", StripeClient.standardBase),
            entry("stripe.\(name).ca", "PEM of its authorities; default: the system's", ""),
            entry(
                "stripe.\(name).look-back-days",
                "how far back a start reads what Stripe reported", "3"),
            entry(
                "stripe.\(name).payment-methods",
                "how its pages can be paid, by Stripe's names, with commas between", "card"),
            entry(
                "stripe.\(name).delete-customers",
                "yes: who is deleted in Tally is deleted at Stripe too; or no", "no"),
            entry(
                "stripe.\(name).reconcile-hours",
                "between two comparisons of Stripe's books with Tally's; 0: none by itself", "24"),
        ]
    }

    init(_ name: String, _ values: SettingsValues) throws {
        environment = name
        kind = try values.word("payments.\(name)")
        if kind == .sandbox, name != "sandbox" {
            throw CommandFault(
                "payments.\(name) can be stripe or none: test cards are for the sandbox",
                exit: .usage)
        }
        if kind == .stripe { stripe = try Self.stripe(name, values) }
    }

    private static func stripe(
        _ name: String, _ values: SettingsValues
    ) throws -> StripeSection {
        let section = "stripe.\(name)."
        var client = StripeClient.Settings(
            key: try key(of: name, file: values.text(section + "key-file")))
        client.base = try url(section + "url", values)
        let authority = values.text(section + "ca")
        client.authorityFile = authority.isEmpty ? nil : authority
        let file = values.text(section + "webhook-secret-file")
        return StripeSection(
            client: client, secrets: try secrets(of: name, file: file), secretFile: file,
            lookBackDays: try values.number(section + "look-back-days", 0...30),
            reconcileHours: try values.number(section + "reconcile-hours", 0...720),
            choices: try choices(section, values))
    }

    private static func choices(
        _ section: String, _ values: SettingsValues
    ) throws -> Stripe.Choices {
        var choices = Stripe.Choices()
        choices.methods = values.list(section + "payment-methods")
        let isRight = choices.methods.allSatisfy { method in
            method.utf8.allSatisfy { $0 == UInt8(ascii: "_") || 0x61...0x7A ~= $0 }
                && !method.isEmpty
        }
        guard isRight, !choices.methods.isEmpty else {
            throw CommandFault(
                "\(section)payment-methods must be Stripe's names, such as card,us_bank_account",
                exit: .usage)
        }
        choices.deletesCustomers =
            try values.word(section + "delete-customers", of: Answer.self) == .yes
        return choices
    }

    /// From the environment, else from the file; never from the command line, and never shown.
    private static func secret(_ variable: String, _ file: String) throws -> String? {
        if let value = getenv(variable) { return String(cString: value) }
        return try file.isEmpty ? nil : TextFile.read(file)
    }

    private static func variable(_ name: String, _ what: String) -> String {
        "TALLY_STRIPE_\(name.uppercased())_\(what)"
    }

    private static func key(of name: String, file: String) throws -> StripeKey {
        let variable = variable(name, "KEY")
        guard let text = try secret(variable, file) else {
            throw CommandFault(
                "stripe.\(name) has no key: set \(variable), or stripe.\(name).key-file to a file "
                    + "that is there", exit: .usage)
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let key = StripeKey(String(words[0])) else {
            throw CommandFault(
                "stripe.\(name): a key is sk_test_…, sk_live_…, rk_test_… or rk_live_…",
                exit: .usage)
        }
        guard key.isLive == (name == "live") else {
            throw CommandFault(
                "stripe.\(name): the key is for \(key.isLive ? "live" : "test") payments; the "
                    + "sandbox takes test keys and live takes live keys", exit: .usage)
        }
        return key
    }

    private static func secrets(of name: String, file: String) throws -> [StripeSecret] {
        let variable = variable(name, "WEBHOOK_SECRET")
        guard let text = try secret(variable, file) else { return [] }
        let words = text.split(whereSeparator: \.isWhitespace)
        let secrets = words.compactMap { StripeSecret(String($0)) }
        guard secrets.count == words.count, !secrets.isEmpty else {
            throw CommandFault(
                "stripe.\(name): a webhook secret is whsec_…, as tally stripe setup writes it, or "
                    + "Stripe's dashboard shows it", exit: .usage)
        }
        return secrets
    }

    /// Plain HTTP stays on this machine.
    private static func url(_ key: String, _ values: SettingsValues) throws -> String {
        var url = values.text(key)
        while url.hasSuffix("/") { url.removeLast() }
        let local = "http://127.0.0.1"
        let isLocal =
            url.hasPrefix(local) && (url.dropFirst(local.count).first.map { $0 == ":" } ?? true)
        guard url.hasPrefix("https://") && url.count > 8 || isLocal,
            !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }), !url.contains("@")
        else {
            throw CommandFault(
                "\(key) must be an https:// address (http:// only of 127.0.0.1), without name and "
                    + "password, not \"\(url)\"", exit: .usage)
        }
        return url
    }
}
