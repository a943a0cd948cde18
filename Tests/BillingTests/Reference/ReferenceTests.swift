import Foundation
import Testing

@testable import Billing

/// The core and a naive model of the entitlements spec agree on random commands.
///
/// `TALLY_REFERENCE_SEEDS=10000 TALLY_REFERENCE_COMMANDS=300` runs many long sequences (minutes,
/// in a release build); `TALLY_REFERENCE_SEED=17` with the same number of commands repeats one.
/// What runs without them takes seconds.
@Suite("Reference model") struct ReferenceTests {
    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    static let commands = setting("TALLY_REFERENCE_COMMANDS") ?? 60
    static let seeds: [UInt64] =
        if let one = setting("TALLY_REFERENCE_SEED") {
            [UInt64(one)]
        } else {
            (1...UInt64(setting("TALLY_REFERENCE_SEEDS") ?? 500)).map { $0 }
        }
    /// Test cases of several seeds each: cases have a price of their own.
    static let batches = stride(from: 0, to: seeds.count, by: 50).map {
        Array(seeds[$0..<min($0 + 50, seeds.count)])
    }

    @Test("core and model agree, and what must hold does", arguments: batches)
    func agree(seeds: [UInt64]) {
        for seed in seeds {
            let sequence = ReferenceSequence(seed: seed, count: ReferenceTests.commands)
            guard sequence.fault != nil else { continue }
            let shrunken = sequence.shrunken
            Issue.record("\(shrunken.trace)")
            return
        }
    }

    @Test("it doesn't matter who looks when", arguments: batches)
    func looks(seeds: [UInt64]) {
        for seed in seeds {
            let sequence = ReferenceSequence(seed: seed, count: ReferenceTests.commands / 2)
            #expect(sequence.isIndifferentToLooks, "seed \(seed)")
        }
    }
}
