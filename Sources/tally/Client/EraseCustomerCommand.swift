internal import ArgumentParser
internal import Wire

struct EraseCustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erases a customer's name, email and metadata, and the properties of its usage.",
        discussion: """
            Balances, plans, invoices, usage amounts and the id stay. There is no way back: the \
            key that the data was sealed with is destroyed. Waits until every file that lists \
            usage is rewritten, too; interrupted, that goes on in the server, and running the \
            command again shows how far it is. Backups made before keep their copy of the key: \
            see docs/operating.md. The API key needs the scope customers:erase.

              tally customer erase acme
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        try await EraseCustomerCommand.run(.eraseCustomer, id, requestId, flags, "erased \(id)")
    }

    /// Calls a method that erases until all of it is done.
    static func run(
        _ method: APIMethod, _ id: String, _ requestID: String?, _ flags: ServerFlags,
        _ verdict: String
    ) async throws {
        let request: JSONObject = [
            "customer_id": .string(id),
            "request_id": .string(requestID ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            while true {
                let reply = try await client.call(method, request)
                let isDone = reply.text("state") == "done"
                if isDone {
                    print(flags.json ? JSONWriter.text(reply) : verdict)
                    return
                }
                Console.complain("\(id): \(reply.text("day_files_left")) day files left")
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
