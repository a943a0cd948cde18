import Testing

@testable import Repository

@Suite("Reading sealed segments again")
struct ScrubTests {
    private func pass(_ folder: TemporaryFolder) throws -> (damage: [LogFault], segments: Int) {
        var scrub = LogScrub(folder: folder.path, disk: PosixDisk())
        var damage: [LogFault] = []
        while true {
            switch try scrub.turn() {
            case .read: continue
            case .damage(let fault): damage.append(fault)
            case .passed(let segments): return (damage, segments)
            }
        }
    }

    @Test("Whole segments pass, and are read again")
    func whole() throws {
        let folder = try TemporaryFolder()
        _ = try makeLog(folder, count: 100)
        let sealed = try folder.names("segment-").count - 2
        let (damage, segments) = try pass(folder)
        #expect(damage.isEmpty)
        #expect(segments >= sealed && segments > 3)
    }

    @Test("Every byte of a sealed segment counts: one that changed is found, in its segment")
    func flipped() throws {
        let folder = try TemporaryFolder()
        _ = try makeLog(folder, count: 60)
        let name = try folder.names("segment-")[1]
        let bytes = try folder.bytes(name)
        let used = try #require(bytes.lastIndex { $0 != 0 }) + 1
        for at in 0..<used where bytes[at] != 0 {
            var changed = bytes
            changed[at] ^= 0x10
            try folder.write(changed, to: name)
            let (damage, _) = try pass(folder)
            guard damage.count == 1, case .corrupt(let segment, let offset, _)? = damage.first
            else {
                Issue.record("byte \(at): \(damage)")
                continue
            }
            #expect(segment == 2 && offset <= at)
        }
        try folder.write(bytes, to: name)
        #expect(try pass(folder).damage.isEmpty)
    }
}

@Suite("Cutting off what is damaged")
struct RepairTests {
    @Test("Whole: nothing to do")
    func whole() throws {
        let folder = try TemporaryFolder()
        _ = try makeLog(folder, count: 30)
        #expect(try LogRepair(folder: folder.path).plan() == nil)
    }

    @Test("Damage anywhere: what is before it is kept, the loss is counted, the log opens again")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let records = try makeLog(folder, count: 100)
        for victim in [1, 2, 37, 60, 99] {
            let copy = try folder.copy()
            let position = records[victim].position
            let name = SegmentName.file(position.segment)
            var bytes = try copy.bytes(name)
            bytes[position.offset + 20] ^= 0xFF
            try copy.write(bytes, to: name)
            let repair = LogRepair(folder: copy.path)
            let plan = try #require(try repair.plan())
            #expect(plan.position == position)
            #expect(plan.kept == UInt64(victim))
            #expect(plan.lostRecords == 99 - victim)
            let copies = try repair.run(plan)
            #expect(!copies.isEmpty)
            let (log, kept, report) = try reopen(copy)
            #expect(kept == Array(records[..<victim]))
            #expect(report.tornBytes == 0)
            _ = try log.appendPatiently([7])
            try log.close()
        }
    }
}

@Suite("How far a copy is behind")
struct BackupLagTests {
    @Test("The age of the first record that isn't shipped, or the follower's silence")
    func lag() {
        var lag = BackupLag()
        #expect(lag.look(durable: 10, shipped: 10, saidAt: 1_000, now: 1_000) == 0)
        #expect(lag.look(durable: 20, shipped: 10, saidAt: 2_000, now: 2_000) == 0)
        #expect(lag.look(durable: 30, shipped: 10, saidAt: 3_000, now: 3_000) == 1_000)
        #expect(lag.look(durable: 30, shipped: 20, saidAt: 4_000, now: 4_000) == 1_000)
        #expect(lag.look(durable: 30, shipped: 20, saidAt: 9_000, now: 9_000) == 6_000)
        #expect(lag.look(durable: 30, shipped: 30, saidAt: 10_000, now: 10_000) == 0)
        #expect(lag.look(durable: 30, shipped: 30, saidAt: 10_000, now: 12_000) == 0)
        #expect(lag.look(durable: 30, shipped: 30, saidAt: 10_000, now: 20_000) == 10_000)
    }
}
