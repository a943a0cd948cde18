internal import ArgumentParser
internal import Wire

struct StripeReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Compares Stripe's books with Tally's, repairs what can be, names the rest.",
        discussion: """
            Asks the running server, which does the same every day (stripe.NAME.reconcile-hours) and
            after a restore. What a lost webhook left behind is recorded; what could still be paid
            at Stripe for nothing is closed there; money that came before an older backup was
            restored pays for what is charged again, or becomes credit. Run again, it changes
            nothing.

              tally stripe reconcile --environment live --key-file live.key
              tally stripe reconcile --environment live --dry-run --json

            Exit codes: 0 nothing is left to do, 1 something remains, 2 it couldn't run.
            """)

    @Option(help: "sandbox or live; the key must be of it.")
    var environment = StripeSetupCommand.Environment.sandbox

    @OptionGroup var flags: ServerFlags

    @Option(help: "How far back Stripe's lists are read, from 1 to 365.")
    var days = 30

    @Flag(help: "Change nothing: say what differs.")
    var dryRun = false

    func validate() throws {
        guard 1...365 ~= days else { throw ValidationError("--days must be from 1 to 365") }
    }

    func run() async throws {
        let answer: JSONValue
        do {
            answer = try ask()
        } catch let fault as CommandFault where fault.exit != .usage {
            throw CommandFault(fault.description, exit: .refused)
        }
        let (repaired, remaining) = (answer.list("repaired"), answer.list("remaining"))
        if flags.json {
            print(JSONWriter.text(answer))
        } else {
            let word = dryRun ? "to repair" : "repaired"
            for row in repaired { print(line(word, row)) }
            for row in remaining { print(line("remains", row)) }
            if repaired.isEmpty, remaining.isEmpty { print("nothing differs") }
        }
        let isUnfinished = !remaining.isEmpty || dryRun && !repaired.isEmpty
        if isUnfinished { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    private func line(_ word: String, _ row: JSONValue) -> String {
        let amounts = ["here", "there"].compactMap { name in
            row[name].map { "\(name) \($0.text("minor_units")) \($0.text("currency"))" }
        }
        let parts =
            [word, row.text("kind"), row.text("customer_id"), row.text("object")] + amounts
        let advice = row.text("advice")
        return parts.joined(separator: "  ") + (advice.isEmpty ? "" : ": \(advice)")
    }
}
