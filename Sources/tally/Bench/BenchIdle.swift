internal import ArgumentParser
internal import Glibc
internal import Wire

struct BenchIdle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "Opens many TLS connections and holds them, doing nothing.",
        discussion: """
            Says when all are open, holds them until a line or the end of its input comes, then \
            closes them and says how many were still open. Look at the server's memory before, \
            while and after. With --calls 1 each connection makes one check first, so that it has \
            what a used connection has.

            Both sides need a file each: this command and tally serve raise their soft limit to \
            the hard one (ulimit -Hn). The server must allow as many connections (max-connections).

              tally bench load --prepare --calls 1 --customers 1000
              tally bench idle --connections 5000 --calls 1 --customers 1000
            """)

    @OptionGroup var flags: ServerFlags

    @Option(help: "Connections.")
    var connections = 10_000

    @Option(help: "Checks on each connection before it idles.")
    var calls = 0

    @Option(help: "Connections being opened at a time.")
    var atOnce = 64

    @OptionGroup var draw: DrawFlags

    func validate() throws {
        guard 1...100_000 ~= connections, 0...1_000 ~= calls, 1...10_000 ~= atOnce else {
            throw ValidationError(
                "--connections must be from 1 to 100000, --calls from 0 to 1000, "
                    + "--at-once from 1 to 10000")
        }
    }

    func run() async throws {
        OpenFiles.raiseLimit()
        let (result, stillOpen) = try await BenchThread.with(flags) { thread in
            let plan = ConnectionPlan(
                source: try draw.data.source(.check, seed: draw.seed), callsEach: calls,
                atOnce: atOnce, connections: connections, rate: nil, keepsOpen: true,
                patience: flags.patience)
            let load = ConnectionLoad(plan, on: thread)
            let result = try await load.run()
            say(flags.json ? JSONWriter.text(.object(result.json())) : result.text)
            _ = readLine()
            return (result, try await load.close())
        }
        say(flags.json ? "{\"still_open\":\(stillOpen)}" : "\(stillOpen) were still open")
        if result.failed > 0 || stillOpen < result.good {
            throw ExitCode(CommandFault.Exit.negative.rawValue)
        }
    }

    /// At once, also into a pipe: somebody waits for it.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
