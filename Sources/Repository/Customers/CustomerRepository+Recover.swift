internal import Billing
internal import Wire

extension CustomerRepository {
    /// Loads the newest snapshot that is whole, replays the log from there, then finds what is
    /// still open.
    ///
    /// - Parameter threads: that share the work.
    package func recover(threads: Int = 1) throws -> RecoveryReport {
        try recover(from: nil, threads: threads).report
    }

    func recover(
        from snapshots: SnapshotFolder?, threads: Int
    ) throws -> (report: RecoveryReport, snapshot: Appended) {
        snapshots?.abandon()
        return try restore(from: snapshots, threads: threads)
    }

    /// The same, without changing a byte on disk unless the log does.
    func restore(
        from snapshots: SnapshotFolder?, threads: Int
    ) throws -> (report: RecoveryReport, snapshot: Appended) {
        let (snapshot, fault) = snapshots.map { load($0, threads: threads) } ?? (nil, nil)
        let start = snapshot?.header.start ?? 0
        let report: RecoveryReport
        do {
            report = try ReplayCrew(self, threads: threads).replay(from: start + 1)
        } catch LogFault.corrupt(let segment, let offset, let why) {
            // A log that begins later isn't damaged if what stands before it can't be read now.
            if let fault { throw LogFault.disk(fault) }
            throw LogFault.corrupt(segment: segment, offset: offset, why: why)
        }
        if let snapshot { try check(log.end, holds: snapshot.trailer.highest) }
        try recoverErasures()
        try settleOpenBusiness()
        // A snapshot's window is as old as the snapshot; what has left it since may have left the
        // log as well.
        noteLogEnd()
        let position = LogPosition(rawValue: snapshot?.header.position ?? 0)
        return (report, Appended(sequence: start, position: position))
    }

    /// A snapshot gets its name when all in it is durable. So if it knows more than the log does,
    /// it is the log that isn't whole.
    private func check(_ end: Appended, holds highest: UInt64) throws(LogFault) {
        guard end.sequence < highest else { return }
        throw .corrupt(
            segment: end.position.segment, offset: end.position.offset,
            why: "it ends with record \(end.sequence), but a snapshot holds record \(highest), "
                + "which was durable; if an older log was put here on purpose, remove the snapshots"
        )
    }

    /// What callers and workers wait for follows from the state.
    private func settleOpenBusiness() throws {
        let arena = Arena()
        for shard in 0..<256 {
            try withShard(shard) { shard in
                for row in 0..<shard.rows.count where shard.rows[row].marks.contains(.isBusy) {
                    arena.reset()
                    settlements.restore(try shard.rows[row].opened(arena, seals: seals))
                }
            }
        }
    }

    /// Makes a record part of the state, unless its customer holds it already.
    ///
    /// - Parameter hash: the customer's.
    func restore(
        _ bytes: UnsafeRawBufferPointer, hash: UInt64, sequence: UInt64, position: LogPosition,
        _ arena: Arena
    ) throws(RecordFault) {
        arena.reset()
        let record = try RecordDecoder(arena: arena, seals: seals).record(bytes)
        note(erased: record, at: position)
        let fault: RecordFault? = withShard(Int(hash & 0xFF)) { shard in
            do throws(RecordFault) {
                try restore(record, hash, sequence, position, arena, in: &shard)
                return nil
            } catch { return error }
        }
        if let fault { throw fault }
    }

    /// The short way: in place. False: there is no such customer yet.
    func restore(
        _ usage: UsageRecord, hash: UInt64, fingerprint: UInt64?, sequence: UInt64,
        position: LogPosition
    ) -> Bool {
        let id = usage.customer
        let catalogSequence = usage.catalogSequence
        return withShard(Int(hash & 0xFF)) { shard in
            guard let row = shard.find(id, hash: hash) else { return false }
            let place = shard.rows.place(of: row)
            if sequence > place.pointee.sequence {
                usage.draw(from: &place.pointee.buckets)
                place.pointee.sequence = sequence
                place.pointee.position = position.rawValue
                place.pointee.catalogSequence = catalogSequence
            }
            if let fingerprint {
                shard.requests.insert(
                    fingerprint, position: position.rawValue, horizon: window.horizon)
            }
            return true
        }
    }

    private func restore(
        _ record: CustomerRecord, _ hash: UInt64, _ sequence: UInt64, _ position: LogPosition,
        _ arena: Arena, in shard: inout Shard
    ) throws(RecordFault) {
        let place = shard.find(record.customer, hash: hash)
        if place.map({ sequence > shard.rows[$0].sequence }) ?? true {
            var customer =
                try place.map { row throws(RecordFault) in
                    try shard.rows[row].opened(arena, seals: seals)
                } ?? CustomerState(id: record.customer)
            customer.apply(record.facts)
            if record.key != 0 { customer.key = record.key }
            customer.sequence = sequence
            customer.position = position.rawValue
            customer.catalogSequence = record.catalogSequence
            shard.put(
                CustomerRow(customer, arena: arena, seals: seals), at: place, hash: hash)
        }
        if let request = record.request {
            remember(request, customer: hash, at: position, in: &shard)
        }
    }

    /// Every customer's whole state, in order of id, each with its length before it: equal states
    /// give equal dumps.
    package func dump() -> [UInt8] {
        var states: [(id: CustomerID, bytes: [UInt8])] = []
        let arena = Arena()
        eachShard { shard in
            for row in 0..<shard.rows.count {
                arena.reset()
                let row = shard.rows[row]
                let bytes = withExtendedLifetime(arena) {
                    // What this process encoded, or checked when it was loaded, it can read.
                    (try? row.opened(arena, seals: seals)).map {
                        Array(RecordWriter(arena: arena).state($0))
                    }
                }
                states.append((row.id, bytes ?? []))
            }
        }
        states.sort { $0.id < $1.id }
        var dump: [UInt8] = []
        for state in states {
            withUnsafeBytes(of: UInt32(state.bytes.count).littleEndian) { dump += $0 }
            dump += state.bytes
        }
        return dump
    }
}
