internal import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures a running server, or the store alone.",
        subcommands: [BenchLoad.self, BenchStore.self])
}
