internal import ArgumentParser
internal import Glibc
internal import Wire

struct WatchCustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Shows a customer now, and again after each change.",
        discussion: """
            One line a change; changes in quick succession may be shown as one. Ends with Ctrl-C, \
            or after --count lines. When the server goes away it waits for it, --timeout seconds \
            at most, and goes on with what changed since.

              tally customer watch acme
              tally customer watch acme --count 1 --json
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Option(help: "End after so many lines.")
    var count: Int?

    @Option(help: "Of a line with --json: show only what changed since.")
    var resumeToken = ""

    func validate() throws {
        guard (count ?? 1) > 0 else { throw ValidationError("--count must be at least 1") }
    }

    func run() async throws {
        var token = resumeToken
        var shown = 0
        try await TallyClient.with(flags) { client in
            try await client.keepStreaming(.watchCustomer) { stream in
                try await stream.send([
                    "customer_id": .string(id), "resume_token": .string(token),
                ])
                stream.finishSending()
                while shown < count ?? .max, let change = try await stream.next() {
                    token = change.text("resume_token")
                    shown += 1
                    print(flags.json ? JSONWriter.text(change) : line(change["customer"] ?? .null))
                    fflush(nil)
                }
            }
        }
    }

    /// "acme: pro, seats; 95 of 100 messages left; flag sso"
    private func line(_ customer: JSONValue) -> String {
        let plans = customer.list("subscriptions").map { $0.text("plan_id") }
        let parts =
            [plans.isEmpty ? "no plan" : plans.joined(separator: ", ")]
            + customer.list("balances").map { HumanText.balance($0) }
            + customer.list("flags").map { "flag " + $0.text("feature_id") }
        return customer.text("customer_id") + ": " + parts.joined(separator: "; ")
    }
}
