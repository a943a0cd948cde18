/// Walks the frames of one segment. A machine over the segment's bytes, or a part of them: it reads
/// no file and decides nothing about what to do with a frame that doesn't fit.
struct FrameScan {
    enum Step: Equatable {
        case opening(FrameHeader, SegmentOpening)
        /// The payload is the range of the segment's bytes.
        case record(FrameHeader, payload: Range<Int>)
        case closing(FrameHeader)
        /// The frame at `offset` doesn't belong there; the next step says the same again.
        case stop(FrameProblem)
    }

    let bytes: UnsafeRawBufferPointer
    let segment: UInt32
    let tag: UInt32
    /// Where `bytes` begin in the segment; offsets here count from there.
    let start: Int
    private(set) var offset = 0
    /// The last record's sequence and the chain after it; nil: the opening frame will tell.
    private(set) var last: (sequence: UInt64, chain: UInt32)?

    /// `last` is the end of what stands before, if that was read.
    init(
        _ bytes: UnsafeRawBufferPointer, segment: UInt32, tag: UInt32, start: Int = 0,
        after last: (sequence: UInt64, chain: UInt32)?
    ) {
        self.bytes = bytes
        self.start = start
        self.segment = segment
        self.tag = tag
        self.last = last
    }

    /// Nothing was written from here on; `bytes` are the whole segment.
    var isRestUnused: Bool {
        SegmentRest(bytes, from: offset, segment: segment, tag: tag).count == 0
    }

    mutating func next() -> Step {
        do throws(FrameProblem) {
            let header = try Self.header(in: bytes, at: offset, segment: segment, tag: tag)
            let start = offset + FrameHeader.size
            let payload = start..<start + Int(header.length)
            let step = try check(header, payload: payload)
            offset += header.frameSize
            return step
        } catch {
            return .stop(error)
        }
    }

    /// Goes on after a bad frame, at the next place that has a whole header; false: none has.
    mutating func resume() -> Bool {
        var at = offset + FrameHeader.alignment
        while at + FrameHeader.size <= bytes.count {
            if let header = try? Self.header(in: bytes, at: at, segment: segment, tag: tag) {
                offset = at
                let before = header.kind == .record ? header.sequence - 1 : header.sequence
                last = (before, header.seed)
                return true
            }
            at += FrameHeader.alignment
        }
        return false
    }

    /// The header at an offset, if it is whole and its frame may be in this segment.
    static func header(
        in bytes: UnsafeRawBufferPointer, at offset: Int, segment: UInt32, tag: UInt32
    ) throws(FrameProblem) -> FrameHeader {
        let header = try FrameHeader.decode(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        guard header.tag == tag else { throw .otherLog }
        guard header.segment == segment else { throw .otherSegment(header.segment) }
        guard header.frameSize <= bytes.count - offset else {
            throw .pastEnd(length: header.length)
        }
        return header
    }

    private mutating func check(
        _ header: FrameHeader, payload: Range<Int>
    ) throws(FrameProblem) -> Step {
        guard (header.kind == .opening) == (start + offset == 0) else { throw .noOpening }
        let content = UnsafeRawBufferPointer(rebasing: bytes[payload])
        if header.kind == .opening {
            guard checksum(content) == header.checksum else { throw .payloadChecksum }
            return .opening(header, try begin(try SegmentOpening.decode(content)))
        }
        guard let last else { throw .noOpening }
        let expected = header.kind == .record ? last.sequence + 1 : last.sequence
        guard header.sequence == expected else {
            throw .sequence(found: header.sequence, expected: expected)
        }
        guard header.seed == last.chain else { throw .chain }
        guard checksum(content, seed: header.seed) == header.checksum else {
            throw .payloadChecksum
        }
        self.last = (header.sequence, header.checksum)
        return header.kind == .record ? .record(header, payload: payload) : .closing(header)
    }

    private mutating func begin(
        _ opening: SegmentOpening
    ) throws(FrameProblem) -> SegmentOpening {
        if let last {
            guard opening.firstSequence == last.sequence + 1 else {
                throw .sequence(found: opening.firstSequence, expected: last.sequence + 1)
            }
            guard opening.chain == last.chain else { throw .chain }
        }
        last = (opening.firstSequence - 1, opening.chain)
        return opening
    }
}

/// The frame that proves that something before it was durable once.
struct Evidence: Equatable {
    var segment: UInt32
    var offset: Int
    var header: FrameHeader
}

extension Evidence {
    /// Looks from `offset` on for a frame that was written only after what belongs at the bad
    /// place was durable. `lost` is the sequence of the next record at the bad place.
    ///
    /// In the bad place's own segment that is a frame whose batch knew `lost` to be durable, or
    /// the record `lost` itself: then a closing frame, always synced alone, is what is damaged.
    /// (At offset 0 it is the opening frame, written along with `lost`: no proof.) A later
    /// segment is written only once the one before it is durable, so there any opening is proof;
    /// but not one that begins with `lost` itself after a segment that simply ends: it is torn.
    static func find(
        in bytes: UnsafeRawBufferPointer, from offset: Int, segment: UInt32, tag: UInt32,
        lost: UInt64, bad: LogPosition, isEnd: Bool
    ) -> Evidence? {
        var at = offset
        while at + FrameHeader.size <= bytes.count {
            defer { at += FrameHeader.alignment }
            guard bytes.integer(at: at, as: UInt32.self) == FrameHeader.magic,
                let header = try? FrameScan.header(
                    in: bytes, at: at, segment: segment, tag: tag)
            else { continue }
            let isLater =
                segment > bad.segment && header.kind == .opening
                && !(isEnd && header.sequence == lost)
            let isLost =
                segment == bad.segment && bad.offset > 0 && at > bad.offset
                && header.kind == .record && header.sequence == lost
            if header.durableThrough >= lost || isLater || isLost {
                return Evidence(segment: segment, offset: at, header: header)
            }
        }
        return nil
    }
}
