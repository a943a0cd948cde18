package import Billing
internal import CTallyProto

/// At `time` the log ended at `position`, and `inserted` request ids had been inserted in all.
package struct LogMark: Sendable, Equatable {
    package var time: Timestamp
    /// A raw log position.
    package var position: UInt64
    package var inserted: UInt64

    package static let beginning = LogMark(time: .epoch, position: 0)

    package init(time: Timestamp, position: UInt64, inserted: UInt64 = 0) {
        self.time = time
        self.position = position
        self.inserted = inserted
    }
}

/// What a snapshot says beside its chunks.
package struct SnapshotIndex: Sendable, Equatable {
    /// Offsets in the file, ascending.
    package var chunks: [UInt64] = []
    /// Generations of answered requests, oldest first.
    package var requests: [LogMark] = []
    package var inserted: UInt64 = 0
    /// Where the log was when, oldest first.
    package var history: [LogMark] = []

    package init() {}
}

extension RecordWriter {
    package func index(_ index: SnapshotIndex) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__disk__v1__snapshot_index__init)
        message.pointee.inserted = index.inserted
        (message.pointee.n_requests, message.pointee.requests) =
            arena.list(index.requests) { mark($0) }
        (message.pointee.n_history, message.pointee.history) =
            arena.list(index.history) { mark($0) }
        var chunks = index.chunks
        // Packed before the array is let go.
        return chunks.withUnsafeMutableBufferPointer { chunks in
            message.pointee.n_chunks = chunks.count
            message.pointee.chunks = chunks.baseAddress
            return arena.pack(message)
        }
    }

    private func mark(_ mark: LogMark) -> UnsafeMutablePointer<Tally__Disk__V1__LogMark> {
        let message = arena.make(tally__disk__v1__log_mark__init)
        message.pointee.time = mark.time.milliseconds
        message.pointee.position = mark.position
        message.pointee.inserted = mark.inserted
        return message
    }
}

extension RecordDecoder {
    package func index(_ bytes: UnsafeRawBufferPointer) throws(RecordFault) -> SnapshotIndex {
        let message = try open(bytes, tally__disk__v1__snapshot_index__init).pointee
        var index = SnapshotIndex()
        index.chunks = Array(UnsafeBufferPointer(start: message.chunks, count: message.n_chunks))
        index.inserted = message.inserted
        index.requests = elements(message.n_requests, message.requests).map { mark($0.pointee) }
        index.history = elements(message.n_history, message.history).map { mark($0.pointee) }
        return index
    }

    private func mark(_ message: Tally__Disk__V1__LogMark) -> LogMark {
        LogMark(
            time: Timestamp(milliseconds: message.time), position: message.position,
            inserted: message.inserted)
    }
}
