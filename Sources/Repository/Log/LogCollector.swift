/// Memory for one batch, and the zeros behind it; the pages are touched once so that no append
/// meets a fault.
///
/// Safety: passed between the collector, under its lock, and the writer; one of them has it.
final class BatchBuffer: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        let size = capacity + FrameHeader.size
        base = .allocate(byteCount: size, alignment: 4_096)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit {
        base.deallocate()
    }
}

/// A run of frames in a batch that goes to one place of one segment.
struct BatchPart: Sendable {
    var segment: UInt32
    /// Where it goes in the segment, where it is in the buffer, and how long it is, in bytes.
    var offset: Int
    var start: Int
    var count: Int
    /// Zeros behind the frames, which are written with them: they tell the segment's end from what
    /// was there before.
    var zeros: Int
    /// Every record up to this one is durable once this part is.
    var lastSequence: UInt64

    var end: LogPosition { LogPosition(segment: segment, offset: offset + count) }
}

/// What the writer takes in one go: parts of consecutive segments.
struct Batch: Sendable {
    let buffer: BatchBuffer
    let parts: [BatchPart]
}

/// A segment on disk that nothing was written to, whatever it held in an earlier life.
struct ReadySegment: Equatable, Sendable {
    var id: UInt32
    var size: Int
    /// It isn't all zeros.
    var isRecycled = false
}

/// The end of the log, where the next frame goes.
struct LogEnd: Equatable, Sendable {
    var segment: UInt32 = 0
    var size = 0
    var offset = 0
    /// The last record's.
    var sequence: UInt64 = 0
    var chain: UInt32 = 0
    /// The last frame is not a closing frame.
    var needsClosing = false
}

/// Gives records their sequences and positions and lays their frames into a buffer. A machine
/// over memory: no lock, no system call, no clock.
struct LogCollector {
    private static let isPreparing = LogFault.unavailable("the next segment is being prepared")

    private let identity: UInt64
    private let tag: UInt32
    private let payloadLimit: Int

    private var buffer: BatchBuffer
    private var used = 0
    /// In the buffer.
    private(set) var records = 0
    /// The parts before the current one, and where that begins in the buffer and the segment.
    private var parts: [BatchPart] = []
    private var partStart = 0
    private var partOffset = 0
    private(set) var end = LogEnd()
    private(set) var ready: [ReadySegment] = []
    /// A ready segment was used up since this was last set to false.
    var usedReadySegment = false
    /// Why there is no ready segment.
    var shortage = Self.isPreparing
    /// Why nothing is taken at all.
    var refusal: LogFault? = .unavailable("the log is recovering")

    init(identity: UInt64, payloadLimit: Int, buffer: BatchBuffer) {
        self.identity = identity
        self.tag = FrameHeader.tag(identity: identity)
        self.payloadLimit = payloadLimit
        self.buffer = buffer
    }

    var isEmpty: Bool { used == 0 }

    /// Goes on where recovery ended.
    mutating func begin(at end: LogEnd, ready: [ReadySegment]) {
        precondition(self.end == LogEnd() && self.ready.isEmpty, "a log is replayed once")
        self.end = end
        self.ready = ready
        partOffset = end.offset
        refusal = nil
    }

    mutating func add(ready segment: ReadySegment) {
        ready.append(segment)
        shortage = Self.isPreparing
    }

    /// Lays the record's frame down. Everything that can refuse comes before the first change.
    @inline(__always)
    mutating func append(_ payload: UnsafeRawBufferPointer) throws(LogFault) -> Appended {
        let size = FrameHeader.frameSize(length: payload.count)
        if refusal != nil || payload.count > payloadLimit
            || end.offset + size + FrameHeader.size > end.size || used + size > buffer.capacity
        {
            try makeRoom(size: size, length: payload.count)
        }
        let offset = end.offset
        end.sequence += 1
        put(.record, sequence: end.sequence, payload: payload, size: size)
        end.needsClosing = true
        records += 1
        return Appended(
            sequence: end.sequence, position: LogPosition(segment: end.segment, offset: offset))
    }

