/// Reads a log from disk, in order, and leaves it so that it can be continued: the rules stand at
/// `Evidence` and `LogTail`. A record is handed over only if every one before it was whole.
struct LogRecovery {
    let source: SegmentFolder
    let identity: UInt64
    let segmentSize: Int
    /// Bytes that were written at once at most.
    let bufferSize: Int

    private var tag: UInt32 { FrameHeader.tag(identity: identity) }

    init(
        disk: any Disk, folder: String, identity: UInt64, segmentSize: Int, bufferSize: Int = 0
    ) {
        source = SegmentFolder(disk: disk, folder: folder)
        self.identity = identity
        self.segmentSize = segmentSize
        self.bufferSize = bufferSize
    }

    /// Where the walk through the segments is.
    private struct Walk {
        var first: UInt64
        var report = RecoveryReport()
        /// The last record's sequence and the chain after it.
        var last: (sequence: UInt64, chain: UInt32)?
        var needsClosing = false
        /// The first bad frame of the segment read last.
        var end = LogPosition(rawValue: 0)
        var size = 0
        var problem = FrameProblem.blank
    }

    /// Hands over the records from `first` on; gives the log's end and the unused segments.
    func run(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> (RecoveryReport, LogEnd, [ReadySegment]) {
        let clock = ContinuousClock()
        let start = clock.now
        var walk = Walk(first: first)
        try prepare()
        let segments = try listed()
        guard let used = try walkThrough(segments, &walk, body), let last = walk.last else {
            try check(first, last: 0, end: walk.end)
            return (walk.report, LogEnd(), [])
        }
        try check(first, last: last.sequence, end: walk.end)
        let rest = try settle(segments[used...], &walk, lost: last.sequence + 1)
        let ready = try keepReady(walk.end.offset == 0 ? rest[...] : rest.dropFirst())
        walk.report.lastSequence = last.sequence
        walk.report.duration = clock.now - start
        guard walk.end.offset > 0 else { return (walk.report, LogEnd(), ready) }
        let end = LogEnd(
            segment: walk.end.segment, size: walk.size, offset: walk.end.offset,
            sequence: last.sequence, chain: last.chain, needsClosing: walk.needsClosing)
        return (walk.report, end, ready)
    }

    /// What `run` from the log's first record on would say, without changing a byte.
    ///
    /// - Parameter body: is shown every whole record.
    func verify(
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void = { _, _, _ in }
    ) throws -> LogVerdict {
        do {
            let segments = try listed()
            let first = try segments.first.flatMap { try source.opening($0) }?.firstSequence ?? 1
            var walk = Walk(first: first)
            guard let used = try walkThrough(segments, &walk, body),
                let last = walk.last?.sequence
            else { return .whole(records: 0, lastSequence: 0) }
            let torn = try tail(walk, lost: last + 1).examine(segments[used...])
                .reduce(0) { $0 + $1.count }
            guard torn == 0 else { return .torn(walk.end, bytes: torn) }
            return .whole(records: walk.report.records, lastSequence: last)
        } catch let fault as LogFault {
            return .damaged(fault)
        }
    }

    /// Hands over the records from `first` on without changing a byte, beside whoever writes the
    /// log; gives where it ended.
    func read(
        from first: UInt64,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> (RecoveryReport, end: LogPosition) {
        let segments = try listed()
        var walk = Walk(first: first)
        guard let used = try walkThrough(segments, &walk, body), let last = walk.last?.sequence
        else {
            try check(first, last: 0, end: walk.end)
            return (walk.report, walk.end)
        }
        do {
            _ = try tail(walk, lost: last + 1).examine(segments[used...])
        } catch LogFault.corrupt(let segment, let offset, let why) {
            // Unless the log has grown meanwhile, and what was missing is there.
            var again = Walk(first: last + 1)
            _ = try walkThrough(try listed(), &again, { _, _, _ in })
            guard again.report.records > 0 else {
                throw LogFault.corrupt(segment: segment, offset: offset, why: why)
            }
        }
        try check(first, last: last, end: walk.end)
        walk.report.lastSequence = last
        return (walk.report, walk.end)
    }

    /// The names may not be durable yet if the process was killed, so they are made so. A segment
    /// that wasn't filled, or isn't compressed yet, is dropped.
    private func prepare() throws(DiskFault) {
        if try source.disk.list(source.folder).contains(SegmentName.preparing) {
            try source.disk.remove(source.folder + "/" + SegmentName.preparing)
        }
        try source.disk.syncFolder(source.folder)
        try source.settleCompression()
    }

    private func listed() throws -> [UInt32] {
        let segments = try source.segments()
        for (before, after) in zip(segments, segments.dropFirst()) where after != before + 1 {
            throw LogFault.corrupt(segment: before + 1, offset: 0, why: "the file is missing")
        }
        return segments
    }

    /// Reads segment after segment up to the log's end; gives the index of the last one read.
    private func walkThrough(
        _ segments: [UInt32], _ walk: inout Walk,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int? {
        guard var index = try startIndex(segments, first: walk.first) else { return nil }
        if segments[index] == 1 { walk.last = (0, 0) }
        while true {
            try read(segments[index], &walk, body)
            guard walk.problem.isEnd, index + 1 < segments.count, let last = walk.last,
                let opening = try source.opening(segments[index + 1]),
                opening.identity == identity, opening.firstSequence == last.sequence + 1,
                opening.chain == last.chain
            else { return index }
            index += 1
        }
    }

    /// The last segment that begins at or before `first`.
    private func startIndex(_ segments: [UInt32], first: UInt64) throws -> Int? {
        for index in segments.indices.reversed() {
            guard let opening = try source.opening(segments[index]) else { continue }
            if opening.firstSequence <= first { return index }
        }
        return segments.isEmpty ? nil : 0
    }

    private func read(
        _ segment: UInt32, _ walk: inout Walk,
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let loaded = try source.load(segment)
        walk.report.segments += 1
        try loaded.withBytes { bytes in
            var scan = FrameScan(bytes, segment: segment, tag: tag, after: walk.last)
            walk.size = bytes.count
            while true {
                let position = LogPosition(segment: segment, offset: scan.offset)
                switch scan.next() {
                case .opening(_, let opening):
                    try check(opening, walk)
                    walk.needsClosing = true
                case .record(let header, let payload):
                    walk.needsClosing = true
                    guard header.sequence >= walk.first else { continue }
                    walk.report.records += 1
                    let content = UnsafeRawBufferPointer(rebasing: bytes[payload])
                    try body(header.sequence, position, content)
                case .closing:
                    walk.needsClosing = false
                case .stop(let problem):
                    walk.problem = problem
                    walk.end = position
                    walk.last = scan.last
                    guard walk.last != nil else { throw damage(position, "\(problem)") }
                    return
                }
            }
        }
    }

    /// Tells a torn tail from damage, cuts it off, and makes what was read durable: a process
    /// that was killed may have left it in memory only. Gives what each segment has behind it.
    private func settle(
        _ segments: ArraySlice<UInt32>, _ walk: inout Walk, lost: UInt64
    ) throws -> [LogTail.Piece] {
        let tail = tail(walk, lost: lost)
        // Only if what came after it is gone; then there is evidence, or it was on purpose.
        try source.expand(walk.end.segment)
        let pieces = try tail.examine(segments)
        for piece in pieces where piece.count > 0 {
            walk.report.tornBytes += piece.count
            walk.report.tornCopies.append(try tail.cut(piece))
        }
        try source.open(walk.end.segment, .writing).sync()
        try readAgain(walk.end.segment, around: walk.end.offset)
        if let next = segments.dropFirst().first { try readAgain(next, around: 0) }
        return pieces
    }

    /// Holds what was read at the log's end against the disk itself. A sync that failed before, in
    /// another process, may have left bytes that only look written, and then even the sync that
    /// succeeds here has not written them. What follows them on disk would be lost with them.
    private func readAgain(_ segment: UInt32, around offset: Int) throws {
        let file = try source.open(segment, .reading)
        let start = max(0, offset - bufferSize)
        let seen = try file.bytes(offset + bufferSize - start, at: start)
        try file.forget(start..<start + seen.count)
        guard try file.bytes(seen.count, at: start) == seen else {
            throw LogFault.failed(
                "the disk has lost bytes of \(SegmentName.file(segment)) that it had taken")
        }
    }

    private func tail(_ walk: Walk, lost: UInt64) -> LogTail {
        LogTail(source: source, tag: tag, bad: walk.end, problem: walk.problem, lost: lost)
    }

    /// Nothing is in unused segments now. Those of another size are dropped, with all after them:
    /// the last one first, each durably, so that no crash leaves a gap.
    private func keepReady(_ unused: ArraySlice<LogTail.Piece>) throws -> [ReadySegment] {
        let kept = try unused.prefix { piece in
            try source.open(piece.segment, .reading).size() == segmentSize
        }
        for piece in unused.dropFirst(kept.count).reversed() {
            try source.remove(piece.segment)
            try source.disk.syncFolder(source.folder)
        }
        return kept.map {
            ReadySegment(id: $0.segment, size: segmentSize, isRecycled: $0.isRecycled)
        }
    }

    private func check(_ opening: SegmentOpening, _ walk: Walk) throws(LogFault) {
        let start = LogPosition(segment: opening.segment, offset: 0)
        guard opening.identity == identity else {
            throw damage(start, "\(FrameProblem.otherLog)")
        }
        guard walk.report.segments > 1 || opening.firstSequence <= walk.first else {
            throw damage(
                start,
                "the log begins with record \(opening.firstSequence), but \(walk.first) "
                    + "is needed")
        }
    }

    /// Whoever asks for records from `first` on knows of all before it.
    private func check(_ first: UInt64, last: UInt64, end: LogPosition) throws(LogFault) {
        guard first <= last + 1 else {
            throw damage(
                end,
                "the log ends with record \(last), but \(first - 1) "
                    + "was durable")
        }
    }

    private func damage(_ position: LogPosition, _ why: String) -> LogFault {
        .corrupt(segment: position.segment, offset: position.offset, why: why)
    }
}
