internal import ArgumentParser
internal import Payments
internal import Wire

struct StripeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stripe",
        abstract: "Sets up Stripe as the payment provider, and compares its books.",
        subcommands: [StripeSetupCommand.self, StripeReconcileCommand.self])
}

struct StripeSetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Checks the key, makes or finds the webhook endpoint, says what is missing.",
        discussion: """
            The settings name the key's file and the one that webhook secrets are kept in (or the
            environment does: TALLY_STRIPE_LIVE_KEY, TALLY_STRIPE_LIVE_WEBHOOK_SECRET). Neither is
            ever shown. An endpoint that is made is shown its secret once by Stripe, so it goes to
            stripe.NAME.webhook-secret-file at once. Run again, it changes nothing.

              tally stripe setup --environment live --settings /etc/tally.json

            Exit codes: 0 all is there, 1 something is missing.
            """)

    enum Environment: String, ExpressibleByArgument, CaseIterable { case sandbox, live }

    @Option(help: "sandbox or live.")
    var environment: Environment

    @OptionGroup var flags: SettingsFlags

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let name = environment.rawValue
        let settings = try await ServerSettings(flags.sources)
        guard let stripe = settings.payments.first(where: { $0.environment == name })?.stripe
        else {
            throw CommandFault(
                "payments.\(name) is not stripe: set it, and stripe.\(name).key-file", exit: .usage)
        }
        guard settings.publicAddress.hasPrefix("https://") else {
            throw CommandFault(
                "public-address must be set: Stripe sends webhooks there", exit: .usage)
        }
        let url = "\(settings.publicAddress)/webhooks/stripe/\(name)"
        var setup = try await look(stripe, url)
        if let secret = setup.secret {
            // Those that are known stay active.
            let known = try TextFile.read(stripe.secretFile) ?? ""
            try TextFile.writeSecret(known + secret + "\n", to: stripe.secretFile)
            setup.secret = nil
        }
        print(json ? JSONWriter.text(object(setup, url), .pretty) : text(setup, url))
        if !setup.missing.isEmpty { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    private func look(
        _ stripe: PaymentSettings.StripeSection, _ url: String
    ) async throws -> StripeSetup {
        do {
            return try await StripeSetup.run(
                StripeClient(stripe.client), url: url, hasSecret: !stripe.secrets.isEmpty,
                mayMake: !stripe.secretFile.isEmpty)
        } catch {
            switch error {
            case .unreachable, .busy, .rateLimited, .failed:
                throw CommandFault("\(error)", exit: .unavailable)
            case .declined, .authenticationRequired, .invalid, .missing, .unauthorized, .keyReused:
                throw CommandFault("\(error)", exit: .refused)
            }
        }
    }

    private func text(_ setup: StripeSetup, _ url: String) -> String {
        var lines = [
            "account   \(setup.account), \(setup.isLive ? "live" : "test") payments",
            "webhooks  \(url): \(setup.endpoint.rawValue)",
        ]
        if setup.endpoint == .made {
            lines.append("          restart tally serve: it has a new secret")
        }
        lines += setup.missing.map { "missing   \($0)" }
        return lines.joined(separator: "\n")
    }

    private func object(_ setup: StripeSetup, _ url: String) -> JSONValue {
        .object([
            "account": .string(setup.account), "live": .bool(setup.isLive),
            "endpoint": .object([
                "id": .string(setup.endpointID), "url": .string(url),
                "state": .string(setup.endpoint.rawValue),
            ]),
            "missing": .array(setup.missing.map { .string($0) }),
        ])
    }
}
