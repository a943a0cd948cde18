internal import ArgumentParser
internal import Glibc
internal import Payments
internal import Wire

struct ImportStripeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stripe",
        abstract: "Takes over customers and subscriptions that Stripe Billing runs.",
        discussion: """
            Customers come with their names, cards and subscriptions. A subscription is told to end
            at Stripe with its period, and goes on here: same plan, amounts, currency, card and
            days. Until Stripe has said that it ends, nothing of it is charged here, so whatever
            stops in between, each period is charged once.

            Which plan a price of Stripe's is, a mapping says; the first draft of it comes from
            Stripe's products, with a catalog to edit. Metadata of prices or products may say it,
            too: tally_plan, and tally_feature for what is counted.

              export TALLY_STRIPE_KEY=…     or --stripe-key-file; the server's account and mode
              tally import stripe --draft-mapping mapping.json    then edit it
              tally import stripe --mapping mapping.json --publish
              tally import stripe --mapping mapping.json --apply

            The first run with --mapping changes no customer and nothing at Stripe: it says what
            maps, and why the rest doesn't, and that the monthly revenue is the same to the cent.
            What isn't understood to the end is left alone, at Stripe, as it is. Run it as often as
            you like: what is here already isn't touched again, and what was interrupted goes on.

            Exit codes: 0 all of it maps (or is here), 1 something is left alone, 2 refused,
            3 Stripe or the server can't be reached. The whole way: docs/moving.md.
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var move: MoveFlags

    @Option(help: "Which plan each price of Stripe's is.", completion: .file(extensions: ["json"]))
    var mapping: String?

    @Option(
        help: "Write a first draft of a mapping to this file, which isn't there yet, and stop.",
        completion: .file(extensions: ["json"]))
    var draftMapping: String?

    @Flag(help: "Publish the mapping's catalog first, as tally catalog apply does.")
    var publish = false

    @Option(
        help: ArgumentHelp(
            "The metadata of Stripe's customers that holds their ids here; default: "
                + "tally_customer, else Stripe's own ids.",
            valueName: "name"))
    var customerKey: String?

    @Option(
        help: ArgumentHelp(
            "File with Stripe's secret key (or TALLY_STRIPE_KEY).", valueName: "file")
    )
    var stripeKeyFile: String?

    @Option(help: ArgumentHelp("Another address of Stripe's API: for tests.", visibility: .hidden))
    var stripeUrl: String?

    func validate() throws {
        guard draftMapping == nil || mapping == nil && !move.apply && !publish else {
            throw ValidationError("--draft-mapping goes with no other step")
        }
        guard !publish || mapping != nil else {
            throw ValidationError("--publish needs --mapping, whose catalog it publishes")
        }
    }

    func run() async throws {
        let stripe = try client()
        if let draftMapping {
            guard access(draftMapping, F_OK) != 0 else {
                throw CommandFault("\(draftMapping) is there already", exit: .usage)
            }
            let draft = StripeDraft.json(try await book(stripe))
            try TextFile.writeSecret(JSONWriter.text(draft, .pretty) + "\n", to: draftMapping)
            return print("\(draftMapping): edit it, then --mapping \(draftMapping) --publish")
        }
        let mapping = try readMapping()
        try needMode(stripe)
        try await TallyClient.with(flags) { client in
            try await needCatalog(mapping, client)
            let customers = StripeMoves.read(
                try await book(stripe), mapping, key: customerKey)
            try await move.run(customers, from: "Stripe", client, json: flags.json)
        }
    }

    // MARK: Stripe

    private func client() throws -> StripeClient {
        let text =
            try stripeKeyFile.flatMap { try TextFile.read($0) }
            ?? (stripeKeyFile == nil ? getenv("TALLY_STRIPE_KEY").map { String(cString: $0) } : nil)
        guard let text else {
            throw CommandFault(
                "no key of Stripe's: give --stripe-key-file, or set TALLY_STRIPE_KEY", exit: .usage)
        }
        guard let key = StripeKey(text.filter { !$0.isWhitespace }) else {
            throw CommandFault(
                "a key of Stripe's is sk_test_…, sk_live_…, rk_test_… or rk_live_…", exit: .usage)
        }
        var settings = StripeClient.Settings(key: key)
        let base = stripeUrl ?? getenv("TALLY_STRIPE_URL").map { String(cString: $0) }
        if let base { settings.base = base }
        return StripeClient(settings)
    }

    /// Customers of one mode are unknown to the server's account in the other.
    private func needMode(_ stripe: StripeClient) throws {
        let key = try flags.key()
        let modes = [("tally_sk_live_", true), ("tally_sk_sandbox_", false)]
        guard let (_, isLive) = modes.first(where: { key.hasPrefix($0.0) }),
            isLive != stripe.isLive
        else { return }
        throw CommandFault(
            "Stripe's key is for \(stripe.isLive ? "live" : "test") payments and the server's for "
                + "\(isLive ? "live" : "sandbox"): live takes live keys, the sandbox test keys",
            exit: .usage)
    }

    private func book(_ stripe: StripeClient) async throws -> StripeBook {
        let progress = MoveProgress()
        defer { progress.end() }
        do {
            return try await StripeBook.read(stripe) { progress.note("\($0) read", $1) }
        } catch let fault as StripeFault {
            switch fault {
            case .unreachable, .busy, .rateLimited, .failed:
                throw CommandFault("Stripe: \(fault)", exit: .unavailable)
            case .declined, .authenticationRequired, .invalid, .missing, .unauthorized, .keyReused:
                throw CommandFault("Stripe: \(fault)", exit: .refused)
            }
        }
    }

    // MARK: The mapping

    private func readMapping() throws -> StripeMapping {
        guard let mapping else { return StripeMapping() }
        let file = try CatalogFile(mapping)
        do {
            return try StripeMapping(file.catalog)
        } catch {
            throw CommandFault("\(mapping): \(error)", exit: .refused)
        }
    }

    /// Plans are published before anybody gets them.
    private func needCatalog(_ mapping: StripeMapping, _ client: TallyClient) async throws {
        guard let catalog = mapping.catalog, let path = self.mapping else { return }
        let file = CatalogFile(path: path, catalog: catalog)
        guard try await file.isPublished(client) || publish else {
            throw CommandFault(
                "the catalog in \(path) isn't published: give --publish, which changes no customer",
                exit: .refused)
        }
        if publish { _ = try await file.publish(client, validateOnly: false) }
    }
}
