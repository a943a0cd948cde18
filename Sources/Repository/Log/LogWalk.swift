import Synchronization

/// Follows a log that is in use, record by record, up to what is durable.
struct LogWalk {
    /// Bytes read at once at most.
    private static let largestWindow = 1 << 20

    private let core: LogCore
    private let tag: UInt32
    /// The first byte that isn't known to be durable.
    private let end: LogPosition
    private var place: LogPlace
    private var segment: UInt32 = 0
    private var offset = 0
    /// What was read last, and where it begins in the segment.
    private var bytes: [UInt8] = []
    private var start = 0
    /// Bytes to read next; twice as many each time, because many want but a few records.
    private var window = 1 << 16
    /// Of the open files, before that.
    private var version = 0

    init(_ core: LogCore, after place: LogPlace) throws {
        self.core = core
        self.place = place
        tag = FrameHeader.tag(identity: core.identity)
        end = LogPosition(rawValue: core.durableEnd.load(ordering: .acquiring))
        if place.sequence == 0 {
            segment = try SegmentFolder(disk: core.disk, folder: core.folder).segments().first ?? 1
        } else {
            try skipPlace()
        }
    }

    /// Hands over each record until `body` gives false or there is no more.
    mutating func run(_ body: (LogPlace, UnsafeRawBufferPointer) throws -> Bool) throws {
        while LogPosition(segment: segment, offset: offset) < end {
            guard let (header, payload) = try next() else {
                // Blank, and yet before the end: the segment goes no further.
                segment += 1
                offset = 0
                bytes = []
                continue
            }
            let position = LogPosition(segment: segment, offset: offset)
            switch header.kind {
            case .opening: try check(payload, header)
            case .closing: break
            case .record:
                guard header.sequence == place.sequence + 1, header.seed == place.chain else {
                    throw corrupt(FrameProblem.chain.description)
                }
                place = LogPlace(
                    sequence: header.sequence, position: position, chain: header.checksum)
                let goesOn = try bytes.withUnsafeBytes {
                    try body(place, UnsafeRawBufferPointer(rebasing: $0[payload]))
                }
                if !goesOn { return }
            }
            offset += header.frameSize
        }
    }

    /// Begins behind the record that was seen last, if it is still the same one.
    private mutating func skipPlace() throws {
        guard place.position < end else { throw LogFault.notFound(place.position) }
        segment = place.position.segment
        offset = place.position.offset
        // A segment's beginning, which says itself what it goes on from.
        guard offset > 0 else { return }
        guard let header = try next()?.header, header.kind == .record,
            header.sequence == place.sequence, header.checksum == place.chain
        else { throw corrupt("another record is there than was before") }
        offset += header.frameSize
    }

    /// The frame at the offset; nil: the segment ends here. The file may have become another
    /// segment while it was read: what isn't whole is read again then.
    private mutating func next() throws -> (header: FrameHeader, payload: Range<Int>)? {
        while true {
            let found = Result { try header().map { ($0, try payload(of: $0)) } }
            if case .success(let frame?) = found { return frame }
            guard version != core.files.version else { return try found.get() }
            bytes = []
        }
    }

    /// nil: the segment ends here.
    private mutating func header() throws -> FrameHeader? {
        try fill(FrameHeader.size)
        do throws(FrameProblem) {
            let found = bytes.withUnsafeBytes { bytes in
                Result { () throws(FrameProblem) in
                    try FrameHeader.decode(
                        UnsafeRawBufferPointer(rebasing: bytes[(offset - start)...]))
                }
            }
            let header = try found.get()
            guard header.tag == tag else { throw .otherLog }
            guard header.segment == segment else { throw .otherSegment(header.segment) }
            return header
        } catch {
            if error.isEnd, offset > 0 { return nil }
            throw corrupt("\(error)")
        }
    }

    /// Where the payload is in `bytes`, its checksum verified.
    private mutating func payload(of header: FrameHeader) throws -> Range<Int> {
        try fill(header.frameSize)
        let first = offset - start + FrameHeader.size
        let payload = first..<first + Int(header.length)
        guard payload.upperBound <= bytes.count else {
            throw corrupt("\(FrameProblem.pastEnd(length: header.length))")
        }
        let found = bytes.withUnsafeBytes {
            checksum(UnsafeRawBufferPointer(rebasing: $0[payload]), seed: header.seed)
        }
        guard found == header.checksum else { throw corrupt("\(FrameProblem.payloadChecksum)") }
        return payload
    }

    private func check(_ payload: Range<Int>, _ header: FrameHeader) throws {
        let opening = try bytes.withUnsafeBytes {
            try SegmentOpening.decode(UnsafeRawBufferPointer(rebasing: $0[payload]))
        }
        guard opening.firstSequence == place.sequence + 1, opening.chain == place.chain else {
            throw corrupt(
                "the segment goes on from record \(opening.firstSequence), another than "
                    + "\(place.sequence + 1)")
        }
    }

    /// Makes `bytes` hold at least this much from the offset on, if the segment does.
    private mutating func fill(_ count: Int) throws {
        if offset >= start, offset + count <= start + bytes.count { return }
        let isLast = segment == end.segment
        version = core.files.version
        let wanted = isLast ? min(window, end.offset - offset) : window
        window = min(window * 2, Self.largestWindow)
        bytes = try core.files.file(segment).bytes(max(count, wanted), at: offset)
        start = offset
    }

    private func corrupt(_ why: String) -> LogFault {
        .corrupt(segment: segment, offset: offset, why: why)
    }
}
