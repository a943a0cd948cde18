internal import ArgumentParser
internal import Wire

struct BenchLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Calls a server as fast as it answers, or at a fixed rate, and says how it did.",
        discussion: """
            One thread, --connections × --streams calls at a time, each for a customer drawn at \
            random; writes carry a request id of their own. Fails (exit code 1) unless every call \
            is OK and allowed. With --rate latency counts from the moment a call was due, so that \
            a stalled server can't hide it, and p99 means something: without, the client always \
            waits for a server that is as busy as can be.

            --prepare makes the customers first, unless they are there: it publishes the plans \
            bench and bench_extra, which every new customer gets and which grant 10^12 units each. \
            Do that on a server of its own: scripts/bench does.

              tally bench load --prepare --method check --connections 8 --streams 32
              tally bench load --method track --streams 128 --rate 20000 --json
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "check, track or deduct (a check that uses up).")
    var method = BenchMethod.check

    @Option(help: "Connections.")
    var connections = 8

    @Option(help: "Calls in progress on each connection.")
    var streams = 32

    @Option(help: "Start calls for so long.")
    var seconds: Double?

    @Option(help: "Make so many calls, instead of --seconds.")
    var calls: Int?

    @Option(help: "Start so many calls a second. Default: as fast as answers come.")
    var rate: Double?

    @OptionGroup var draw: DrawFlags

    @Flag(help: "First make the plans and the customers, unless they are there.")
    var prepare = false

    @Option(help: "With --prepare: how many features the plan bench grants.")
    var features = 1

    func validate() throws {
        guard 1...10_000 ~= connections, 1...10_000 ~= streams else {
            throw ValidationError("--connections and --streams must be from 1 to 10000")
        }
        guard 1...1_000 ~= features else {
            throw ValidationError("--features must be from 1 to 1000")
        }
        guard seconds == nil || calls == nil else {
            throw ValidationError("give either --seconds or --calls")
        }
        guard (seconds ?? 1) > 0, (seconds ?? 1) <= 86_400, (calls ?? 1) > 0, (rate ?? 1) > 0,
            (rate ?? 1) <= 10_000_000
        else {
            throw ValidationError("--seconds, --calls and --rate must be greater than 0")
        }
    }

    func run() async throws {
        let data = draw.data
        if prepare { try await data.publish(flags, features: features) }
        let result = try await BenchThread.with(flags) { thread in
            if prepare { try await data.makeCustomers(flags, thread) }
            return try await LoadGenerator.run(try plan(data), on: thread)
        }
        print(flags.json ? JSONWriter.text(result.json(self)) : result.text)
        if result.failed > 0 { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    private func plan(_ data: BenchData) throws -> LoadPlan {
        LoadPlan(
            source: try data.source(method, seed: draw.seed), connections: connections,
            streams: streams, seconds: calls == nil ? seconds ?? 3 : nil, calls: calls,
            rate: rate, patience: flags.patience)
    }
}

/// What is called.
enum BenchMethod: String, ExpressibleByArgument, CaseIterable {
    case check
    case track
    case deduct
}
