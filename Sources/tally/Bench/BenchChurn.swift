internal import ArgumentParser
internal import Wire

struct BenchChurn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "churn",
        abstract: "Opens TLS connections at a fixed rate, one check each, and closes them.",
        discussion: """
            Every connection makes a full TLS handshake: this client keeps no session tickets. \
            Look at the server's memory meanwhile: it must not grow. Fails (exit code 1) unless \
            every connection is made and its check is OK and allowed. Latency counts from the \
            moment a connection was due; when the rate reached is below the rate asked for, one \
            of the two sides has no core left.

              tally bench load --prepare --calls 1 --customers 1000
              tally bench churn --rate 1000 --seconds 60 --customers 1000
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "Connections a second.")
    var rate = 1_000.0

    @Option(help: "Open connections for so long.")
    var seconds = 60.0

    @Option(help: "Checks on each connection.")
    var calls = 1

    @Option(help: "Connections open at a time, at most; others wait their turn.")
    var atOnce = 512

    @OptionGroup var draw: DrawFlags

    func validate() throws {
        guard rate > 0, rate <= 1e6, seconds > 0, seconds <= 86_400, rate * seconds >= 1,
            rate * seconds <= 1e9
        else {
            throw ValidationError(
                "--rate and --seconds must be greater than 0, and their product from 1 to 10^9")
        }
        guard 0...1_000 ~= calls, 1...10_000 ~= atOnce else {
            throw ValidationError(
                "--calls must be from 0 to 1000, --at-once from 1 to 10000")
        }
    }

    func run() async throws {
        OpenFiles.raiseLimit()
        let result = try await BenchThread.with(flags) { thread in
            let plan = ConnectionPlan(
                source: try draw.data.source(.check, seed: draw.seed), callsEach: calls,
                atOnce: atOnce, connections: Int(rate * seconds), rate: rate, keepsOpen: false,
                patience: flags.patience)
            return try await ConnectionLoad(plan, on: thread).run()
        }
        print(flags.json ? JSONWriter.text(.object(result.json())) : result.text)
        if result.failed > 0 { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }
}
