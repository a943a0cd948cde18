import Billing
import Foundation
import Repository
import Testing
import Wire

/// The law: state replayed from the log is byte-identical to the live state.
@Suite("Replay")
struct ReplayTests {
    /// A small generator, so that a seed tells the whole run.
    struct Random {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    @Test("after a random life, with and without a proper close", arguments: UInt64(1)...12)
    func byteIdentical(seed: UInt64) async throws {
        let folder = try TemporaryFolder()
        let time = ManualTime()
        var random = Random(state: seed)
        var live: [UInt8] = []
        for life in 0..<3 {
            let bench = try await Bench(
                folder, time: time, publish: life == 0, threads: 1 + random.below(3))
            if life > 0 { #expect(bench.environment.dump() == live, "seed \(seed)") }
            let environment = bench.environment
            let work = Task { await environment.run() }
            for _ in 0..<60 {
                try await step(bench, time, &random)
                if random.below(20) == 0 { try environment.takeSnapshot() }
            }
            work.cancel()
            bench.environment.stopEffects()
            await work.value
            live = bench.environment.dump()
            // Every second life ends without a close, as a killed process does; what was
            // acknowledged is durable all the same.
            if life % 2 == 0 { try bench.environment.close() }
        }
        // From a snapshot if there is one, then from the log alone.
        for _ in 0..<2 {
            let last = try await Bench(folder, time: time, publish: false)
            #expect(last.environment.dump() == live, "seed \(seed)")
            try last.environment.close()
            try folder.removeSnapshots()
        }
    }

    func step(_ bench: Bench, _ time: ManualTime, _ random: inout Random) async throws {
        let name = "customer-\(random.below(5))"
        do {
            switch random.below(10) {
            case 0: try await bench.create(name)
            case 1: time.advance(days: Int64(random.below(20)))
            case 2, 3: try await attach(bench, name, ["free", "pro"][random.below(2)])
            case 4: try await pay(bench, name)
            default:
                let value = random.below(80) - 10
                try await bench.track(
                    name, value,
                    request: random.below(3) == 0 ? bench.mark("r\(random.below(50))") : nil)
            }
        } catch ExecuteFault.refused {
            // Refusals are part of a random life.
        }
    }

    private func attach(_ bench: Bench, _ name: String, _ planID: String) async throws {
        let plan = try #require(bench.names.pricing.plan(id: planID))
        let effectID = bench.environment.newEffectID()
        _ = try await bench.environment.commit(
            .attach(AttachPlan(plan: plan, successURL: "", effectID: effectID, request: nil)),
            requesting: effectID, for: bench.id(name), request: nil)
    }

    private func pay(_ bench: Bench, _ name: String) async throws {
        let open = try bench.environment.customers(of: bench.id(name)).read(
            bench.id(name), names: bench.names, in: bench.workspace
        ) { customer, _ in customer.account.checkout?.session }.answer
        guard let open else { return }
        let method = PaymentMethod(
            token: "sandbox_card_4242", brand: "visa", last4: "4242")
        try await bench.commit(
            .completeCheckout(CompleteCheckout(session: open, method: method)), name)
    }
}
