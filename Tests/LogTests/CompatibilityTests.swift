import Glibc
import Synchronization
import Testing

@testable import Repository

/// A store under test: makes one, and opens it again after a clean or an unclean end.
struct StoreCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (LogListener) throws -> any LogStore
    /// Ends the store without closing it and opens what is left.
    let reopen: @Sendable (any LogStore) throws -> any LogStore

    static let memory = StoreCase(
        testDescription: "memory",
        make: { MemoryLog(listener: $0) },
        reopen: { store in
            let log = try #require(store as? MemoryLog)
            return MemoryLog(reopening: log)
        })

    static func flat(_ name: String, segmentSize: Int) -> StoreCase {
        let settings = LogSettings.tiny(segmentSize)
        return StoreCase(
            testDescription: name,
            make: { listener in
                KeepingLog(try TemporaryFolder(), settings, listener)
            },
            reopen: { store in
                // A copy of the files, since the store in use isn't closed.
                let log = try #require(store as? KeepingLog)
                return KeepingLog(try log.folder.copy(), settings, LogListener())
            })
    }

    static let all = [
        memory, flat("flat", segmentSize: 1 << 20), flat("rolling", segmentSize: 1_024),
    ]
}

/// A log that keeps its folder alive.
private final class KeepingLog: LogStore {
    private let log: FlatFileLog
    let folder: TemporaryFolder

    init(_ folder: TemporaryFolder, _ settings: LogSettings, _ listener: LogListener) {
        self.folder = folder
        log = FlatFileLog(
            folder: folder.path, identity: identity, settings: settings, listener: listener)
    }

    var durableSequence: UInt64 { log.durableSequence }

    var end: Appended { log.end }

    var estimatedEnd: LogPosition? { log.estimatedEnd }

    func firstSequence() throws(LogFault) -> UInt64 { try log.firstSequence() }

    func distance(from start: LogPosition, to end: LogPosition) -> UInt64 {
        log.distance(from: start, to: end)
    }

    func removeHistory(before position: LogPosition) throws(LogFault) -> Int {
        try log.removeHistory(before: position)
    }

    func compressHistory(before position: LogPosition) throws(LogFault) -> Int? {
        try log.compressHistory(before: position)
    }

    func replay(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> RecoveryReport {
        try log.replay(from: first, body)
    }

    func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended {
        try log.append(payload)
    }

    func waitUntilDurable(_ sequence: UInt64) throws(LogFault) {
        try log.waitUntilDurable(sequence)
    }

    func read(at position: LogPosition) throws(LogFault) -> [UInt8] { try log.read(at: position) }

    func read(
        after place: LogPlace, _ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        try log.read(after: place, body)
    }

    func place(before sequence: UInt64) throws -> LogPlace { try log.place(before: sequence) }

    func close() throws(LogFault) { try log.close() }
}

/// What every `LogStore` does alike.
@Suite struct CompatibilityTests {
    @Test(arguments: StoreCase.all)
    func refusesBeforeReplay(store: StoreCase) throws {
        let log = try store.make(LogListener())
        #expect(throws: LogFault.self) { try [1].withUnsafeBytes { _ = try log.append($0) } }
        let (records, report) = try log.recovered()
        #expect(records.isEmpty && report.lastSequence == 0)
        try log.close()
    }

    @Test(arguments: StoreCase.all)
    func tellsItsEndAndRemovesWhatIsOld(store: StoreCase) throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        var positions: [LogPosition] = []
        for number in 1...UInt64(100) {
            positions.append(try log.appendPatiently(samplePayload(number)).position)
            #expect(log.end.sequence == number && log.end.position > positions[positions.count - 1])
        }
        try log.waitUntilDurable(100)
        #expect(log.distance(from: positions[0], to: positions[99]) > 0)
        #expect(log.distance(from: positions[99], to: positions[0]) == 0)
        let removed = try log.removeHistory(before: positions[60])
        for number in 60..<100 {
            #expect(try log.read(at: positions[number]) == samplePayload(UInt64(number) + 1))
        }
        let again = try store.reopen(log)
        #expect(try again.recovered(from: 61).0.count == 40)
        #expect(try again.appendPatiently([1]).sequence == 101)
        try again.close()
        try log.close()
        guard removed > 0 else { return }
        #expect(throws: LogFault.notFound(positions[0])) { try log.read(at: positions[0]) }
        // Without the rest of its history it can't be read from the beginning.
        #expect(throws: LogFault.self) { try store.reopen(log).recovered() }
    }

