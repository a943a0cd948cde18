/// What a segment holds behind its last whole frame.
///
/// In a segment that was filled with zeros, whatever isn't zero belongs to a batch that was cut
/// short. In a recycled one most of it is what was there before; of a batch that was cut short are
/// the frames that name the segment, and what stands where the next frame belongs, unless it is the
/// zeros that follow every batch, or the first frame of an earlier life.
struct SegmentRest {
    /// Bytes from where the rest begins up to the end of what may be of a batch.
    private(set) var count = 0
    /// What isn't counted isn't all zeros.
    private(set) var isRecycled = false

    /// - Parameters:
    ///   - bytes: the whole segment.
    ///   - start: where the rest begins.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int, segment: UInt32, tag: UInt32) {
        let start = min(start, bytes.count)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
        guard let last = rest.lastNonZero else { return }
        let found = Headers(in: rest, segment: segment, tag: tag)
        isRecycled = Self.isRecycled(bytes, segment: segment) ?? found.hasOlder
        guard isRecycled else {
            count = last + 1
            return
        }
        let isClean = found.beginsOlder && start == 0 || Self.isBlank(rest)
        count = max(found.end, isClean ? 0 : min(FrameHeader.size, rest.count))
    }

    /// By its own opening frame; nil: that isn't whole.
    private static func isRecycled(_ bytes: UnsafeRawBufferPointer, segment: UInt32) -> Bool? {
        guard let header = try? FrameHeader.decode(bytes) else { return nil }
        var scan = FrameScan(bytes, segment: segment, tag: header.tag, after: nil)
        guard case .opening(_, let opening) = scan.next() else { return nil }
        return opening.isRecycled
    }

    /// No frame can begin there, or none does.
    private static func isBlank(_ rest: UnsafeRawBufferPointer) -> Bool {
        guard rest.count >= FrameHeader.size else { return true }
        return UnsafeRawBufferPointer(rebasing: rest[..<FrameHeader.size]).lastNonZero == nil
    }

    /// The whole headers in some bytes.
    private struct Headers {
        /// The end of the last frame that names this segment; 0: there is none.
        private(set) var end = 0
        /// There is a frame of an older segment of the same log,
        private(set) var hasOlder = false
        /// and it is the first thing there.
        private(set) var beginsOlder = false

        init(in bytes: UnsafeRawBufferPointer, segment: UInt32, tag: UInt32) {
            var at = 0
            while at + FrameHeader.size <= bytes.count {
                defer { at += FrameHeader.alignment }
                guard bytes.integer(at: at, as: UInt32.self) == FrameHeader.magic,
                    let header = try? FrameHeader.decode(
                        UnsafeRawBufferPointer(rebasing: bytes[at...])), header.tag == tag
                else { continue }
                if header.segment == segment { end = min(at + header.frameSize, bytes.count) }
                guard header.segment < segment else { continue }
                hasOlder = true
                if at == 0 { beginsOlder = true }
            }
        }
    }
}
