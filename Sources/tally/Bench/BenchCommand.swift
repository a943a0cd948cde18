internal import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures a running server, or the files that lists and aggregates read.",
        subcommands: [BenchLoad.self, BenchEvents.self])
}
