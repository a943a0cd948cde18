internal import Billing
internal import Wire

/// Rebuilds a customer as it was at a moment in the past.
///
/// It begins with a state that is known to be older, the one in memory, one of a snapshot or none,
/// adds the customer's records up to that moment, and lets fall due what had by then. No lock is
/// held but for a copy of the row, and nothing is written.
struct CustomerPast {
    let id: CustomerID
    /// Customer time.
    let time: Timestamp
    let repository: CustomerRepository
    let snapshots: SnapshotFolder
    let directory: DirectoryHistory
    /// Records to go through.
    let limit: Int
    let checkpoint: () throws -> Void

    private var chain: CustomerChain {
        CustomerChain(customer: id, log: repository.log, limit: limit)
    }

    /// The customer, and the catalog of then.
    func customer() throws -> (customer: CustomerState, names: PricingNames) {
        let (row, created) = try liveRow()
        let base = try last(of: row) <= time ? row : try snapshotRow { try last(of: $0) <= time }
        guard
            let positions = try chain.positions(
                from: row.position, to: base?.position ?? 0, checkpoint: checkpoint)
        else { throw ExecuteFault.refused(.historyTooShort(since: try oldest(row))) }
        var customer = try base.map { try opened($0) } ?? CustomerState(id: id)
        let next = try replay(positions.reversed(), onto: &customer)
        guard !customer.isDeleted, customer.account.created == created else {
            // It came with an import: what was before is not in this log.
            let since = try creation(in: positions.reversed())
            throw ExecuteFault.refused(.historyTooShort(since: since))
        }
        return try advanced(customer, before: next)
    }

    /// The customer as it is now, durably, and when it was made.
    private func liveRow() throws -> (row: CustomerRow, created: Timestamp) {
        let hash = repository.hash(of: id)
        let found = repository.withShard(Int(hash & 0xFF)) { shard in
            shard.find(id, hash: hash).map { shard.rows[$0] }
        }
        guard let row = found, !row.marks.contains(.isDeleted) else {
            throw ExecuteFault.refused(.customerNotFound(id.text))
        }
        guard time <= row.buckets.clock.time(at: repository.environmentTime) else {
            throw ExecuteFault.refused(.inFuture)
        }
        let created = try opened(row).account.created
        // Who had the id before is not this one.
        guard created <= time else { throw ExecuteFault.refused(.customerNotFound(id.text)) }
        try repository.log.waitUntilDurable(row.sequence)
        return (row, created)
    }

    /// How far back it goes where the first records are gone.
    private func oldest(_ live: CustomerRow) throws -> Timestamp {
        var oldest = try last(of: live)
        _ = try snapshotRow { row in
            oldest = min(oldest, try last(of: row))
            return false
        }
        return oldest
    }

    /// When the log has the customer from on.
    private func creation(in positions: ReversedCollection<[UInt64]>) throws -> Timestamp {
        let arena = Arena(cap: .max)
        var clock = TestClock.unmoved
        for position in positions {
            try checkpoint()
            let record = try record(at: position, arena)
            for case .clockMoved(let moved) in record.facts { clock = moved }
            for case .customerCreated in record.facts {
                return clock.time(at: directory.environmentTime(at: record.time))
            }
        }
        return repository.now
    }

    /// When a row's last record was committed, in the customer's time; of one that the log no
    /// longer has, when the log begins.
    private func last(of row: CustomerRow) throws -> Timestamp {
        let arena = Arena(cap: .max)
        var wall = repository.now
        if let bytes = try chain.record(at: row.position) {
            wall = try decoded(bytes, arena).time
        } else {
            let start = try repository.log.place(before: 1)
            try repository.log.read(after: start) { _, bytes in
                wall = try decoded(Array(bytes), arena).time
                return false
            }
        }
        return row.buckets.clock.time(at: directory.environmentTime(at: wall))
    }

    private func record(at position: UInt64, _ arena: Arena) throws -> CustomerRecord {
        arena.reset()
        guard let bytes = try chain.record(at: position) else {
            throw ExecuteFault.unavailable(.unavailable("the log was cut meanwhile; try again"))
        }
        return try decoded(bytes, arena)
    }

    private func decoded(_ bytes: [UInt8], _ arena: Arena) throws -> CustomerRecord {
        try bytes.withUnsafeBytes { bytes throws(RecordFault) in
            try RecordDecoder(arena: arena, seals: repository.seals).record(bytes)
        }
    }

