/// The segments in a log's folder, to be read one after the other.
struct SegmentFolder {
    let disk: any Disk
    let folder: String

    /// The ids of all segments, ascending.
    func segments() throws(DiskFault) -> [UInt32] {
        try SegmentName.segments(in: folder, on: disk)
    }

    func open(_ segment: UInt32, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile {
        try disk.open(SegmentName.path(segment, in: folder), purpose)
    }

    /// All of a segment's bytes.
    func load(_ segment: UInt32) throws(DiskFault) -> SegmentBytes {
        let file = try open(segment, .reading)
        let bytes = SegmentBytes(count: try file.size())
        bytes.count = try file.read(into: bytes.whole, at: 0)
        // Beside a server it may have become another segment meanwhile: then this name is gone.
        _ = try open(segment, .reading)
        return bytes
    }

    /// The segment's opening frame, if it is whole.
    func opening(_ segment: UInt32) throws(DiskFault) -> SegmentOpening? {
        let start = try open(segment, .reading).bytes(SegmentOpening.frameSize, at: 0)
        return start.withUnsafeBytes { bytes in
            guard let header = try? FrameHeader.decode(bytes), header.kind == .opening else {
                return nil
            }
            var scan = FrameScan(bytes, segment: segment, tag: header.tag, after: nil)
            guard case .opening(_, let opening) = scan.next() else { return nil }
            return opening
        }
    }
}

/// Owns the bytes of a segment that was read.
final class SegmentBytes {
    fileprivate let whole: UnsafeMutableRawBufferPointer
    /// Bytes that were read.
    fileprivate(set) var count = 0

    fileprivate init(count: Int) {
        whole = .allocate(byteCount: count, alignment: 4_096)
    }

    deinit {
        whole.deallocate()
    }

    /// The bytes, which live as long as this object does within `body`.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try withExtendedLifetime(self) {
            try body(UnsafeRawBufferPointer(rebasing: whole[..<count]))
        }
    }
}

extension DiskFile {
    /// Up to `count` bytes; fewer at the file's end.
    func bytes(_ count: Int, at offset: Int) throws(DiskFault) -> [UInt8] {
        var fault: DiskFault?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            do throws(DiskFault) {
                done = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch { fault = error }
        }
        if let fault { throw fault }
        return bytes
    }
}
