/// Makes a damaged log usable again by cutting it off before the first bad place. What is cut is
/// kept beside the segments, but no server reads it again: everything that was committed from there
/// on is lost, acknowledged or not. Restoring a backup loses less, if there is one.
package struct LogRepair: Sendable {
    /// What is wrong, and what repairing it would cost.
    package struct Plan: Equatable, Sendable {
        /// The first bad place.
        package var position: LogPosition
        package var problem: FrameProblem
        /// The last record before it: the log would end there.
        package var kept: UInt64
        /// Whole records behind it, which would be cut off with it.
        package var lostRecords = 0
        /// The last of them; 0: none.
        package var lastLost: UInt64 = 0
        /// Bytes that would be cut off.
        package var bytes = 0
    }

    private let reader: LogReader
    private let source: SegmentFolder

    package init(folder: String, disk: any Disk = PosixDisk()) {
        reader = LogReader(folder: folder, disk: disk)
        source = SegmentFolder(disk: disk, folder: folder)
    }

    /// Nil: there is nothing to repair.
    package func plan() throws -> Plan? {
        var plan: Plan?
        var kept: UInt64 = 0
        try reader.forEachFrame { frame in
            if let header = frame.header, header.kind == .record {
                if plan == nil {
                    kept = header.sequence
                } else {
                    plan?.lostRecords += 1
                    plan?.lastLost = header.sequence
                }
            } else if plan == nil, let problem = frame.problem {
                plan = Plan(
                    position: LogPosition(segment: frame.segment, offset: frame.offset),
                    problem: problem, kept: kept)
            }
        }
        guard var plan else { return nil }
        plan.bytes = try pieces(plan).reduce(0) { $0 + $1.count }
        return plan
    }

    /// Carries the plan out; gives the names of the files that keep what was cut off. The folder
    /// must be nobody else's meanwhile (see `FolderLock`).
    package func run(_ plan: Plan) throws -> [String] {
        let tail = LogTail(
            source: source, tag: 0, bad: plan.position, problem: plan.problem,
            lost: plan.kept + 1)
        // Backwards: cut short, it leaves a log whose first bad place is the same.
        return try pieces(plan).reversed().map { piece in
            try source.expand(piece.segment)
            return try tail.cut(piece)
        }
    }

    private func pieces(_ plan: Plan) throws -> [LogTail.Piece] {
        let tag = try reader.identity().map(FrameHeader.tag(identity:)) ?? 0
        return try source.segments().filter { $0 >= plan.position.segment }.compactMap { segment in
            let start = segment == plan.position.segment ? plan.position.offset : 0
            return try source.load(segment).withBytes { bytes in
                let rest = SegmentRest(bytes, from: start, segment: segment, tag: tag)
                guard rest.count > 0 else { return nil }
                return LogTail.Piece(segment: segment, offset: start, count: rest.count)
            }
        }
    }
}
