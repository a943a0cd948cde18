internal import ArgumentParser
internal import Wire

/// How something is brought in, whatever from.
struct MoveFlags: ParsableArguments {
    @Flag(help: "Do it. Without this it is only said what would be done.")
    var apply = false

    @Flag(name: .customLong("dry-run"), help: "Only say what would be done; the default.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "With --apply: how long to wait until the payment provider knows.",
            valueName: "seconds"))
    var wait = 60

    func validate() throws {
        guard !(apply && dryRun) else {
            throw ValidationError("--apply and --dry-run exclude each other")
        }
        guard 0...86_400 ~= wait else {
            throw ValidationError("--wait must be at most 86400 seconds")
        }
    }

    /// Prints what became of it; whatever is left alone makes it an exit code of 1.
    func run(
        _ customers: [Moving.Customer], from system: String, _ client: TallyClient, json: Bool
    ) async throws {
        let progress = MoveProgress()
        let mover = Mover(client: client, applies: apply)
        var report = MoveReport(system: system, applies: apply)
        for (index, customer) in customers.enumerated() {
            progress.note("customers \(apply ? "brought in" : "looked at")", index + 1)
            report.add(try await mover.move(customer))
        }
        if apply { try await waitForProvider(&report, mover, progress) }
        progress.end()
        print(json ? JSONWriter.text(report.json) : report.text)
        if !report.isWhole { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    /// The server tells the payment provider; asked again, it says how far that is.
    private func waitForProvider(
        _ report: inout MoveReport, _ mover: Mover, _ progress: MoveProgress
    ) async throws {
        for _ in 0..<wait {
            let pending = report.outcomes.indices.filter { report.outcomes[$0].isPending }
            progress.note("customers the payment provider has yet to hear of", pending.count)
            guard !pending.isEmpty else { return }
            try await Task.sleep(for: .seconds(1))
            for index in pending {
                let old = report.outcomes[index]
                var customer = old.customer
                customer.parts = old.parts.map(\.part)
                var new = try await mover.move(customer)
                new.state = old.state
                for place in new.parts.indices where old.parts.indices.contains(place) {
                    new.parts[place].state = old.parts[place].state
                }
                report.replace(index, new)
            }
        }
    }
}
