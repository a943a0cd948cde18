import Glibc

/// The segments in a log's folder, to be read one after the other.
struct SegmentFolder {
    let disk: any Disk
    let folder: String

    /// The ids of all segments, ascending.
    func segments() throws(DiskFault) -> [UInt32] {
        let names = try disk.list(folder)
        return Set(names.compactMap { SegmentName.segment($0) ?? SegmentName.compressed($0) })
            .sorted()
    }

    /// Of the oldest record that is still there; nil: no segment is open yet.
    func firstSequence() throws(DiskFault) -> UInt64? {
        guard let first = try segments().first else { return nil }
        return try opening(first)?.firstSequence
    }

    /// The ids of those that aren't compressed, ascending.
    func uncompressed() throws(DiskFault) -> [UInt32] {
        try disk.list(folder).compactMap(SegmentName.segment).sorted()
    }

    /// One that is compressed reads as what it was, and can't be written.
    func open(_ segment: UInt32, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile {
        do throws(DiskFault) {
            return try disk.open(SegmentName.path(segment, in: folder), purpose)
        } catch {
            guard error.isMissing, purpose == .reading else { throw error }
        }
        let path = SegmentName.compressedPath(segment, in: folder)
        return try CompressedSegment(try disk.open(path, .reading), path, segment: segment)
    }

    /// Removes a segment, compressed or not; durable after `syncFolder`.
    func remove(_ segment: UInt32) throws(DiskFault) {
        let names = try disk.list(folder)
        if names.contains(where: { SegmentName.compressed($0) == segment }) {
            try disk.remove(SegmentName.compressedPath(segment, in: folder))
        }
        if names.contains(where: { SegmentName.segment($0) == segment }) {
            try disk.remove(SegmentName.path(segment, in: folder))
        }
    }

    // MARK: Compressed segments

    var compressingPath: String { folder + "/" + SegmentName.compressing }

    func createCompressing() throws(DiskFault) -> any DiskFile {
        try removeCompressing()
        return try disk.open(compressingPath, .creating)
    }

    func removeCompressing() throws(DiskFault) {
        guard try disk.list(folder).contains(SegmentName.compressing) else { return }
        try disk.remove(compressingPath)
    }

    /// What a crash left of compressing: something that isn't whole, or a segment that is there
    /// both ways. The names must be durable.
    func settleCompression() throws(DiskFault) {
        try removeCompressing()
        let names = try disk.list(folder)
        let segments = Set(names.compactMap(SegmentName.segment))
        for segment in names.compactMap(SegmentName.compressed) where segments.contains(segment) {
            try disk.remove(SegmentName.compressedPath(segment, in: folder))
        }
    }

    /// Makes a compressed segment one that can be written again, durably, with room for a closing
    /// frame; nothing where it is one already.
    func expand(_ segment: UInt32) throws(DiskFault) {
        if try uncompressed().contains(segment) { return }
        let packed = try open(segment, .reading)
        let bytes = try packed.bytes(try packed.size(), at: 0)
        let padding = 4_096
        let size = (bytes.count + FrameHeader.size + padding - 1) / padding * padding
        let path = folder + "/" + SegmentName.preparing
        if try disk.list(folder).contains(SegmentName.preparing) { try disk.remove(path) }
        let file = try disk.open(path, .creating)
        let zeros = [UInt8](repeating: 0, count: size - bytes.count)
        try file.write(bytes + zeros, count: size, at: 0)
        try file.sync()
        try disk.rename(path, to: SegmentName.path(segment, in: folder))
        try disk.syncFolder(folder)
        try disk.remove(SegmentName.compressedPath(segment, in: folder))
        try disk.syncFolder(folder)
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

    private static let hugePage = 2 << 20

    fileprivate init(count: Int) {
        guard count >= SegmentBytes.hugePage else {
            whole = .allocate(byteCount: count, alignment: 4_096)
            return
        }
        whole = .allocate(byteCount: count, alignment: SegmentBytes.hugePage)
        // In huge pages if there are any: thousands of page faults less for each segment.
        madvise(whole.baseAddress, count, MADV_HUGEPAGE)
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
