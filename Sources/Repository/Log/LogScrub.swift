/// Reads a log's sealed segments again and again, so that a byte that went bad on disk is known
/// before anyone needs it. A machine that reads one piece a turn.
struct LogScrub {
    enum Step: Equatable {
        /// So many bytes are whole.
        case read(Int)
        /// A record that was durable is damaged or gone.
        case damage(LogFault)
        /// All sealed segments were read; the next turn begins anew.
        case passed(segments: Int)
    }

    /// The segment after the one that is read tells whether that is sealed.
    private enum Next: Equatable {
        /// There is none, or nothing was written to it: the segment isn't sealed.
        case unused
        case opening(SegmentOpening)
        case damaged
    }

    private let source: SegmentFolder
    private var segment: UInt32?
    private var offset = 0
    private var last: (sequence: UInt64, chain: UInt32)?
    private var tag: UInt32?
    private var segments = 0

    init(folder: String, disk: any Disk) {
        source = SegmentFolder(disk: disk, folder: folder)
    }

    mutating func turn() throws(DiskFault) -> Step {
        let first = try segment == nil ? source.segments().first : segment
        guard let segment = first else { return pass() }
        self.segment = segment
        do throws(DiskFault) {
            let next = try next(segment + 1)
            guard next != .unused else { return pass() }
            return try read(segment, before: next)
        } catch {
            // Deleted meanwhile, being too old.
            guard error.isMissing else { throw error }
            return pass()
        }
    }

    private mutating func pass() -> Step {
        let segments = segments
        self = LogScrub(folder: source.folder, disk: source.disk)
        return .passed(segments: segments)
    }

    private func next(_ segment: UInt32) throws(DiskFault) -> Next {
        guard try source.segments().contains(segment) else { return .unused }
        if let opening = try source.opening(segment) { return .opening(opening) }
        let start = try source.open(segment, .reading).bytes(FrameHeader.size, at: 0)
        let found = start.withUnsafeBytes { bytes in
            Result { () throws(FrameProblem) in try FrameHeader.decode(bytes) }
        }
        return switch found {
        // What a recycled one held before.
        case .success(let header) where header.segment < segment: .unused
        case .failure(.blank): .unused
        default: .damaged
        }
    }

    private mutating func read(_ segment: UInt32, before next: Next) throws(DiskFault) -> Step {
        if tag == nil { tag = try identity(segment, next).map(FrameHeader.tag(identity:)) }
        guard let tag else { return damage(.noOpening, before: next) }
        var piece = try piece(of: segment, tag)
        // Once more: the file may have become another segment meanwhile.
        if piece.problem != nil { piece = try self.piece(of: segment, tag) }
        if let frame = piece.frames.last {
            offset = frame.end
            last = frame.last
        }
        guard let problem = piece.problem else { return .read(piece.bytes.count) }
        guard offset > 0, problem.isEnd, continues(next) else {
            return damage(problem, before: next)
        }
        segments += 1
        goOn(before: next)
        return .read(piece.bytes.count)
    }

    private func piece(of segment: UInt32, _ tag: UInt32) throws(DiskFault) -> SegmentWalk.Piece {
        try SegmentWalk(file: try source.open(segment, .reading), segment: segment, tag: tag)
            .piece(at: offset, after: last)
    }

    private func identity(_ segment: UInt32, _ next: Next) throws(DiskFault) -> UInt64? {
        if let opening = try source.opening(segment) { return opening.identity }
        if case .opening(let opening) = next { return opening.identity }
        return nil
    }

    /// Everything that was written to the segment was read: the next one begins where it ends.
    private func continues(_ next: Next) -> Bool {
        guard case .opening(let opening) = next else { return true }
        return last?.sequence == opening.firstSequence - 1 && last?.chain == opening.chain
    }

    private mutating func damage(_ problem: FrameProblem, before next: Next) -> Step {
        defer { goOn(before: next) }
        return .damage(
            .corrupt(segment: segment ?? 0, offset: offset, why: problem.description))
    }

    private mutating func goOn(before next: Next) {
        segment = segment.map { $0 + 1 }
        offset = 0
        if case .opening(let opening) = next {
            last = (opening.firstSequence - 1, opening.chain)
        }
    }
}
