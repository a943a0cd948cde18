/// Reads a segment's frames piece by piece, beside whoever writes it: for what must not hold a
/// whole segment in memory.
struct SegmentWalk {
    /// A piece of the segment and the frames that are whole in it.
    struct Piece {
        var bytes: [UInt8]
        /// Where the piece begins in the segment.
        var start: Int
        var frames: [Frame] = []
        /// Why the walk went no further; nil: the piece ends there, the segment goes on.
        var problem: FrameProblem?
    }

    struct Frame: Equatable {
        /// Where it ends in the segment.
        var end: Int
        /// The last record up to here, and the chain after it.
        var last: (sequence: UInt64, chain: UInt32)
        var durableThrough: UInt64

        static func == (left: Frame, right: Frame) -> Bool {
            left.end == right.end && left.last == right.last
                && left.durableThrough == right.durableThrough
        }
    }

    /// Enough for the end of a log, where one looks often.
    private static let glance = 64 << 10
    /// More than a batch and a frame, so that a frame of the next batch is seen with it.
    private static let most = 16 << 20

    let file: any DiskFile
    let segment: UInt32
    let tag: UInt32

    /// The frames from `offset` on, where one must begin.
    func piece(
        at offset: Int, after last: (sequence: UInt64, chain: UInt32)?
    ) throws(DiskFault) -> Piece {
        let piece = try piece(at: offset, after: last, size: Self.glance)
        return piece.problem == nil
            ? try self.piece(at: offset, after: last, size: Self.most) : piece
    }

    /// - Parameter size: bytes to read; more than any frame.
    func piece(
        at offset: Int, after last: (sequence: UInt64, chain: UInt32)?, size: Int
    ) throws(DiskFault) -> Piece {
        let bytes = try file.bytes(size, at: offset)
        var piece = Piece(bytes: bytes, start: offset)
        bytes.withUnsafeBytes { bytes in
            var scan = FrameScan(bytes, segment: segment, tag: tag, start: offset, after: last)
            while piece.problem == nil {
                switch scan.next() {
                case .opening(let header, _), .record(let header, _), .closing(let header):
                    piece.add(header, scan)
                case .stop(let problem):
                    piece.problem = problem
                }
            }
        }
        if bytes.count == size, size < Self.most || !piece.frames.isEmpty { piece.goOn() }
        return piece
    }
}

extension SegmentWalk.Piece {
    fileprivate mutating func add(_ header: FrameHeader, _ scan: FrameScan) {
        guard let last = scan.last else { return }
        frames.append(
            SegmentWalk.Frame(
                end: start + scan.offset, last: last, durableThrough: header.durableThrough))
    }

    /// A frame that is cut by the piece's end is whole in the next one.
    fileprivate mutating func goOn() {
        switch problem {
        case .noRoom, .pastEnd: problem = nil
        default: break
        }
    }
}
