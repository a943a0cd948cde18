internal import Billing
internal import Glibc
internal import Webhooks

/// A receiver of notifications: the section `webhook.NAME` of the settings.
struct WebhookSettings: Sendable {
    private enum Environment: String, CaseIterable {
        case sandbox
        case live
    }

    var environment: String
    var endpoint: WebhookEndpoint

    static func entries(_ name: String) -> [ServerSettings.Entry] {
        func entry(_ key: String, _ meaning: String, _ standard: String) -> ServerSettings.Entry {
            .init(key: "webhook.\(name).\(key)", meaning: meaning, standard: standard)
        }
        return [
            entry("environment", "sandbox or live", ""),
            entry("url", "where notifications go: https://…", ""),
            entry("secret-file", "secrets, whsec_…, each on a line", ""),
            entry("events", "types of notifications; empty: all", ""),
            entry("ca", "PEM of the receiver's authorities; default: the system's", ""),
        ]
    }

    static func all(_ values: SettingsValues) throws -> [WebhookSettings] {
        let names = try values.names("webhooks")
        guard names.count <= WebhookEndpoint.limit else {
            throw CommandFault(
                "webhooks: there can be at most \(WebhookEndpoint.limit)", exit: .usage)
        }
        return try names.map { try WebhookSettings($0, values) }
    }

    private init(_ name: String, _ values: SettingsValues) throws {
        let section = "webhook.\(name)."
        let environment: Environment = try values.word(section + "environment")
        self.environment = environment.rawValue
        let authority = values.text(section + "ca")
        endpoint = WebhookEndpoint(
            name: name, url: try Self.url(section + "url", values),
            secrets: try Self.secrets(of: name, file: values.text(section + "secret-file")),
            authorityFile: authority.isEmpty ? nil : authority)
        if !values.list(section + "events").isEmpty {
            endpoint.kinds = Set(try values.words(section + "events"))
        }
    }

    /// Plain HTTP stays on this machine.
    private static func url(_ key: String, _ values: SettingsValues) throws -> String {
        let url = values.text(key)
        let isLocal = ["127.0.0.1", "localhost", "[::1]"].contains { host in
            let start = "http://\(host)"
            guard url.hasPrefix(start) else { return false }
            return url.dropFirst(start.count).first.map { "/:".contains($0) } ?? true
        }
        guard url.hasPrefix("https://") && url.count > 8 || isLocal,
            !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }), !url.contains("@")
        else {
            throw CommandFault(
                "\(key) must be an https:// address (http:// only of this machine), without name "
                    + "and password, not \"\(url)\"", exit: .usage)
        }
        return url
    }

    /// From the environment, else from the file; never from the command line, and never shown.
    private static func secrets(of name: String, file: String) throws -> [WebhookSecret] {
        let variable =
            "TALLY_WEBHOOK_"
            + name.map { $0 == "-" ? "_" : String($0).uppercased() }.joined() + "_SECRET"
        let text: String
        if let value = getenv(variable) {
            text = String(cString: value)
        } else if let content = try file.isEmpty ? nil : TextFile.read(file) {
            text = content
        } else {
            throw CommandFault(
                "webhook.\(name) has no secret: set \(variable), or webhook.\(name).secret-file to "
                    + "a file that is there", exit: .usage)
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        let secrets = words.compactMap { WebhookSecret(String($0)) }
        guard !secrets.isEmpty, secrets.count == words.count else {
            throw CommandFault(
                "webhook.\(name): a secret is whsec_ and 24 to 64 bytes in base64; make one with: "
                    + "echo whsec_$(openssl rand -base64 32)", exit: .usage)
        }
        return secrets
    }
}
