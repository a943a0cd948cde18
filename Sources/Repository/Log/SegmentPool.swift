import Synchronization

/// Segments that left the log and wait to be its next ones: a file that was written once is
/// overwritten as fast as one full of zeros, and the zeros needn't be written.
///
/// A file changes its name from `segment-` to `recycled-` and back, to another id, each time
/// durably before a byte of it changes. So whoever finds it under a segment's name finds that
/// segment's frames; and since ids grow, a recycled segment holds frames of older segments only.
///
/// Any thread. The files of others are left alone.
final class SegmentPool: Sendable {
    static let limit = 2

    private let disk: any Disk
    private let folder: String
    private let files: SegmentFiles
    private let limit: Int
    /// The former ids of those that wait.
    private let waiting = Mutex<[UInt32]>([])

    /// - Parameters:
    ///   - files: those that are open for reading.
    ///   - limit: so many wait at most.
    init(disk: any Disk, folder: String, files: SegmentFiles, limit: Int) {
        self.disk = disk
        self.folder = folder
        self.files = files
        self.limit = limit
    }

    /// Looks for what an earlier process left.
    ///
    /// - Parameter end: the log's last segment. One that isn't older was cut off by a repair: its
    ///   id may come again, so it is of no use.
    func find(before end: UInt32) throws(DiskFault) {
        let found = try disk.list(folder).compactMap(SegmentName.recycled).sorted()
        let kept = found.prefix(limit).filter { $0 < end }
        for segment in found where !kept.contains(segment) {
            try disk.remove(SegmentName.recycledPath(segment, in: folder))
        }
        waiting.withLock { $0 = kept }
    }

    /// Takes a segment's file out of the log, durably.
    func retire(_ segment: UInt32) throws(DiskFault) {
        let path = SegmentName.path(segment, in: folder)
        try waiting.withLock { (waiting) throws(DiskFault) in
            let isKept = waiting.count < limit
            if isKept {
                try disk.rename(path, to: SegmentName.recycledPath(segment, in: folder))
            } else {
                try disk.remove(path)
            }
            // Between its old name and its new life.
            files.forget(segment)
            if isKept { waiting.append(segment) }
        }
        try disk.syncFolder(folder)
    }

    /// Makes one that waits the segment `id`, durably; false: none of this size waits.
    func reuse(as id: UInt32, size: Int) throws(DiskFault) -> Bool {
        while let former = waiting.withLock({ $0.popLast() }) {
            let path = SegmentName.recycledPath(former, in: folder)
            guard try disk.open(path, .reading).size() == size else {
                try disk.remove(path)
                continue
            }
            try disk.rename(path, to: SegmentName.path(id, in: folder))
            try disk.syncFolder(folder)
            return true
        }
        return false
    }
}
