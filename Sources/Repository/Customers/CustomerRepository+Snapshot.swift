package import Billing
internal import Logging
internal import Synchronization
internal import Wire

extension CustomerRepository {
    /// Request ids that the tables have counted.
    var insertedRequests: UInt64 {
        var count: UInt64 = 0
        eachShard { count += $0.requests.inserted }
        return count
    }

    /// Every request answered since then is remembered, and a retry gets its answer; the epoch:
    /// every one there ever was.
    package var requestsRememberedSince: Timestamp { window.since }

    /// Bytes that remembered requests take, and how many ids were inserted.
    package var requestMemory: (bytes: Int, inserted: UInt64) {
        var bytes = 0
        eachShard { bytes += $0.requests.byteCount }
        return (bytes, insertedRequests)
    }

    /// Marks where the log stands now. To be called once a second or so.
    package func noteLogEnd() {
        // In this order: nothing before the position was committed after the time.
        let position = log.end.position.rawValue
        let inserted = window.inserted(at: position) ?? insertedRequests
        let time = now
        window.note(time, position: position, inserted: inserted)
        history.note(time, position: position)
    }

    /// The same during a replay, whose time is that of the records.
    func noteReplayed(_ time: Timestamp, _ position: LogPosition) {
        window.note(time, position: position.rawValue, inserted: insertedRequests)
        history.note(time, position: position.rawValue)
    }

    /// Loads the newest snapshot that is whole; nil: there is none. The fault: what the disk said
    /// of one that isn't.
    func load(
        _ folder: SnapshotFolder, threads: Int
    ) -> (snapshot: SnapshotFile?, fault: DiskFault?) {
        let names: [String]
        do throws(DiskFault) {
            names = try folder.names()
        } catch {
            logger.warning("the snapshots can't be listed; the whole log is read: \(error)")
            return (nil, error)
        }
        var fault: DiskFault?
        for name in names {
            do throws(SnapshotProblem) {
                let file = try folder.open(name)
                try load(file, threads: threads)
                return (file, nil)
            } catch {
                if case .disk(let problem) = error { fault = problem }
                logger.warning(
                    "snapshot \(name) is ignored; an older one or the log itself is read: \(error)")
                forget()
            }
        }
        return (nil, fault)
    }

    private func load(_ file: SnapshotFile, threads: Int) throws(SnapshotProblem) {
        let chunks = file.index.chunks.count
        let fault = Mutex<SnapshotProblem?>(nil)
        let share = { (thread: Int) in chunks * thread / threads..<chunks * (thread + 1) / threads }
        let work = { @Sendable (range: Range<Int>) in
            do throws(SnapshotProblem) {
                try self.load(range, of: file)
            } catch {
                fault.withLock { $0 = error }
            }
        }
        var others: [LogThread] = []
        for thread in 1..<max(threads, 1) {
            let range = share(thread)
            // Without the thread, this one does its part.
            if let started = try? LogThread("tally-load", { work(range) }) {
                others.append(started)
            } else {
                work(range)
            }
        }
        work(share(0))
        for thread in others { thread.join() }
        if let fault = fault.withLock({ $0 }) { throw fault }
        guard UInt64(rowCount) == file.trailer.customers else {
            throw .damaged(offset: file.trailer.indexOffset, "customers are missing")
        }
        window.restore(
            file.index.requests, inserted: file.index.inserted, counted: insertedRequests)
        history.restore(file.index.history)
        raiseFloor(to: Timestamp(milliseconds: file.header.time))
    }

    private func load(_ range: Range<Int>, of file: SnapshotFile) throws(SnapshotProblem) {
        let arena = Arena()
        for number in range {
            let (chunk, bytes) = try file.chunk(number)
            let isWhole = bytes.withUnsafeBytes { bytes in
                let payload = UnsafeRawBufferPointer(rebasing: bytes[SnapshotChunk.size...])
                return switch chunk.kind {
                case .customers: loadCustomers(payload, count: chunk.count, arena)
                case .requests: loadRequests(payload, of: chunk)
                }
            }
            guard isWhole else {
                throw .damaged(offset: file.index.chunks[number], "the chunk can't be read")
            }
        }
    }

    private func loadCustomers(
        _ payload: UnsafeRawBufferPointer, count: Int, _ arena: Arena
    ) -> Bool {
        var rows = SnapshotRows(payload)
        for _ in 0..<count {
            guard let bytes = rows.next() else { return false }
            arena.reset()
            guard let row = try? RecordDecoder(arena: arena, seals: seals).row(bytes) else {
                return false
            }
            let hash = self.hash(of: row.id)
            let isNew = withShard(Int(hash & 0xFF)) { shard in
                guard shard.find(row.id, hash: hash) == nil else { return false }
                shard.put(row, at: nil, hash: hash)
                return true
            }
            guard isNew else { return false }
        }
        return rows.isAtEnd
    }

    private func loadRequests(_ payload: UnsafeRawBufferPointer, of chunk: SnapshotChunk) -> Bool {
        guard payload.count == chunk.count * 16 else { return false }
        withShard(chunk.shard) { shard in
            // They come as they stood in a page, in order of slot. In that order they would pile up
            // in the first slots of a page that has yet to grow; in sixteen rounds they don't.
            for round in 0..<16 {
                for entry in stride(from: round, to: chunk.count, by: 16) {
                    shard.requests.insert(
                        payload.integer(at: entry * 16),
                        position: payload.integer(at: entry * 16 + 8), horizon: 0)
                }
            }
        }
        return true
    }

    /// Drops what was loaded.
    private func forget() {
        for shard in 0..<256 { withShard(shard) { $0 = Shard() } }
    }
}