    @Test(arguments: StoreCase.all)
    func findsThePlaceBeforeARecord(store: StoreCase) throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        #expect(try log.place(before: 1).sequence == 0)
        var positions: [LogPosition] = []
        for number in 1...UInt64(100) {
            positions.append(try log.appendPatiently(samplePayload(number)).position)
        }
        try log.waitUntilDurable(100)
        func next(_ sequence: UInt64) throws -> UInt64? {
            var found: UInt64?
            try log.read(after: try log.place(before: sequence)) { place, record in
                #expect(Array(record) == samplePayload(place.sequence))
                found = place.sequence
                return false
            }
            return found
        }
        for sequence in UInt64(1)...100 { #expect(try next(sequence) == sequence) }
        #expect(try next(0) == 1)
        #expect(try next(101) == nil && next(1_000) == nil)
        guard try log.removeHistory(before: positions[60]) > 0 else { return try log.close() }
        let first = try log.firstSequence()
        #expect(first > 1)
        for sequence in UInt64(1)...100 { #expect(try next(sequence) == max(sequence, first)) }
        try log.close()
    }

    @Test(arguments: StoreCase.all)
    func keepsWhatIsDurable(store: StoreCase) throws {
        let heard = Heard()
        let log = try store.make(heard.listener)
        _ = try log.recovered()
        var expected: [Replayed] = []
        for number in 1...UInt64(100) {
            let payload = samplePayload(number)
            let appended = try log.appendPatiently(payload)
            #expect(appended.sequence == number)
            expected.append(
                Replayed(sequence: number, position: appended.position, payload: payload))
        }
        try log.waitUntilDurable(100)
        #expect(log.durableSequence == 100)
        for record in expected {
            #expect(try log.read(at: record.position) == record.payload)
        }
        let again = try store.reopen(log)
        let (records, report) = try again.recovered()
        #expect(records == expected)
        #expect(report.records == 100 && report.lastSequence == 100 && report.tornBytes == 0)
        #expect(again.durableSequence == 100)
        #expect(try again.appendPatiently([1]).sequence == 101)
        try again.close()
        try log.close()
        let told = heard.durable.withLock { $0 }
        #expect(told == told.sorted() && told.last == 100)
        #expect(heard.faults.withLock { $0 }.isEmpty)
    }

    @Test(arguments: StoreCase.all)
    func replaysFromTheMiddle(store: StoreCase) throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        for number in 1...UInt64(60) { _ = try log.appendPatiently(samplePayload(number)) }
        try log.waitUntilDurable(60)
        for first in [1, 2, 31, 60, 61] as [UInt64] {
            let (records, report) = try store.reopen(log).recovered(from: first)
            #expect(records.map(\.sequence) == Array(first..<61))
            #expect(report.lastSequence == 60 && report.records == 61 - first)
        }
        try log.close()
    }

    @Test(arguments: StoreCase.all)
    func fourThreadsGetContiguousSequences(store: StoreCase) async throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        let lists = try await withThrowingTaskGroup(of: [UInt64].self) { group in
            for thread in 0..<4 {
                group.addTask {
                    try (0..<250).map { index in
                        try log.appendPatiently([UInt8(thread), UInt8(index)]).sequence
                    }
                }
            }
            return try await group.reduce(into: [[UInt64]]()) { $0.append($1) }
        }
        #expect(lists.allSatisfy { $0 == $0.sorted() })
        #expect(lists.flatMap { $0 }.sorted() == Array(1...1_000))
        try log.close()
        #expect(log.durableSequence == 1_000)
    }

    @Test(arguments: StoreCase.all)
    func closedMeansClosed(store: StoreCase) throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        let last = try log.appendPatiently([1, 2, 3])
        try log.close()
        #expect(log.durableSequence == last.sequence)
        #expect(throws: LogFault.closed) { try [1].withUnsafeBytes { _ = try log.append($0) } }
        #expect(throws: LogFault.closed) { try log.waitUntilDurable(last.sequence + 1) }
        try log.waitUntilDurable(last.sequence)
        try log.close()
        #expect(try log.read(at: last.position) == [1, 2, 3])
    }

    @Test(arguments: StoreCase.all)
    func readsOnlyWhatIsThere(store: StoreCase) throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        try log.waitUntilDurable(try log.appendPatiently([9]).sequence)
        let nowhere = LogPosition(segment: 77, offset: 80)
        #expect(throws: LogFault.notFound(nowhere)) { try log.read(at: nowhere) }
        try log.close()
    }

    @Test(arguments: StoreCase.all)
    func isFollowedWhileInUse(store: StoreCase) throws {
        let log = try store.make(LogListener())
        _ = try log.recovered()
        #expect(try log.follow(.start).isEmpty)
        var (seen, places) = ([Replayed](), [LogPlace.start])
        for number in 1...UInt64(100) {
            let appended = try log.appendPatiently(samplePayload(number))
            guard number % 7 == 0 || number == 100 else { continue }
            try log.waitUntilDurable(appended.sequence)
            let found = try log.follow(places.last ?? .start, atMost: 3)
            #expect(found.count == min(3, Int(number) - seen.count))
            seen += found.map(\.record)
            places += found.map(\.place)
        }
        let rest = try log.follow(places.last ?? .start)
        seen += rest.map(\.record)
        places += rest.map(\.place)
        #expect(seen == (try store.reopen(log).recovered().0))
        for (index, place) in places.enumerated() {
            #expect(try log.follow(place).map(\.record) == Array(seen[index...]))
        }
        let middle = places[50]
        let other = LogPlace(
            sequence: middle.sequence, position: middle.position, chain: middle.chain ^ 1)
        #expect(throws: LogFault.self) { try log.follow(other) }
        try log.close()
        #expect(try log.follow(middle).count == 50)
    }
}

extension LogStore {
    fileprivate func follow(
        _ place: LogPlace, atMost limit: Int = .max
    ) throws -> [(place: LogPlace, record: Replayed)] {
        var found: [(place: LogPlace, record: Replayed)] = []
        try read(after: place) { place, payload in
            found.append(
                (
                    place,
                    Replayed(
                        sequence: place.sequence, position: place.position,
                        payload: Array(payload))
                ))
            return found.count < limit
        }
        return found
    }
}
