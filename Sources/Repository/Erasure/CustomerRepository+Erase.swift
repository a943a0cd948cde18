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
        let arena = Arena()
        for (key, position) in keys.unfinished {
            arena.reset()
            let position = LogPosition(rawValue: position)
            let record = try log.read(at: position).withUnsafeBytes {
                try RecordDecoder(arena: arena, seals: keys).record($0)
            }
            erasures.begin(
                Erasures.Erasure(
                    customer: record.customer, key: key, sequence: 0, position: position,
                    isKeyDestroyed: true))
        }
        try destroyErasedKeys()
        var used: Set<UInt32> = []
        eachShard { shard in
            for row in 0..<shard.rows.count where shard.rows[row].key != 0 {
                used.insert(shard.rows[row].key)
            }
        }
        let open = Set(erasures.rewriting.map(\.key))
        let damaged = try keys.settle { used.contains($0) || open.contains($0) }
        guard damaged.isEmpty else {
            throw LogFault.failed(
                "\(CustomerKeys.fileName) is damaged at key \(damaged[0]); restore the folder from "
                    + "a backup")
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
                    shard.rows[$0].key == 0 ? shard.rows[$0].id : nil
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
