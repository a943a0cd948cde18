internal import Repository

/// Reads the payloads of frames that `LogReader` found, from the segment files.
struct LogPayloads {
    let folder: String
    private var open: (segment: UInt32, file: any DiskFile)?

    init(folder: String) {
        self.folder = folder
    }

    /// nil: a bad place, or a frame without payload.
    mutating func payload(of frame: LogReader.Frame) throws -> [UInt8]? {
        guard frame.problem == nil, let header = frame.header, header.length > 0 else { return nil }
        let file = try file(frame.segment)
        var bytes = [UInt8](repeating: 0, count: header.length)
        let count = try bytes.withUnsafeMutableBytes {
            try file.read(into: $0, at: frame.offset + FrameHeader.size)
        }
        return count == header.length ? bytes : nil
    }

    private mutating func file(_ segment: UInt32) throws -> any DiskFile {
        if let open, open.segment == segment { return open.file }
        let file = try LogReader(folder: folder).file(of: segment)
        open = (segment, file)
        return file
    }
}
