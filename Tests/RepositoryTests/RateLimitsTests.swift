import Billing
import Testing

@testable import Repository

@Suite("Limits on how often") struct RateLimitsTests {
    private let clock = WallClock(1_000_000)
    private let caller = Access(environment: 0, scopes: .all, caller: 7)
    private let acme = CustomerID("acme")
    private let beta = CustomerID("beta")

    private func limits(
        _ groups: [RateGroup: RateLimit], perKey: RateLimit? = nil
    ) -> RateLimits {
        RateLimits(RateLimits.Settings(groups: groups, perKey: perKey), now: clock.now)
    }

    @Test(
        "are written as so many in a second or a minute",
        arguments: [
            ("10000/s", RateLimit(count: 10_000, seconds: 1)),
            ("30/min", RateLimit(count: 30, seconds: 60)), ("0/s", nil), ("-1/s", nil),
            ("5", nil), ("5/h", nil), ("/s", nil), ("5/s/s", nil), ("10000001/s", nil),
        ] as [(String, RateLimit?)])
    func text(text: String, limit: RateLimit?) {
        #expect(RateLimit(text) == limit)
    }

    @Test("Every group has a limit that can be read")
    func standards() {
        for group in RateGroup.allCases { #expect(RateLimit(group.standard) != nil) }
    }

    @Test("Each customer has so many in each window")
    func windows() throws {
        let limits = limits([.billing: RateLimit(count: 3, seconds: 60)])
        clock.advance(20_000)  // The window ends in 20 s: 1,020,000 + … = 1,080,000 - 40 s.
        let told = (0..<5).map { _ in limits.admit(.billing, of: caller, about: acme) }
        #expect(told.map { $0?.isAllowed } == [true, true, true, false, false])
        #expect(told.map { $0?.remaining } == [2, 1, 0, 0, 0])
        #expect(told[0]?.reset == 60)
        #expect(limits.admit(.billing, of: caller, about: beta)?.remaining == 2)
        #expect(limits.admit(.check, of: caller, about: acme) == nil)
        #expect(limits.admit(nil, of: caller, about: acme) == nil)
        clock.advance(59_000)
        #expect(limits.admit(.billing, of: caller, about: acme)?.isAllowed == false)
        #expect(limits.admit(.billing, of: caller, about: acme)?.reset == 1)
        clock.advance(1_000)
        #expect(limits.admit(.billing, of: caller, about: acme)?.remaining == 2)
    }

    @Test("A key's is its own, in its own environment")
    func keys() {
        let limits = limits([.general: RateLimit(count: 1, seconds: 1)])
        let others = [
            Access(environment: 0, scopes: .all, caller: 8),
            Access(environment: 1, scopes: .all, caller: 7),
            Access(environment: 0, scopes: .all, caller: 7, kind: .customer),
        ]
        #expect(limits.admit(.general, of: caller, about: acme)?.isAllowed == true)
        #expect(limits.admit(.general, of: caller, about: beta)?.isAllowed == false)
        for other in others {
            #expect(limits.admit(.general, of: other, about: nil)?.isAllowed == true)
        }
    }

    @Test("A key's limit counts all its calls, and the nearer limit is told")
    func perKey() {
        let limits = limits(
            [.check: RateLimit(count: 10, seconds: 1)], perKey: RateLimit(count: 3, seconds: 1))
        let told = [acme, beta, acme, beta].map { limits.admit(.check, of: caller, about: $0) }
        #expect(told.map { $0?.isAllowed } == [true, true, true, false])
        #expect(told.map { $0?.limit.count } == [3, 3, 3, 3])
        #expect(limits.admit(nil, of: caller, about: nil)?.isAllowed == false)
    }

    @Test("A crowd larger than the table is never limited too soon")
    func crowd() {
        let limits = limits([.check: RateLimit(count: 2, seconds: 1)])
        var refused = 0
        for _ in 0..<2 {
            for number in 0..<200_000 {
                let customer = CustomerID("c\(number)")
                if limits.admit(.check, of: caller, about: customer)?.isAllowed == false {
                    refused += 1
                }
            }
        }
        // Those who share their place by chance: one in 260,000 or so.
        #expect(refused < 40)
    }

    @Test("Threads lose no call")
    func threads() async {
        let limits = limits([.track: RateLimit(count: 10_000, seconds: 60)])
        let (caller, acme) = (caller, acme)
        let allowed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<4_000).count { _ in
                        limits.admit(.track, of: caller, about: acme)?.isAllowed == true
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(allowed == 10_000)
    }
}