    /// Lays a closing frame down, if the last frame isn't one; the batch must be empty.
    mutating func appendClosing() {
        precondition(isEmpty, "a closing frame is a batch of its own")
        guard end.needsClosing else { return }
        put(.closing, sequence: end.sequence, payload: .init(start: nil, count: 0), size: 48)
        end.needsClosing = false
    }

    /// Gives the batch away and goes on in `spare`; nil if there is nothing.
    mutating func take(spare: BatchBuffer) -> Batch? {
        guard !isEmpty else { return nil }
        endPart()
        let batch = Batch(buffer: buffer, parts: parts)
        buffer = spare
        used = 0
        records = 0
        parts = []
        partStart = 0
        partOffset = end.offset
        return batch
    }

    /// The rare case of `append`: a refusal, or the next segment's turn.
    @inline(never)
    private mutating func makeRoom(size: Int, length: Int) throws(LogFault) {
        if let refusal { throw refusal }
        guard length <= payloadLimit else {
            throw .tooLarge(length: length, limit: payloadLimit)
        }
        let fitsSegment = end.offset + size + FrameHeader.size <= end.size
        let gap = used > partStart ? FrameHeader.size : 0
        let needed = fitsSegment ? size : gap + SegmentOpening.frameSize + size
        guard used + needed <= buffer.capacity else {
            throw .unavailable("the disk is slower than the records come")
        }
        if fitsSegment { return }
        guard let next = ready.first else { throw shortage }
        ready.removeFirst()
        usedReadySegment = true
        open(next)
    }

    /// Moves to a segment and lays its opening frame down; the chain passes it by.
    private mutating func open(_ next: ReadySegment) {
        if used > partStart { endPart() }
        partStart = used
        partOffset = 0
        end.segment = next.id
        end.size = next.size
        end.offset = 0
        let opening = SegmentOpening(
            segment: next.id, identity: identity, firstSequence: end.sequence + 1,
            chain: end.chain, isRecycled: next.isRecycled)
        withUnsafeTemporaryAllocation(byteCount: SegmentOpening.length, alignment: 8) { bytes in
            guard let base = bytes.baseAddress else { return }
            opening.encode(to: base)
            let chain = end.chain
            end.chain = 0
            put(
                .opening, sequence: opening.firstSequence, payload: UnsafeRawBufferPointer(bytes),
                size: SegmentOpening.frameSize)
            end.chain = chain
        }
        end.needsClosing = true
    }

    private mutating func endPart() {
        let zeros = min(FrameHeader.size, end.size - end.offset)
        (buffer.base + used).initializeMemory(as: UInt8.self, repeating: 0, count: zeros)
        parts.append(
            BatchPart(
                segment: end.segment, offset: partOffset, start: partStart,
                count: used - partStart, zeros: zeros, lastSequence: end.sequence))
        used += zeros
    }

    /// Lays a frame of `size` bytes down at the end. There must be room.
    @inline(__always)
    private mutating func put(
        _ kind: FrameKind, sequence: UInt64, payload: UnsafeRawBufferPointer, size: Int
    ) {
        let frame = buffer.base + used
        let seed = end.chain
        end.chain = checksum(payload, seed: seed)
        // The padding first: the payload covers all of it that isn't padding.
        frame.store(UInt64(0), at: size - 8)
        FrameHeader(
            kind: kind, segment: end.segment, sequence: sequence, durableThrough: 0,
            length: UInt32(payload.count), seed: seed, checksum: end.chain, tag: tag
        ).encodeUnsealed(to: frame)
        if let source = payload.baseAddress {
            (frame + FrameHeader.size).copyMemory(from: source, byteCount: payload.count)
        }
        used += size
        end.offset += size
    }
}
