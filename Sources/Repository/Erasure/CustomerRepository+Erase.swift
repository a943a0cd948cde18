internal import BitCollections
internal import Billing
internal import Wire

extension CustomerRepository {
    /// Destroys the keys of erasures whose records are durable. A fault leaves the file of keys in
    /// an unknown state: the process should stop, and the next one goes on.
    package func destroyErasedKeys() throws(DiskFault) {
        guard let keys else { return }
        try erasures.destroyKeys(durable: log.durableSequence) { (erasure) throws(DiskFault) in
            try keys.destroy(erasure.key, erasedAt: erasure.position)
        }
    }

    /// During a replay: an erasure whose key is still there was cut short.
    func note(erased record: CustomerRecord, at position: LogPosition) {
        for case .customerErased(let key) in record.facts where keys?.isLive(key) == true {
            erasures.begin(
                Erasures.Erasure(
                    customer: record.customer, key: key, sequence: 0, position: position))
        }
    }

    /// After a replay: goes on with what was cut short, and destroys keys that nobody has: records
    /// that were never durable were sealed with them.
    func recoverErasures() throws {
        guard let keys else { return }
        var used = BitSet()
        eachShard { shard in
            for row in 0..<shard.rows.count { used.insert(Int(shard.rows[row].key)) }
        }
        if let key = used.max().map({ UInt32($0) }), !keys.has(key) {
            // A snapshot's rows aren't opened.
            throw LogFault.failed(keys.lacks(key))
        }
        for (key, position) in keys.unfinished {
            var position = LogPosition(rawValue: position)
            var customer = try erased(key, at: position)
            if customer == nil {
                // A copy whose log ends before the record: all that the key sealed is erased.
                position = log.end.position
                customer = owner(of: key)
            }
            guard let customer else {
                try keys.finish(key)
                continue
            }
            erasures.begin(
                Erasures.Erasure(
                    customer: customer, key: key, sequence: 0, position: position,
                    isKeyDestroyed: true))
        }
        try destroyErasedKeys()
        let open = Set(erasures.rewriting.map(\.key))
        let damaged = try keys.settle { used.contains(Int($0)) || open.contains($0) }
        guard damaged.isEmpty else {
            throw LogFault.failed(
                "\(CustomerKeys.fileName) is damaged at key \(damaged[0]); restore the folder from "
                    + "a backup")
        }
    }

    /// Who has a key; nil: nobody.
    private func owner(of key: UInt32) -> CustomerID? {
        var owner: CustomerID?
        eachShard { shard in
            for row in 0..<shard.rows.count where shard.rows[row].key == key {
                owner = shard.rows[row].id
            }
        }
        return owner
    }

    /// Whom the record there erased; nil: it isn't there.
    private func erased(_ key: UInt32, at position: LogPosition) throws -> CustomerID? {
        let arena = Arena()
        do {
            let record = try log.read(at: position).withUnsafeBytes {
                try RecordDecoder(arena: arena, seals: seals).record($0)
            }
            return record.facts.contains(.customerErased(key: key)) ? record.customer : nil
        } catch LogFault.notFound, LogFault.corrupt {
            return nil
        }
    }

    /// In a folder that was upgraded: says names and emails once more that only records in the
    /// clear say, so that neither snapshots nor what of the log is kept has them in the clear.
    package func sealProfiles() throws(ExecuteFault) {
        guard let keys, keys.header.sealedAfter > 0 else { return }
        let workspace = Workspace()
        for shard in 0..<256 {
            let open: [CustomerID] = withShard(shard) { shard in
                (0..<shard.rows.count).compactMap {
                    shard.rows[$0].hasOpenProfile ? shard.rows[$0].id : nil
                }
            }
            for id in open { try sealProfile(of: id, workspace) }
        }
    }

    private func sealProfile(
        of id: CustomerID, _ workspace: Workspace
    ) throws(ExecuteFault) {
        while true {
            workspace.reset()
            do throws(ExecuteFault) {
                _ = try execute(
                    .sealProfile, for: id, request: nil, names: directory.current, in: workspace)
                return
            } catch {
                // The log takes no more than it can write, nor does the file of keys.
                guard case .unavailable(.unavailable) = error else { throw error }
                let end = log.end.sequence
                do throws(LogFault) { try log.waitUntilDurable(end) } catch {
                    throw .unavailable(error)
                }
            }
        }
    }
}
