import Synchronization

/// Segments open for reading, the last used ones; any thread.
final class SegmentFiles: Sendable {
    private let disk: any Disk
    private let folder: String
    private let limit: Int
    /// The latest last.
    private let open = Mutex<[(segment: UInt32, file: any DiskFile)]>([])

    init(disk: any Disk, folder: String, limit: Int) {
        self.disk = disk
        self.folder = folder
        self.limit = limit
    }

    func file(_ segment: UInt32) throws(DiskFault) -> any DiskFile {
        let known = open.withLock { list -> (any DiskFile)? in
            guard let index = list.firstIndex(where: { $0.segment == segment }) else { return nil }
            if index < list.count - 1 { list.append(list.remove(at: index)) }
            return list[list.count - 1].file
        }
        if let known { return known }
        let file = try disk.open(SegmentName.path(segment, in: folder), .reading)
        open.withLock { list in
            list.append((segment, file))
            if list.count > limit { list.removeFirst() }
        }
        return file
    }
}
