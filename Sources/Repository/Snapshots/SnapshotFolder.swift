/// The snapshots beside a log's segments.
struct SnapshotFolder: Sendable {
    private static let prefix = "snapshot-"
    private static let writing = "snapshot.writing"
    /// Two, so that there is another when one is damaged.
    static let kept = 2

    let disk: any Disk
    let folder: String
    /// Of the log.
    let identity: UInt64

    /// Names, the newest first.
    func names() throws(DiskFault) -> [String] {
        try disk.list(folder).filter { SnapshotFolder.start($0) != nil }.sorted(by: >)
    }

    func open(_ name: String) throws(SnapshotProblem) -> SnapshotFile {
        let file: any DiskFile
        do throws(DiskFault) {
            file = try disk.open(path(name), .reading)
        } catch {
            throw .disk(error)
        }
        return try SnapshotFile(file, identity: identity)
    }

    /// A new file; what an earlier attempt left is dropped.
    func create() throws(DiskFault) -> any DiskFile {
        let path = path(SnapshotFolder.writing)
        do throws(DiskFault) {
            return try disk.open(path, .creating)
        } catch {
            guard error.isExisting else { throw error }
            try disk.remove(path)
            return try disk.open(path, .creating)
        }
    }

    /// Gives the file its name, durably. One that is no longer among the newest goes, or stays for
    /// history's sake.
    ///
    /// - Parameter due: given the time of the last one that stayed (nil: none did), from when on
    ///   another one is to; milliseconds, nil: none is.
    func publish(start: UInt64, due: (Int64?) -> Int64?) throws(DiskFault) {
        try disk.rename(
            path(SnapshotFolder.writing), to: path(SnapshotFolder.name(start: start)))
        try disk.syncFolder(folder)
        let older = try names().dropFirst(SnapshotFolder.kept)
        let last = older.dropFirst().first.flatMap { header(of: $0)?.time }
        guard let due = due(last) else {
            for name in older { try disk.remove(path(name)) }
            return
        }
        if let name = older.first, header(of: name).map({ $0.time < due }) ?? true {
            try disk.remove(path(name))
        }
    }

    /// Removes those kept for history's sake that hold nothing but records from before a position,
    /// which the log will no longer have.
    func removeHistory(before position: UInt64) throws(DiskFault) {
        for name in try names().dropFirst(SnapshotFolder.kept)
        where header(of: name).map({ $0.position <= position }) ?? true {
            try disk.remove(path(name))
        }
    }

    /// nil: it can't be read.
    func header(of name: String) -> SnapshotHeader? { try? open(name).header }

    /// Drops what wasn't finished, so that a full disk gets its room back.
    func abandon() {
        try? disk.remove(path(SnapshotFolder.writing))
    }

    static func name(start: UInt64) -> String {
        let digits = String(start, radix: 16)
        return prefix + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    static func isName(_ name: String) -> Bool { start(name) != nil }

    /// The start that a name tells; nil: it names no snapshot.
    private static func start(_ name: String) -> UInt64? {
        guard name.hasPrefix(prefix), name.utf8.count == prefix.utf8.count + 16 else { return nil }
        return UInt64(name.dropFirst(prefix.count), radix: 16)
    }

    private func path(_ name: String) -> String { folder + "/" + name }
}
