/// What follows the last whole frame: nothing, a torn tail, or records that were durable once.
struct LogTail {
    /// Bytes of one segment that are cut off; 0: nothing was written there.
    struct Piece: Equatable {
        var segment: UInt32
        var offset: Int
        var count: Int
        /// What is left in the segment isn't all zeros.
        var isRecycled = false
    }

    let source: SegmentFolder
    let tag: UInt32
    /// Where the first bad frame is and what is wrong with it.
    let bad: LogPosition
    let problem: FrameProblem
    /// The sequence that belongs there.
    let lost: UInt64

    /// Looks through the bad segment and the later ones; gives what is torn in each, changes
    /// nothing.
    func examine(_ segments: some Sequence<UInt32>) throws -> [Piece] {
        if problem.isForeign, try isOld == false { throw corruption("\(problem)") }
        return try segments.map { segment in
            try source.load(segment).withBytes { try examine($0, of: segment) }
        }
    }

    /// It is of the older segment that the bad one was.
    private var isOld: Bool {
        get throws(DiskFault) {
            guard case .otherSegment(let segment) = problem, segment < bad.segment else {
                return false
            }
            return try source.opening(bad.segment)?.isRecycled ?? false
        }
    }

    private func examine(_ bytes: UnsafeRawBufferPointer, of segment: UInt32) throws -> Piece {
        let start = segment == bad.segment ? min(bad.offset, bytes.count) : 0
        let rest = SegmentRest(bytes, from: start, segment: segment, tag: tag)
        let piece = Piece(
            segment: segment, offset: start, count: rest.count, isRecycled: rest.isRecycled)
        guard rest.count > 0 else { return piece }
        let evidence = Evidence.find(
            in: bytes, from: start, segment: segment, tag: tag, lost: lost, bad: bad,
            isEnd: problem.isEnd)
        if let evidence {
            throw corruption(
                "\(problem), yet the frame at offset \(evidence.offset) of "
                    + "\(SegmentName.file(segment)) was written after it was durable "
                    + "(durable through \(evidence.header.durableThrough), lost \(lost))")
        }
        return piece
    }

    private func corruption(_ why: String) -> LogFault {
        .corrupt(segment: bad.segment, offset: bad.offset, why: why)
    }

    /// Keeps a copy of a torn piece beside the segments, then makes it zeros. Gives the copy's
    /// name. The copy is durable before the first byte is lost.
    func cut(_ piece: Piece) throws(DiskFault) -> String {
        let segment = try source.open(piece.segment, .writing)
        let bytes = try segment.bytes(piece.count, at: piece.offset)
        let (name, copy) = try createCopy(piece)
        try copy.write(bytes, count: bytes.count, at: 0)
        try copy.sync()
        try source.disk.syncFolder(source.folder)
        let zeros = [UInt8](repeating: 0, count: bytes.count)
        try segment.write(zeros, count: zeros.count, at: piece.offset)
        try segment.sync()
        return name
    }

    private func createCopy(_ piece: Piece) throws(DiskFault) -> (String, any DiskFile) {
        var attempt = 0
        while true {
            let name = SegmentName.torn(piece.segment, offset: piece.offset, attempt: attempt)
            do throws(DiskFault) {
                return (name, try source.disk.open(source.folder + "/" + name, .creating))
            } catch {
                guard error.isExisting else { throw error }
                attempt += 1
            }
        }
    }
}
