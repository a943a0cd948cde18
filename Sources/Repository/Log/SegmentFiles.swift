import Synchronization

/// Segments open for reading, the last used ones; any thread.
final class SegmentFiles: Sendable {
    private let source: SegmentFolder
    private let limit: Int
    /// The latest last.
    private let open = Mutex<[(segment: UInt32, file: any DiskFile)]>([])
    private let forgotten = Atomic(0)

    init(disk: any Disk, folder: String, limit: Int) {
        source = SegmentFolder(disk: disk, folder: folder)
        self.limit = limit
    }

    /// Changes when a file that was given out may be another segment's. What was read in between
    /// and isn't whole must be read again.
    var version: Int { forgotten.load(ordering: .acquiring) }

    /// The segment is in this file no more.
    func forget(_ segment: UInt32) {
        open.withLock { list in list.removeAll { $0.segment == segment } }
        forgotten.add(1, ordering: .acquiringAndReleasing)
    }

    func file(_ segment: UInt32) throws(DiskFault) -> any DiskFile {
        let known = open.withLock { list -> (any DiskFile)? in
            guard let index = list.firstIndex(where: { $0.segment == segment }) else { return nil }
            if index < list.count - 1 { list.append(list.remove(at: index)) }
            return list[list.count - 1].file
        }
        if let known { return known }
        let before = version
        let file = try source.open(segment, .reading)
        open.withLock { list in
            guard version == before else { return }
            list.append((segment, file))
            if list.count > limit { list.removeFirst() }
        }
        return file
    }
}
