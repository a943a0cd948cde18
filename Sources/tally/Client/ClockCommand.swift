internal import ArgumentParser
internal import Billing
internal import Wire

struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock",
        abstract: "Moves customer time in a sandbox, to test a year of billing in a minute.",
        discussion: """
            Everything that falls due on the way happens, each at its moment: resets, renewals, \
            charges, what expires. Time only goes forwards, and keys, certificates and request ids \
            keep to the machine's clock.

              tally clock advance --customer acme --by 30d
              tally clock advance --to 2027-03-01
              tally clock show --customer acme
            """,
        subcommands: [AdvanceClockCommand.self, ShowClockCommand.self])
}

struct AdvanceClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advance",
        abstract: "Moves one customer's time, or everyone's, and waits until all is done.",
        discussion: """
              tally clock advance --customer acme --by 30d
              tally clock advance --customer acme --to 2027-03-01T12:00:00Z
              tally clock advance --by 12h --timeout 600

            A span is a number and s, m, h, d or w. At most ten years in one call. If --timeout \
            passes, the rest goes on by itself; the same --request-id waits for it.
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "Whose time. Default: everyone's.")
    var customer: String?

    @Option(help: ArgumentHelp("By how much, such as 30d.", valueName: "span"))
    var by: String?

    @Option(help: ArgumentHelp("What time it is to be: a date or RFC 3339.", valueName: "time"))
    var to: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws {
        guard (by == nil) != (to == nil) else {
            throw ValidationError("give either --by or --to")
        }
        if let by, Span(by) == nil {
            throw ValidationError("--by \(by): write a number and s, m, h, d or w, such as 30d")
        }
        if let to, time(to) == nil {
            throw ValidationError("--to \(to): write 2027-03-01 or 2027-03-01T12:00:00Z")
        }
    }

    private func time(_ text: String) -> Timestamp? {
        Timestamp(rfc3339: text.utf8.count == 10 ? text + "T00:00:00Z" : text)
    }

    func run() async throws {
        let id = requestId ?? RequestIdentifier.make()
        var request: JSONObject = ["request_id": .string(id)]
        if let customer { request.append("customer_id", .string(customer)) }
        if let span = by.flatMap({ Span($0) }) {
            request.append("duration", .object(["seconds": .number(span.seconds)]))
        }
        if let time = to.flatMap({ self.time($0) }) {
            request.append("time", .string(time.rfc3339 ?? ""))
        }
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.advanceTestClock, request)
            if flags.json {
                print(JSONWriter.text(reply.with("request_id", .string(id))))
                return
            }
            var text = "it is \(HumanText.time(reply.text("time")))"
            text += customer.map { " for \($0)" } ?? " for everyone"
            print(reply.flag("replayed") ? text + " (moved before)" : text)
        }
    }
}

struct ShowClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Says what time it is for a customer, or for everyone whose clock wasn't moved.",
        discussion: """
              tally clock show
              tally clock show --customer acme --json
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "Whose time. Default: the environment's.")
    var customer: String?

    func run() async throws {
        var request = JSONObject()
        if let customer { request.append("customer_id", .string(customer)) }
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.getTestClock, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            let seconds = Int64(reply["ahead"]?.text("seconds") ?? "") ?? 0
            let ahead =
                seconds == 0
                ? "the machine's time" : "\(Span(seconds: seconds).text) ahead of the machine"
            print("\(HumanText.time(reply.text("time"))), \(ahead)")
        }
    }
}

/// A stretch of time as people write it: "30d".
private struct Span {
    private static let units: [(letter: Character, seconds: Int64)] = [
        ("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1),
    ]

    var seconds: Int64

    init(seconds: Int64) {
        self.seconds = seconds
    }

    init?(_ text: String) {
        guard let unit = Span.units.first(where: { $0.letter == text.last }),
            let count = Int64(text.dropLast()), 0...1_000_000_000 ~= count
        else { return nil }
        seconds = count * unit.seconds
    }

    /// The two largest units, such as "4d 2h".
    var text: String {
        var rest = seconds
        let parts = Span.units.dropFirst().compactMap { letter, size -> String? in
            let count = rest / size
            rest %= size
            return count > 0 ? "\(count)\(letter)" : nil
        }
        return parts.prefix(2).joined(separator: " ")
    }
}
