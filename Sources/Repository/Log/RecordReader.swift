/// Reads single records by their position.
struct RecordReader {
    /// Bytes read along with the header: most records are shorter.
    private static let guess = 1_024

    let file: any DiskFile
    let tag: UInt32

    /// The record's payload, all checksums verified.
    func read(at position: LogPosition) throws(LogFault) -> [UInt8] {
        let start = try bytes(Self.guess, at: position.offset)
        let header = try check(position) { () throws(FrameProblem) in
            try self.header(start, at: position)
        }
        let size = header.frameSize
        let frame = size <= start.count ? start : try bytes(size, at: position.offset)
        return try check(position) { () throws(FrameProblem) in
            try payload(of: header, in: frame)
        }
    }

    private func header(
        _ frame: [UInt8], at position: LogPosition
    ) throws(FrameProblem) -> FrameHeader {
        let header = try frame.withUnsafeBytes { bytes in
            Result { () throws(FrameProblem) in try FrameHeader.decode(bytes) }
        }.get()
        guard header.tag == tag else { throw .otherLog }
        guard header.segment == position.segment else { throw .otherSegment(header.segment) }
        guard header.kind == .record else { throw .noRecord }
        return header
    }

    private func payload(
        of header: FrameHeader, in frame: [UInt8]
    ) throws(FrameProblem) -> [UInt8] {
        guard header.frameSize <= frame.count else { throw .pastEnd(length: header.length) }
        let range = FrameHeader.size..<FrameHeader.size + Int(header.length)
        let found = frame.withUnsafeBytes {
            checksum(UnsafeRawBufferPointer(rebasing: $0[range]), seed: header.seed)
        }
        guard found == header.checksum else { throw .payloadChecksum }
        return Array(frame[range])
    }

    /// Up to `count` bytes from the file; fewer at its end.
    private func bytes(_ count: Int, at offset: Int) throws(LogFault) -> [UInt8] {
        do throws(DiskFault) {
            return try file.bytes(count, at: offset)
        } catch {
            throw .disk(error)
        }
    }

    /// A durable record that isn't whole is damage.
    private func check<Value>(
        _ position: LogPosition, _ body: () throws(FrameProblem) -> Value
    ) throws(LogFault) -> Value {
        do throws(FrameProblem) {
            return try body()
        } catch {
            throw .corrupt(
                segment: position.segment, offset: position.offset, why: error.description)
        }
    }
}
