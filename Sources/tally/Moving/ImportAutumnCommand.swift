internal import ArgumentParser
internal import Repository
internal import Wire

struct ImportAutumnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "autumn",
        abstract: "Brings in customers of Autumn, or of anything that speaks its API 2.3.",
        discussion: """
            Features, plans, customers, entities, balances with their next reset and trials that
            were used come through its JSON API; what is archived there is archived here, too,
            as customers may have it. Its subscriptions that are paid for run at Stripe:
            take those over first (tally import stripe --customer-key autumn_customer_id), then
            this brings the balances of the same plans; --with-paid brings them with nobody charged
            until their period ends.

              tally import autumn --url https://api.useautumn.com --autumn-key-file autumn.key
              tally import autumn --url … --autumn-key-file autumn.key --publish
              tally import autumn --url … --autumn-key-file autumn.key --apply

            The first run says what of the catalog isn't published here yet; --publish does that and
            changes no customer. Without --apply it is only said what would be done. Run it as often
            as you like: what is here already isn't touched again.

            Exit codes: 0 all of it comes (or is here), 1 something is left alone, 2 refused,
            3 one of both servers can't be reached. The whole way: docs/moving.md.
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var move: MoveFlags

    @Option(help: "Where the other system's API is, such as https://api.useautumn.com.")
    var url: String

    @Option(help: ArgumentHelp("File with its secret key.", valueName: "file"))
    var autumnKeyFile: String

    @Option(help: ArgumentHelp("PEM of its authority; default: the system's.", valueName: "file"))
    var autumnCa: String?

    @Option(help: "What its prices are in.")
    var currency = "usd"

    @Flag(help: "Publish its features and plans first.")
    var publish = false

    @Flag(help: "Bring plans that are paid for, too: nobody charges for them there any more.")
    var withPaid = false

    func run() async throws {
        guard let key = try TextFile.read(autumnKeyFile)?.filter({ !$0.isWhitespace }), !key.isEmpty
        else { throw CommandFault("there is no key in \(autumnKeyFile)", exit: .usage) }
        try await TallyClient.with(flags) { client in
            do {
                let autumn = try AutumnClient(url: url, key: key, authorityFile: autumnCa)
                let catalog = AutumnCatalog(
                    features: try autumn.call("features.list", [:]).list("list"),
                    plans: try autumn.call("plans.list", ["include_archived": .bool(true)])
                        .list("list"), currency: currency)
                for (id, reason) in catalog.left {
                    Console.complain("left alone: \(id): \(reason)")
                }
                try await needCatalog(catalog, client)
                let customers = try customers(of: autumn, catalog)
                try await move.run(customers, from: "Autumn", client, json: flags.json)
            } catch let failure as AutumnClient.Failure {
                throw CommandFault(failure.text, exit: failure.isAway ? .unavailable : .refused)
            }
        }
    }

    private func customers(
        of autumn: AutumnClient, _ catalog: AutumnCatalog
    ) throws(AutumnClient.Failure) -> [Moving.Customer] {
        let progress = MoveProgress()
        defer { progress.end() }
        let moves = AutumnMoves(catalog: catalog, withPaid: withPaid, now: SystemClock.wall)
        var customers: [Moving.Customer] = []
        let listed = try autumn.list("customers.list") { progress.note("customers listed", $0) }
        // The oldest first.
        for row in listed.reversed() {
            let id = row.text("id")
            guard !id.isEmpty else { continue }
            let expand: JSONValue = .array([.string("subscriptions.plan"), .string("trials_used")])
            let whole = try autumn.call(
                "customers.get", ["customer_id": .string(id), "expand": expand])
            let entities = try autumn.list("entities.list", ["customer_id": .string(id)])
            customers.append(moves.read(whole, entities))
            progress.note("customers read", customers.count)
        }
        return customers
    }

    private func needCatalog(_ catalog: AutumnCatalog, _ client: TallyClient) async throws {
        let file = CatalogFile(path: "the catalog of \(url)", catalog: catalog.json)
        guard try await file.isPublished(client) || publish else {
            throw CommandFault(
                "features and plans of \(url) aren't published here yet: give --publish, which "
                    + "changes no customer", exit: .refused)
        }
        if publish { _ = try await file.publish(client, validateOnly: false) }
    }
}
