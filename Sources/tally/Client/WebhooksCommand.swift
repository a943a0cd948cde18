internal import ArgumentParser
internal import Wire

struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Shows the receivers of notifications, and tells them again.",
        subcommands: [ListWebhooksCommand.self, ReplayWebhooksCommand.self])
}

struct ListWebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the environment's receivers and how they stand.",
        discussion: """
              tally webhooks list

            Of each: what was accepted and what wasn't since the server started, what waits, how old
            the oldest of that is, and how far it is in each partition's log.
            """)

    @OptionGroup var flags: ServerFlags

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.listWebhookEndpoints, [:])
            if flags.json { return print(JSONWriter.text(reply)) }
            let endpoints = reply.list("endpoints")
            if endpoints.isEmpty { return print("no receivers; see docs/webhooks.md") }
            var table = TextTable(
                "endpoint", "accepted", "failed", "given up", "waiting", "lag s", "done", "state")
            for endpoint in endpoints { endpoint.addWebhookRow(to: &table) }
            for line in table.lines { print(line) }
        }
    }
}

struct ReplayWebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Tells a receiver again what happened from some point on.",
        discussion: """
              tally webhooks replay --endpoint billing --from-sequence 1200
              tally webhooks replay --endpoint billing --since 2027-01-10T12:00:00Z

            With the same ids as before, so that a receiver that keeps them passes over what it has.
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "The receiver's name.")
    var endpoint: String

    @Option(help: "Begin with this record.")
    var fromSequence: UInt64?

    @Option(help: "Of this partition.")
    var partition: UInt32 = 0

    @Option(help: "Begin with what was committed at this time (RFC 3339).")
    var since: String?

    func validate() throws {
        guard (fromSequence == nil) != (since == nil) else {
            throw ValidationError("give either --from-sequence or --since")
        }
    }

    func run() async throws {
        var request: JSONObject = [
            "endpoint": .string(endpoint), "partition": .number(partition),
        ]
        if let fromSequence { request.append("from_sequence", .number(fromSequence)) }
        if let since { request.append("since_time", .string(since)) }
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.replayWebhooks, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            let cursors = reply["endpoint"]?.list("cursors") ?? []
            for cursor in cursors {
                print(
                    "\(endpoint) goes on after record \(cursor.text("done_sequence")) of partition "
                        + cursor.text("partition"))
            }
        }
    }
}

extension JSONValue {
    fileprivate func addWebhookRow(to table: inout TextTable) {
        let done = list("cursors").map { "\($0.text("done_sequence"))/\($0.text("last_sequence"))" }
        let error = text("last_error")
        let state = self["disabled"] == .bool(true) ? "disabled (410)" : error.isEmpty ? "-" : error
        table.add(
            text("name"), text("delivered"), text("failed_attempts"), text("given_up"),
            text("waiting"), text("lag_seconds"), done.joined(separator: " "), state)
    }
}
