internal import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures a running server, or files without one.",
        discussion: """
            Each command is a client and prints what the client saw; the server's own CPU time and \
            memory are read from outside (/proc/PID). scripts/bench does both: it starts a server \
            on one core, these clients on another, and prints rows that can be compared.

              load   how fast calls are answered, or how late at a given rate
              idle   what connections cost that do nothing
              churn  whether connections that come and go leave something behind
              events what lists and aggregates of usage cost, without a server
              store  memory, pauses, snapshot and restart of the store, without a server

            Use a server of its own: the customers and plans made by load --prepare stay. A first \
            look, with the server of scripts/start running:

              tally bench load --prepare --customers 1000 --seconds 2
            """,
        subcommands: [
            BenchLoad.self, BenchIdle.self, BenchChurn.self, BenchEvents.self, BenchStore.self,
        ])
}
