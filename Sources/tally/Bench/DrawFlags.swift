internal import ArgumentParser

/// Whom the calls of a run are for.
struct DrawFlags: ParsableArguments {
    @Option(help: "Draw customers out of so many.")
    var customers = 100_000

    @Option(help: "Number of the first of them.")
    var first = 0

    @Option(help: "The feature's id.")
    var feature = "messages"

    @Option(help: "An entity that every one of these customers has: calls are for it.")
    var entity: String?

    @Option(help: "Seed of the draw.")
    var seed: UInt64 = 1

    func validate() throws {
        guard 1...BenchData.customerLimit ~= customers, first >= 0,
            first <= BenchData.customerLimit - customers
        else {
            throw ValidationError(
                "--customers must be from 1, and together with --first at most "
                    + "\(BenchData.customerLimit)")
        }
    }

    var data: BenchData {
        BenchData(
            feature: feature, customers: first..<first + customers, entity: entity)
    }
}
