import Synchronization

/// Compresses what of a log is sealed and seldom read, the oldest segment first, a step at a time.
/// Any thread.
final class HistoryCompression: Sendable {
    private struct State {
        var compressor: SegmentCompressor?
        /// Segments up to this one are compressed, or can't be.
        var done: UInt32 = 0
    }

    private let core: LogCore
    private let state = Mutex(State())

    init(_ core: LogCore) {
        self.core = core
    }

    /// One step; how many bytes of work it did, nil: there is nothing left to do.
    ///
    /// - Parameter bound: segments before this one are meant; all of them are sealed.
    func turn(before bound: UInt32) throws(DiskFault) -> Int? {
        try state.withLock { (state) throws(DiskFault) in
            do throws(DiskFault) {
                return try step(before: bound, &state)
            } catch {
                state.compressor = nil
                try? source.disk.remove(source.compressingPath)
                throw error
            }
        }
    }

    private var source: SegmentFolder { SegmentFolder(disk: core.disk, folder: core.folder) }

    private func step(before bound: UInt32, _ state: inout State) throws(DiskFault) -> Int? {
        if state.compressor == nil { state.compressor = try next(before: bound, state) }
        guard var compressor = state.compressor else { return nil }
        let step = try compressor.turn()
        state.compressor = compressor
        guard case .working(let bytes) = step else {
            state.compressor = nil
            state.done = compressor.segment
            if step == .written { try replace(compressor.segment) }
            if step == .unfit { try source.removeCompressing() }
            return 0
        }
        return bytes
    }

    private func next(
        before bound: UInt32, _ state: State
    ) throws(DiskFault) -> SegmentCompressor? {
        let segment = try source.uncompressed().first { $0 > state.done && $0 < bound }
        guard let segment else { return nil }
        return try SegmentCompressor(
            segment, in: source, tag: FrameHeader.tag(identity: core.identity))
    }

    /// The compressed file has its name, durably, before the segment loses its own.
    private func replace(_ segment: UInt32) throws(DiskFault) {
        // It may have been removed meanwhile, being too old.
        guard try source.uncompressed().contains(segment) else {
            return try source.removeCompressing()
        }
        try core.disk.rename(
            source.compressingPath, to: SegmentName.compressedPath(segment, in: core.folder))
        try core.disk.syncFolder(core.folder)
        try core.pool.retire(segment)
    }
}
