import Simulator

/// Each single fault, one after the other, instead of many by chance.
struct Points: Sendable {
    let workers: Int
    /// Of the life whose disk calls fail.
    let steps: Int

    private static let records = 200
    /// EIO and, once, ENOSPC; of a write that fails some part is done.
    private static let ways: [(LifePlan.End, code: Int32)] =
        LifePlan.End.allCases.map { ($0, 5) } + [(.power, 28)]

    func run() async {
        do {
            for isRecycled in [false, true] {
                let log = try EveryPoint(records: Self.records, isRecycled: isRecycled)
                let places = log.places(stride: 1)
                let what = isRecycled ? " of recycled segments" : ""
                await each(places.count, "bytes\(what) cut off and changed") { index in
                    try log.cut(at: places[index])
                    try log.flip(at: places[index])
                }
            }
        } catch { fail(error) }
        await calls()
    }

    private func calls() async {
        let ways = Self.ways
        let count = Simulation.countCalls(steps: steps)
        await each(count * ways.count, "disk calls that fail") { index in
            let (end, code) = ways[index % ways.count]
            let report = Simulation.run(
                failing: 1 + index / ways.count, code: code, end, steps: steps)
            if let failure = report.failure { throw Violation(failure) }
        }
    }

    private func each(
        _ count: Int, _ what: String, _ body: @escaping @Sendable (Int) throws -> Void
    ) async {
        await eachOf(count, workers: workers) { index in
            do { try body(index) } catch { fail(error) }
        }
        print("\(count) \(what): passed")
    }

    private func fail(_ error: any Error) -> Never {
        print("FAILED: \(error)")
        leave()
    }
}
