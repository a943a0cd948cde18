extension LogReader {
    /// Whether a folder is that of an environment's log without any record, of which a copy has no
    /// segment: the manifest beside it names it, and it has no snapshot, which would stand for
    /// records that are gone.
    package static func isEmptyLog(_ folder: String) -> Bool {
        let path = "\(folder)/../\(Manifest.fileName)"
        guard let name = folder.split(separator: "/").last,
            let content = try? SmallFile.read(path),
            let manifest = try? Manifest(content, path: path), manifest.logs.contains(String(name)),
            let names = try? PosixDisk().list(folder)
        else { return false }
        return !names.contains { $0.hasPrefix("segment-") || SnapshotFolder.isName($0) }
    }
}