    private func opened(_ row: CustomerRow) throws -> CustomerState {
        try row.opened(Arena(cap: .max), seals: repository.seals)
    }

    /// Adds records, oldest first, up to the last one that isn't after the moment; the next one.
    ///
    /// A clock that was moved shows what it was moved to, and then stands still at each charge on
    /// the way until that is paid: so one record may be after the moment and later ones not.
    private func replay(
        _ positions: ReversedCollection<[UInt64]>, onto customer: inout CustomerState
    ) throws -> Next? {
        let arena = Arena(cap: .max)
        var ahead: CustomerState?
        var next: Next?
        for position in positions {
            try checkpoint()
            let record = try record(at: position, arena)
            var clock = (ahead ?? customer).buckets.clock
            for case .clockMoved(let moved) in record.facts { clock = moved }
            let isAfter = clock.time(at: directory.environmentTime(at: record.time)) > time
            if isAfter, ahead == nil {
                next = Next(wall: record.time, hasMovedClock: clock != .unmoved)
                guard clock != .unmoved || directory.hasMoves else { break }
                ahead = customer
            }
            if ahead == nil { customer.add(record) } else { ahead?.add(record) }
            if !isAfter, let reached = ahead { (customer, ahead, next) = (reached, nil, nil) }
        }
        return next
    }

    /// What was due by then has happened, as if somebody had looked.
    private func advanced(
        _ customer: CustomerState, before next: Next?
    ) throws -> (customer: CustomerState, names: PricingNames) {
        var customer = customer
        let clock = customer.buckets.clock
        let (wall, isMoved) = directory.wallTime(of: time.adding(milliseconds: -clock.offset))
        let pricing = directory.pricing(
            at: min(wall, next?.wall ?? wall), atLeast: customer.catalogSequence)
        if isMoved || clock != .unmoved || next?.hasMovedClock ?? false {
            while customer.nextDue <= min(time, customer.buckets.clock.held) {
                try checkpoint()
                let (facts, _) = customer.advance(
                    steppingTo: time, pricing: pricing, effectID: Effects.newID())
                guard !facts.isEmpty else { break }
                customer.apply(facts)
            }
        } else {
            customer.apply(
                customer.advance(to: time, pricing: pricing, effectID: Effects.newID()))
        }
        return (customer, PricingNames(pricing))
    }

    /// The first record that is after the moment.
    private struct Next {
        /// When it was committed.
        var wall: Timestamp
        var hasMovedClock: Bool
    }
}

extension CustomerPast {
    /// The customer in the newest snapshot for which this holds. One that can't be read is passed
    /// by: there are the records.
    private func snapshotRow(_ isIt: (CustomerRow) throws -> Bool) throws -> CustomerRow? {
        for name in try snapshots.names() {
            do {
                let file = try snapshots.open(name)
                if let row = try row(in: file), try isIt(row) { return row }
            } catch is SnapshotProblem {
                continue
            }
        }
        return nil
    }

    private func row(in file: SnapshotFile) throws -> CustomerRow? {
        let shard = Int(repository.hash(of: id) & 0xFF)
        let arena = Arena(cap: .max)
        for number in file.index.chunks.indices
        where try file.holdsCustomers(of: shard, chunk: number) {
            try checkpoint()
            let (_, bytes) = try file.chunk(number)
            let found = try bytes.withUnsafeBytes { bytes throws(RecordFault) -> CustomerRow? in
                var rows = SnapshotRows(
                    UnsafeRawBufferPointer(rebasing: bytes[SnapshotChunk.size...]))
                while let bytes = rows.next() {
                    arena.reset()
                    let decoder = RecordDecoder(arena: arena, seals: repository.seals)
                    if decoder.rowID(bytes) == id { return try decoder.row(bytes) }
                }
                return nil
            }
            if let found { return found }
        }
        return nil
    }
}

extension CustomerState {
    fileprivate mutating func add(_ record: CustomerRecord) {
        apply(record.facts)
        if record.key != 0 { key = record.key }
        catalogSequence = record.catalogSequence
    }
}

extension Refusal {
    fileprivate static let inFuture = Refusal.invalid([
        Violation(path: "as_of_time", message: "must not be in the future")
    ])
}
