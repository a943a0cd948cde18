import Testing

@testable import RPC

@Suite struct UpkeepTests {
    private static func limits(_ change: (inout RPCLimits) -> Void) -> RPCLimits {
        var limits = RPCLimits()
        change(&limits)
        return limits
    }

    private static func seen(isIdle: Bool = true, work: Int = 0) -> ConnectionUpkeep.Seen {
        .init(stage: .http2, isIdle: isIdle, work: work)
    }

    @Test func silentPeersArePingedThenClosed() {
        let limits = Self.limits {
            $0.keepaliveSeconds = 10
            $0.keepaliveTimeoutSeconds = 3
        }
        var upkeep = ConnectionUpkeep(limits, tick: 0, spread: 0)
        #expect(upkeep.sweep(tick: 9, Self.seen(isIdle: false)) == .nothing)
        #expect(upkeep.sweep(tick: 10, Self.seen(isIdle: false)) == .ping)
        upkeep.lastInput = 10
        #expect(upkeep.sweep(tick: 13, Self.seen(isIdle: false)) == .nothing)
        #expect(upkeep.sweep(tick: 20, Self.seen(isIdle: false)) == .ping)
        #expect(upkeep.sweep(tick: 22, Self.seen(isIdle: false)) == .nothing)
        #expect(upkeep.sweep(tick: 23, Self.seen(isIdle: false)) == .close(.unresponsive))
    }

    @Test func bytesWithoutCallsDoNotKeepAConnection() {
        let limits = Self.limits { $0.idleTimeoutSeconds = 30 }
        var upkeep = ConnectionUpkeep(limits, tick: 0, spread: 0)
        #expect(upkeep.sweep(tick: 20, Self.seen(work: 1)) == .nothing)
        upkeep.lastInput = 49
        #expect(upkeep.sweep(tick: 49, Self.seen(work: 1)) == .nothing)
        #expect(upkeep.sweep(tick: 50, Self.seen(work: 1)) == .close(.idle))
    }

    @Test(arguments: [(0, 90), (10, 100), (20, 110), (21, 90)])
    func oldAgeIsSpread(spread: Int, age: Int) {
        let limits = Self.limits {
            $0.maxConnectionAgeSeconds = 100
            $0.ageGraceSeconds = 5
            $0.keepaliveSeconds = 0
        }
        var upkeep = ConnectionUpkeep(limits, tick: 0, spread: spread)
        #expect(upkeep.sweep(tick: age - 1, Self.seen(isIdle: false)) == .nothing)
        #expect(upkeep.sweep(tick: age, Self.seen(isIdle: false)) == .leave)
        upkeep.left(tick: age)
        #expect(upkeep.sweep(tick: age + 1, Self.seen(isIdle: false)) == .finishLeaving)
        #expect(upkeep.sweep(tick: age + 4, Self.seen(isIdle: false)) == .nothing)
        #expect(upkeep.sweep(tick: age + 5, Self.seen(isIdle: false)) == .close(.age))
    }

    @Test func resetsAreCountedBySecond() {
        var meter = FrameMeter(FrameLimits())
        for _ in 0..<500 { meter.noteReset() }
        meter.sweep()
        for _ in 0..<500 { meter.noteReset() }
        #expect(meter.verdict == .fine)
        meter.noteReset()
        #expect(meter.verdict == .flood)
    }

    @Test func pingsBetweenCallsAreNoStrikes() {
        var meter = FrameMeter(FrameLimits())
        for _ in 0..<1_000 {
            meter.work += 1
            meter.notePing(tick: 0)
        }
        #expect(meter.verdict == .fine)
        for tick in [5, 10, 15, 20] { meter.notePing(tick: tick) }
        #expect(meter.verdict == .fine)
        for _ in 0..<3 { meter.notePing(tick: 20) }
        #expect(meter.verdict == .tooManyPings)
    }
}
