/// Sizes and times of a log; the defaults suit a server.
package struct LogSettings: Sendable {
    /// Bytes of a new segment; a multiple of 8, below 4 GiB.
    package var segmentSize = 64 << 20
    /// Bytes of each of the two buffers that batches collect in. They bound what is in flight:
    /// a record that doesn't fit is `.unavailable`.
    package var bufferSize = 4 << 20
    /// Longest payload in bytes. Lowered to what fits a segment and a buffer.
    package var maximumPayload = 1 << 20
    /// Segments kept ready beyond the current one; at least 1.
    package var readySegments = 1
    /// Old segments become new ones. Binaries from before that refuse a log which has such.
    package var recyclesSegments = true
    /// Microseconds that a batch may gather for those who just wrote together to come back; see
    /// `BatchPace`.
    package var gatherMicroseconds = 1_000
    /// Milliseconds without a record until the closing frame is written.
    package var idleMilliseconds = 10
    /// Milliseconds until a segment that could not be prepared is tried again.
    package var retryMilliseconds = 1_000
    /// Sealed segments kept open for `read`.
    package var openSegments = 16

    /// No threads: `FlatFileLog.drive` does their work, one step at a time (simulation).
    package var isDriven = false

    package init() {}

    /// Bytes of a segment that records can't use: the opening and the last closing frame.
    static let reserve = SegmentOpening.frameSize + FrameHeader.size

    /// The longest payload that every new segment and every buffer can take.
    var payloadLimit: Int {
        let room = min(segmentSize - Self.reserve, bufferSize - SegmentOpening.frameSize)
        return min(maximumPayload, room - FrameHeader.size)
    }

    func check() {
        precondition(segmentSize % FrameHeader.alignment == 0 && segmentSize <= UInt32.max)
        precondition(readySegments >= 1 && openSegments >= 1)
        precondition(payloadLimit > 0, "segments or buffers are too small for any record")
    }
}
