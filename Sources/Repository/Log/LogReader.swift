/// Looks at a log without the lock and without changing a byte. Beside a running server the last
/// batch may look torn: it is being written.
package struct LogReader: Sendable {
    /// One frame, or one bad place.
    package struct Frame: Equatable, Sendable {
        package var segment: UInt32
        package var offset: Int
        /// Nil at a bad place.
        package var header: Header?
        /// What is wrong there; nil: nothing.
        package var problem: FrameProblem?
    }

    package struct Header: Equatable, Sendable {
        package var kind: FrameKind
        package var sequence: UInt64
        /// Of the payload, in bytes.
        package var length: Int
        package var durableThrough: UInt64
    }

    private let source: SegmentFolder

    package init(folder: String, disk: any Disk = PosixDisk()) {
        source = SegmentFolder(disk: disk, folder: folder)
    }

    /// Hands over every frame of every segment, in order, and the first byte of every bad place;
    /// goes on behind it.
    package func forEachFrame(_ body: (Frame) throws -> Void) throws {
        guard let tag = try identity().map(FrameHeader.tag(identity:)) else { return }
        var last: (sequence: UInt64, chain: UInt32)?
        for segment in try source.segments() {
            try source.load(segment).withBytes { bytes in
                var scan = FrameScan(bytes, segment: segment, tag: tag, after: last)
                try read(&scan, body)
                last = scan.last
            }
        }
    }

    /// A segment to read from, whether it is compressed or not.
    package func file(of segment: UInt32) throws(DiskFault) -> any DiskFile {
        try source.open(segment, .reading)
    }

    /// What a server that starts here would say.
    package func verify() throws -> LogVerdict { try verify { _, _, _ in } }

    /// The same, showing every whole record.
    func verify(
        _ body: (UInt64, LogPosition, UnsafeRawBufferPointer) throws -> Void
    ) throws -> LogVerdict {
        guard let identity = try identity() else {
            return .whole(records: 0, lastSequence: 0)
        }
        return try LogRecovery(
            disk: source.disk, folder: source.folder, identity: identity, segmentSize: 0
        ).verify(body)
    }

    private func read(_ scan: inout FrameScan, _ body: (Frame) throws -> Void) throws {
        while true {
            var frame = Frame(segment: scan.segment, offset: scan.offset)
            switch scan.next() {
            case .opening(let header, _), .record(let header, _), .closing(let header):
                frame.header = Header(header)
                try body(frame)
            case .stop(let problem):
                frame.problem = problem
                if !scan.isRestUnused { try body(frame) }
                guard scan.resume() else { return }
            }
        }
    }

    /// The log's identity, by its first whole opening frame; nil: there is none.
    func identity() throws -> UInt64? {
        for segment in try source.segments() {
            if let opening = try source.opening(segment) { return opening.identity }
        }
        return nil
    }
}

extension LogReader.Header {
    init(_ header: FrameHeader) {
        self.init(
            kind: header.kind, sequence: header.sequence, length: Int(header.length),
            durableThrough: header.durableThrough)
    }
}

/// The state of a log on disk.
package enum LogVerdict: Equatable, Sendable {
    /// Every frame is whole up to the end.
    case whole(records: UInt64, lastSequence: UInt64)
    /// Bytes of a batch that never was durable follow the last whole frame; a server that starts
    /// cuts them off and keeps a copy.
    case torn(LogPosition, bytes: Int)
    /// A server refuses to start.
    case damaged(LogFault)
}
