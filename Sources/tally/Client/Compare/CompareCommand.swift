internal import ArgumentParser
internal import Wire

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Sends checks to Tally and to Autumn, and says where they answer differently.",
        discussion: """
            Nothing is changed on either side: a check that would deduct or reserve is sent as a \
            plain one. Without --checks each customer of Tally is asked about each metered and \
            boolean feature. Compared are the status, allowed, and the numbers of the balance.

              tally compare --autumn https://api.useautumn.com --autumn-key-file autumn.key
              tally compare --autumn https://api.useautumn.com --autumn-key-file autumn.key \
            --customer acme --feature messages --sample 100
              tally compare --autumn https://api.useautumn.com --autumn-key-file autumn.key \
            --checks checks.jsonl --ignore balance.next_reset_at

            --checks is a file of bodies of balances.check, one in a line, as your servers send \
            them.

            The exit code: 0 all alike, 1 some differ, 2 one of them refused to tell what to ask, \
            3 one of them can't be reached.
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: ArgumentHelp("The other server, without /v1.", valueName: "url"))
    var autumn: String

    @Option(help: ArgumentHelp("File with the API key for it.", valueName: "file"))
    var autumnKeyFile: String

    @Option(
        help: ArgumentHelp(
            "PEM of the authority to trust for it. Default: the system's.", valueName: "file"))
    var autumnCa: String?

    @Option(help: ArgumentHelp("Checks to send, one JSON object in a line.", valueName: "file"))
    var checks: String?

    @Option(help: "Ask about this customer only; may be repeated.")
    var customer: [String] = []

    @Option(help: "Ask about this feature only; may be repeated.")
    var feature: [String] = []

    @Option(help: ArgumentHelp("Send this many, evenly chosen. Default: all.", valueName: "count"))
    var sample: Int?

    @Option(
        help: ArgumentHelp(
            "Don't compare this field, such as balance.next_reset_at; may be repeated.",
            valueName: "field"))
    var ignore: [String] = []

    func validate() throws {
        guard sample ?? 1 > 0 else { throw ValidationError("--sample must be at least 1") }
        guard checks == nil || (customer.isEmpty && feature.isEmpty) else {
            throw ValidationError("--customer and --feature are for when there are no --checks")
        }
        let unknown = ignore.filter { !AnswerDifference.fields.contains($0) }
        guard unknown.isEmpty else {
            throw ValidationError(
                "--ignore \(unknown[0]) is not compared; these are: "
                    + AnswerDifference.fields.joined(separator: ", "))
        }
    }

    func run() async throws {
        let here = try ComparedServer(tally: flags)
        let there = try ComparedServer(
            autumn, keyFile: autumnKeyFile, authorityFile: autumnCa, seconds: flags.timeout)
        let asked = sampled(try checks.map(recorded) ?? everything(on: here))
        guard !asked.isEmpty else {
            throw CommandFault("there is nothing to ask about", exit: .refused)
        }
        var different: [(check: JSONObject, differences: [AnswerDifference])] = []
        for check in asked {
            let differences = AnswerDifference.between(
                try here.answer("balances.check", check), try there.answer("balances.check", check),
                ignoring: Set(ignore))
            if !differences.isEmpty { different.append((check, differences)) }
        }
        report(different, of: asked.count)
        if !different.isEmpty { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    /// Every so many, so that each customer and feature has its turn.
    private func sampled(_ checks: [JSONObject]) -> [JSONObject] {
        guard let sample, sample < checks.count else { return checks }
        return (0..<sample).map { checks[$0 * checks.count / sample] }
    }

    private func recorded(_ file: String) throws -> [JSONObject] {
        guard let text = try TextFile.read(file) else {
            throw CommandFault("there is no file \(file)", exit: .usage)
        }
        var checks: [JSONObject] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated() where !line.allSatisfy(\.isWhitespace)
        {
            guard case .object(let check)? = try? JSONParser.parse(String(line)) else {
                throw CommandFault(
                    "\(file), line \(index + 1): this is no JSON object", exit: .refused)
            }
            checks.append(check.plain)
        }
        return checks
    }

    private func everything(on server: ComparedServer) throws -> [JSONObject] {
        var features = feature
        if features.isEmpty {
            features = try server.list("features.list").map { $0.text("id") }
        }
        var customers = customer
        if customers.isEmpty {
            customers = try server.list("customers.list").map { $0.text("id") }
        }
        return customers.flatMap { customer in
            features.map { ["customer_id": .string(customer), "feature_id": .string($0)] }
        }
    }

    private func report(
        _ different: [(check: JSONObject, differences: [AnswerDifference])], of count: Int
    ) {
        guard !flags.json else {
            let list = different.map { check, differences in
                JSONValue.object([
                    "check": .object(check), "differences": .array(differences.map(\.json)),
                ])
            }
            return print(
                JSONWriter.text(
                    .object([
                        "checks": .number(count), "alike": .number(count - different.count),
                        "different": .array(list),
                    ])))
        }
        for (check, differences) in different {
            let asked = JSONValue.object(check)
            let names = ["customer_id", "entity_id", "feature_id", "product_id"]
                .map { asked.text($0) }.filter { !$0.isEmpty }
            print(names.joined(separator: " "))
            for difference in differences { print("  \(difference.sentence)") }
        }
        print("\(count) checks, \(count - different.count) alike, \(different.count) different")
    }
}

extension JSONObject {
    /// Without what would change something.
    fileprivate var plain: JSONObject {
        JSONObject(members.filter { !["send_event", "lock", "idempotency_key"].contains($0.key) })
    }
}
