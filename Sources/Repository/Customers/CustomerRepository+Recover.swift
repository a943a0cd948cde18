internal import Billing
internal import Wire

extension CustomerRepository {
    /// Replays the log, then finds what is still open.
    package func recover() throws -> RecoveryReport {
        let arena = Arena()
        let report = try log.replay(from: 1) { sequence, position, bytes in
            arena.reset()
            do {
                restore(
                    try RecordDecoder(arena: arena).record(bytes), sequence: sequence,
                    position: position)
            } catch let fault as RecordFault {
                throw LogFault.corrupt(
                    segment: position.segment, offset: position.offset, why: fault.description)
            }
        }
        eachShard { shard in
            for row in shard.rows { settlements.restore(row) }
        }
        return report
    }

    /// Every customer's whole state, in order of id, each with its length before it: equal states
    /// give equal dumps.
    package func dump() -> [UInt8] {
        var states: [(id: CustomerID, bytes: [UInt8])] = []
        let arena = Arena()
        eachShard { shard in
            for row in shard.rows {
                arena.reset()
                let bytes = withExtendedLifetime(arena) {
                    Array(RecordWriter(arena: arena).state(row))
                }
                states.append((row.id, bytes))
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
