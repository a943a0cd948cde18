internal import ArgumentParser

/// Whom the calls of a run are for.
struct DrawFlags: ParsableArguments {
    @Option(help: "Draw customers out of so many.")
    var customers = 100_000

    @Option(help: "The feature's id.")
    var feature = "messages"

    @Option(help: "Seed of the draw.")
    var seed: UInt64 = 1

    func validate() throws {
        guard 1...BenchData.customerLimit ~= customers else {
            throw ValidationError("--customers must be from 1 to \(BenchData.customerLimit)")
        }
    }

    var data: BenchData { BenchData(feature: feature, customers: customers) }
}
