internal import ArgumentParser
internal import Payments
internal import RPC
internal import Wire

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Plays a customer's life on a running sandbox, and shows each step.",
        discussion: """
            Makes a new customer, uses up the free plan, is denied, buys a plan on the payment page
            with a test card, and is allowed again. Needs the catalog of examples/pricing.json.

              tally demo
            """)

    @OptionGroup var flags: ServerFlags

    func run() async throws {
        let customer = "demo-" + RequestIdentifier.make().suffix(8)
        let page = try flags.pageClient()
        try await TallyClient.with(flags) { client in
            let story = Story(client: client, customer: customer, json: flags.json)
            try await story.tell("customer create \(customer)", .getOrCreateCustomer)
            try await story.tell(
                "track \(customer) messages --value 100", .track,
                ["feature_id": .string("messages"), "value": .number(100)])
            try await story.tell(
                "check \(customer) messages", .check, ["feature_id": .string("messages")])
            let bought = try await story.tell(
                "attach \(customer) pro", .attach, ["plan_id": .string("pro")])
            guard case .string(let url)? = bought["payment_url"] else {
                throw CommandFault("the server opened no payment page", exit: .refused)
            }
            try pay(url, page)
            try await story.tell(
                "check \(customer) messages", .check, ["feature_id": .string("messages")])
            try await story.tell("customer get \(customer)", .getCustomer)
        }
    }

    private func pay(_ url: String, _ page: HTTPSClient) throws {
        let status: Int
        do {
            status = try page.post(url, form: [("card", "4242 4242 4242 4242")]).status
        } catch {
            throw CommandFault("the payment page can't be reached: \(error)", exit: .unavailable)
        }
        guard status == 200 else {
            throw CommandFault("the payment page answered \(status)", exit: .refused)
        }
        if !flags.json { print("\n  … paid on \(url) with 4242 4242 4242 4242") }
    }
}

/// Calls, each shown as the command that makes it and what came back.
private struct Story {
    var client: TallyClient
    var customer: String
    var json: Bool

    @discardableResult
    func tell(
        _ command: String, _ method: APIMethod, _ fields: JSONObject = [:]
    ) async throws -> JSONValue {
        var request: JSONObject = ["customer_id": .string(customer)]
        for member in fields.members { request.append(member.key, member.value) }
        let reply = try await client.call(method, request)
        print(
            json
                ? JSONWriter.text(reply)
                : "\n$ tally \(command)\n\(JSONWriter.text(reply, .pretty))")
        return reply
    }
}

extension ServerFlags {
    /// For the pages of the same server.
    fileprivate func pageClient() throws -> HTTPSClient {
        do {
            return try HTTPSClient(authorityFile: try endpoint().authorityFile)
        } catch let failure as HTTPSClient.Failure {
            throw CommandFault("cannot use HTTPS: \(failure)", exit: .usage)
        }
    }
}
