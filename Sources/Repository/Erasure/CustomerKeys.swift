internal import Billing
internal import Synchronization
internal import Wire

/// The keys that what is personal is sealed with, one for each customer that has any: in memory,
/// and in a file (see `CustomerKeyFile.swift`) that is the only place where they are kept.
///
/// A key is given out under its shard's lock; its slot is written by the log's writer, before the
/// batch that holds the first record that is sealed with it. So nothing durable is ever sealed with
/// a key that isn't. Destroying overwrites the slot.
package final class CustomerKeys: CustomerSeals, Sendable {
    package static let fileName = "customer-keys"

    /// How the file grows.
    package struct Growth: Sendable {
        /// Slots that are filled with zeros at once, and how many are left when it is time to.
        package var slots: UInt32 = 8_192
        package var reserve: UInt32 = 4_096

        package init() {}

        package init(slots: UInt32, reserve: UInt32) {
            self.slots = slots
            self.reserve = reserve
        }
    }

    private struct State {
        /// By number, in chunks that never move: growing copies little.
        var chunks: [[CustomerKey]] = [[CustomerKey()]]
        /// The next number to be given out; the first that nobody has begun to write; the first
        /// that isn't durable; the first without room in the file.
        var next: UInt32 = 1
        var taken: UInt32 = 1
        var written: UInt32 = 1
        var room: UInt32 = 1
        var changes: UInt64 = 0
        /// Why there is no more room.
        var shortage: LogFault?
        /// A write or sync failed: nobody knows what the file holds.
        var fault: DiskFault?
        /// Slots that aren't whole.
        var torn: Set<UInt32> = []

        static let chunkSize = 4_096

        subscript(number: UInt32) -> CustomerKey {
            get { chunks[Int(number) / Self.chunkSize][Int(number) % Self.chunkSize] }
            set { chunks[Int(number) / Self.chunkSize][Int(number) % Self.chunkSize] = newValue }
        }

        mutating func append(_ key: CustomerKey) {
            if Int(next) % Self.chunkSize == 0 {
                chunks.append([])
                chunks[chunks.count - 1].reserveCapacity(Self.chunkSize)
            }
            chunks[Int(next) / Self.chunkSize].append(key)
            next += 1
        }

        /// What is to be written: from then on it stays as it is.
        mutating func take() -> [CustomerKey] {
            defer { taken = next }
            return (taken..<next).map { self[$0] }
        }

        mutating func removeLast() {
            next -= 1
            chunks[Int(next) / Self.chunkSize].removeLast()
            if Int(next) % Self.chunkSize == 0 { chunks.removeLast() }
        }
    }

    private let file: any DiskFile
    package let header: Header
    private let growth: Growth
    let random: @Sendable (UnsafeMutableRawBufferPointer) -> Void
    private let state: Mutex<State>
    /// One write at a time.
    private let writing = Mutex(())
    let ciphers = Mutex<[SealCipher]>([])
    /// Keys that were destroyed while their customers' day files still stood, and the raw positions
    /// of the records that said so; when the file was opened.
    let unfinished: [(key: UInt32, position: UInt64)]

    /// What is told about records in the clear.
    package struct Header: Sendable {
        /// The last record that may be; 0: none is.
        package let sealedAfter: UInt64
        /// When that was, in milliseconds.
        package let sealedSince: Int64
    }

    /// Opens a log's file of keys.
    ///
    /// - Parameter purpose: reading changes nothing: no key is given out.
    init(
        folder: String, identity: UInt64, disk: any Disk, for purpose: DiskPurpose = .writing,
        growth: Growth = Growth(),
        random: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void = SealCipher.random
    ) throws(CustomerKeyProblem) {
        self.growth = growth
        self.random = random
        var state = State()
        var unfinished: [(key: UInt32, position: UInt64)] = []
        do throws(DiskFault) {
            file = try disk.open("\(folder)/\(Self.fileName)", purpose)
        } catch {
            throw error.isMissing ? .missing : .disk(error)
        }
        let reader = CustomerKeyReader(file: file)
        let header = try reader.header(identity: identity)
        self.header = Header(sealedAfter: header.sealedAfter, sealedSince: header.sealedSince)
        state.changes = try reader.changes()
        state.room = try reader.forEachSlot { number, slot in
            while state.next < number { state.append(CustomerKey()) }
            state.append(slot?.key ?? CustomerKey())
            if slot == nil { state.torn.insert(number) }
            if let slot, slot.state == .erasing { unfinished.append((number, slot.position)) }
        }
        (state.taken, state.written) = (state.next, state.next)
        self.state = Mutex(state)
        self.unfinished = unfinished
        guard purpose == .writing else { return }
        do throws(DiskFault) { try flush() } catch { throw .disk(error) }
    }

    /// Opens the file of keys beside a log, or makes it where the log is new.
    static func open(_ partition: SnapshotFolder) throws -> CustomerKeys {
        try open(
            folder: partition.folder, identity: partition.identity, disk: partition.disk)
    }

    package static func open(
        folder: String, identity: UInt64, disk: any Disk, growth: Growth = Growth(),
        random: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void = SealCipher.random
    ) throws -> CustomerKeys {
        do throws(CustomerKeyProblem) {
            return try CustomerKeys(
                folder: folder, identity: identity, disk: disk, growth: growth, random: random)
        } catch .missing {
            guard try SegmentFolder(disk: disk, folder: folder).segments().isEmpty else {
                throw Unusable(folder: folder, problem: .missing)
            }
        } catch {
            throw Unusable(folder: folder, problem: error)
        }
        try CustomerKeyReader.make(CustomerKeyHeader(identity: identity), in: folder, disk: disk)
        return try CustomerKeys(
            folder: folder, identity: identity, disk: disk, growth: growth, random: random)
    }

    /// Without the file nothing that is sealed can be read.
    struct Unusable: Error, CustomStringConvertible {
        var folder: String
        var problem: CustomerKeyProblem

        var description: String {
            "\(folder)/\(fileName) can't be used: \(problem). Without it names, emails and "
                + "properties can't be read; restore the folder from a backup"
        }
    }

    /// Whether it is a key that something can be sealed with.
    func isLive(_ key: UInt32) -> Bool {
        state.withLock { key > 0 && key < $0.next && $0[key].isLive }
    }

    /// Whether it was ever given out.
    func has(_ key: UInt32) -> Bool { state.withLock { key < $0.next } }

    /// Whether it is there, whole.
    func isWhole(_ key: UInt32) -> Bool {
        state.withLock { key < $0.next && !$0.torn.contains(key) }
    }

    func lacks(_ key: UInt32) -> String {
        "something is sealed with key \(key), which \(Self.fileName) doesn't have: the file is "
            + "older than the log; restore both from one backup"
    }

    /// Nil: there never was one of that number.
    func secret(_ key: UInt32) -> CustomerKey? {
        state.withLock { key > 0 && key < $0.next ? $0[key] : nil }
    }

    /// Keys that are live.
    package var count: Int {
        state.withLock { state in
            state.chunks.reduce(0) { $0 + $1.count { $0.isLive } }
        }
    }

    /// A new key. Short enough for a shard's lock. A fault means that nothing was given.
    func allocate() throws(LogFault) -> UInt32 {
        var key = CustomerKey()
        withUnsafeMutableBytes(of: &key.words) { random($0) }
        return try state.withLock { (state) throws(LogFault) in
            guard state.next < state.room else {
                throw state.shortage ?? .unavailable("the file of customers' keys is growing")
            }
            state.append(key)
            return state.next - 1
        }
    }

    /// The record that was to use it didn't come about.
    func giveBack(_ key: UInt32) {
        state.withLock { state in
            if key + 1 == state.next, key >= state.taken {
                state.removeLast()
            } else {
                state[key] = CustomerKey()
            }
        }
    }

    /// Writes what was given out, durably, and makes room for more. To be called before a batch of
    /// the log is written.
    package func flush() throws(DiskFault) {
        let isIdle = state.withLock { state in
            state.written == state.next && state.room - state.next >= growth.reserve
                && state.fault == nil
        }
        guard !isIdle else { return }
        try exclusively { () throws(DiskFault) in
            let (first, keys) = state.withLock { ($0.taken, $0.take()) }
            if !keys.isEmpty {
                var bytes: [UInt8] = []
                for (place, key) in keys.enumerated() {
                    bytes +=
                        CustomerKeySlot(
                            number: first + UInt32(place), state: key.isLive ? .live : .destroyed,
                            key: key
                        ).encoded
                }
                try put(bytes, at: first)
                state.withLock { $0.written = first + UInt32(keys.count) }
            }
            try grow()
        }
    }

    /// Overwrites the key: from now on nothing opens what it sealed.
    ///
    /// - Parameter position: of the record that says so.
    func destroy(_ key: UInt32, erasedAt position: LogPosition) throws(DiskFault) {
        try follow(key)
        try put(CustomerKeySlot(number: key, state: .erasing, position: position.rawValue))
    }

    /// Nothing of what the key stood for is left anywhere.
    func finish(_ key: UInt32) throws(DiskFault) {
        try follow(key)
        try put(CustomerKeySlot(number: key, state: .destroyed))
    }

    /// After a recovery: destroys what no customer has, which records that were lost had used.
    /// Gives the keys that are used but damaged.
    func settle(keeping isUsed: (UInt32) -> Bool) throws(DiskFault) -> [UInt32] {
        let (end, torn) = state.withLock { ($0.next, $0.torn) }
        let open = Set(unfinished.map(\.key))
        for number in 1..<end where !isUsed(number) && !open.contains(number) {
            if isLive(number) || torn.contains(number) { try finish(number) }
        }
        return torn.filter(isUsed).sorted()
    }

    /// The last slot tells how many keys there are. So it is never overwritten, as nobody knows
    /// what a cut leaves of it: one that is nobody's comes after it first.
    private func follow(_ key: UInt32) throws(DiskFault) {
        let isLast = state.withLock { state in
            guard key + 1 == state.next, state.next < state.room else { return false }
            state.append(CustomerKey())
            return true
        }
        if isLast { try flush() }
    }

    private func put(_ slot: CustomerKeySlot) throws(DiskFault) {
        state.withLock { state in
            state[slot.number] = CustomerKey()
            state.torn.remove(slot.number)
        }
        try exclusively { () throws(DiskFault) in try put(slot.encoded, at: slot.number) }
    }

    private func put(_ slots: [UInt8], at number: UInt32) throws(DiskFault) {
        let changes = state.withLock { state in
            state.changes += 1
            return state.changes
        }
        try file.write(slots, count: slots.count, at: CustomerKeySlot.offset(of: number))
        let counter = CustomerKeyCounter(changes: changes).encoded
        try file.write(counter, count: counter.count, at: CustomerKeyHeader.size)
        try file.sync()
    }

    /// A disk that is full is no fault yet: there is some room left, and then nothing is given out.
    private func grow() throws(DiskFault) {
        let (next, room) = state.withLock { ($0.next, $0.room) }
        guard room < next + growth.reserve else { return }
        let zeros = [UInt8](repeating: 0, count: Int(growth.slots) * CustomerKeySlot.size)
        do throws(DiskFault) {
            try file.write(zeros, count: zeros.count, at: CustomerKeySlot.offset(of: room))
            try file.sync()
        } catch {
            guard error.isFull else { throw error }
            return state.withLock { $0.shortage = .full("\(error)") }
        }
        state.withLock { state in
            state.room = room + growth.slots
            state.shortage = nil
        }
    }

    /// A sync is never tried again: after a fault everything is refused.
    private func exclusively(_ body: () throws(DiskFault) -> Void) throws(DiskFault) {
        try writing.withLock { _ throws(DiskFault) in
            if let fault = state.withLock({ $0.fault }) { throw fault }
            do throws(DiskFault) {
                try body()
            } catch {
                state.withLock { $0.fault = error }
                throw error
            }
        }
    }
}
