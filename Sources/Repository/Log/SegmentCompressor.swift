/// Compresses one sealed segment, a step at a time: reads it once to see that every frame of it is
/// whole, packs it, reads back what was packed. A machine over a disk: no thread, no clock.
///
/// The segment stays as it is; what was written is under a name that nobody reads.
struct SegmentCompressor {
    enum Step: Equatable {
        /// There is more to do; so many bytes of work were done.
        case working(Int)
        /// Written, durable and read back.
        case written
        /// It can't be compressed: it isn't sealed, or it is damaged.
        case unfit
    }

    private enum Stage {
        /// Up to an offset every frame is whole.
        case checking(Int, last: (sequence: UInt64, chain: UInt32)?)
        /// Frames of this length; the next block begins at an offset.
        case packing(length: Int, at: Int)
        case end(Step)
    }

    static let blockSize = 256 << 10
    /// More than any frame.
    private static let glance = 4 << 20
    /// Checking costs little beside packing.
    private static let checkingShare = 8

    let segment: UInt32
    private let source: SegmentFolder
    private let tag: UInt32
    private let file: any DiskFile
    private var stage = Stage.checking(0, last: nil)
    private var target: (any DiskFile)?
    private var size = 0
    private var index = CompressedIndex()

    init(_ segment: UInt32, in source: SegmentFolder, tag: UInt32) throws(DiskFault) {
        self.segment = segment
        self.source = source
        self.tag = tag
        file = try source.open(segment, .reading)
    }

    mutating func turn() throws(DiskFault) -> Step {
        switch stage {
        case .checking(let offset, let last): return try check(offset, last)
        case .packing(let length, let at): return try pack(length, at)
        case .end(let step): return step
        }
    }

    private mutating func check(
        _ offset: Int, _ last: (sequence: UInt64, chain: UInt32)?
    ) throws(DiskFault) -> Step {
        let piece = try SegmentWalk(file: file, segment: segment, tag: tag)
            .piece(at: offset, after: last, size: Self.glance)
        let end = piece.frames.last?.end ?? offset
        let last = piece.frames.last?.last ?? last
        if let problem = piece.problem {
            // The next one begins where this one ends, so nothing is missing.
            guard end > 0, problem.isEnd, let next = try source.opening(segment + 1),
                next.firstSequence - 1 == last?.sequence, next.chain == last?.chain
            else { return finish(.unfit) }
            stage = .packing(length: end, at: 0)
        } else {
            stage = .checking(end, last: last)
        }
        return .working(piece.bytes.count / Self.checkingShare)
    }

    private mutating func pack(_ length: Int, _ at: Int) throws(DiskFault) -> Step {
        if self.target == nil { self.target = try source.createCompressing() }
        guard let target = self.target else { return finish(.unfit) }
        guard at < length else {
            try end(target, length)
            return finish(try readBack(target) ? .written : .unfit)
        }
        let bytes = try file.bytes(min(Self.blockSize, length - at), at: at)
        let packed = CompressedSegment.pack(bytes)
        try target.write(packed, count: packed.count, at: size)
        index.blocks.append(
            CompressedIndex.Block(
                offset: size, length: packed.count,
                checksum: bytes.withUnsafeBytes { checksum($0) }))
        size += packed.count
        stage = .packing(length: length, at: at + bytes.count)
        return .working(bytes.count)
    }

    private func end(_ target: any DiskFile, _ length: Int) throws(DiskFault) {
        let trailer = CompressedTrailer(
            segment: segment, length: length, blockSize: Self.blockSize, index: index, at: size)
        let bytes = index.encoded + trailer.encoded
        try target.write(bytes, count: bytes.count, at: size)
        try target.sync()
    }

    /// From the disk, not from memory. Every frame was whole and every block's checksum is that of
    /// the frames, so blocks that are whole are the same frames.
    private func readBack(_ target: any DiskFile) throws(DiskFault) -> Bool {
        try target.forget(0..<(try target.size()))
        return try CompressedSegment(target, source.folder, segment: segment).isWhole()
    }

    private mutating func finish(_ step: Step) -> Step {
        stage = .end(step)
        return step
    }
}
