/// Makes an environment's folder out of a backup, having checked every record of it first.
package struct EnvironmentRestore {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// What a log of the backup holds.
    package struct Log: Sendable, Equatable {
        package var name: String
        package var records: UInt64
    }

    private let backup: String
    private let folder: String
    private let disk: any Disk

    /// - Parameter folder: must not exist.
    package init(_ backup: String, to folder: String, disk: any Disk = PosixDisk()) {
        self.backup = backup
        self.folder = folder
        self.disk = disk
    }

    /// Checks, copies, and makes the manifest last: what was cut short is refused at a start.
    package func run(_ progress: (Int) throws -> Void = { _ in }) throws -> [Log] {
        let path = "\(backup)/\(Manifest.fileName)"
        guard let content = try SmallFile.read(path) else {
            throw Failure(
                description:
                    "\(backup) is no whole backup: it has no MANIFEST, which is copied last")
        }
        let manifest = try Manifest(content, path: path)
        guard SmallFile.version(folder) == nil else {
            throw Failure(
                description: "\(folder) is there already; move it away first, nothing is replaced")
        }
        let names = Set(try disk.list(backup))
        for name in manifest.logs {
            guard names.contains(name) else {
                throw Failure(
                    description: "\(backup) has no folder \(name), which its MANIFEST tells of: "
                        + "use another backup")
            }
            try checkKeys(of: name, manifest)
        }
        let logs = try manifest.logs.map { Log(name: $0, records: try check($0)) }
        let folders = manifest.logs + manifest.dayFiles + [EnvironmentFolder.webhooks]
        for name in folders where names.contains(name) {
            try copy(name, progress)
        }
        for name in KeyRing.fileNames + [MemberList.fileName] {
            if let keys = try SmallFile.read("\(backup)/\(name)") {
                try SmallFile.write(keys, to: "\(folder)/\(name)")
            }
        }
        // What was paid since is looked up before anything is charged.
        try SmallFile.write([], to: "\(folder)/\(EnvironmentFolder.restored)")
        try SmallFile.write(content, to: "\(folder)/\(Manifest.fileName)")
        return logs
    }

    /// Nothing personal in a log can be read without its keys.
    private func checkKeys(of log: String, _ manifest: Manifest) throws {
        guard manifest.seals, log != EnvironmentFolder.directory else { return }
        let names = try disk.list("\(backup)/\(log)")
        guard !names.contains(CustomerKeys.fileName) else { return }
        throw Failure(
            description: "\(backup)/\(log) lacks \(CustomerKeys.fileName), without which nothing "
                + "personal in it can be read; use another backup")
    }

    private func check(_ name: String) throws -> UInt64 {
        switch try LogReader(folder: "\(backup)/\(name)", disk: disk).verify() {
        case .whole(let records, _): return records
        case .torn(let position, _):
            throw Failure(
                description: "\(backup)/\(name) is torn at \(position): the backup was cut short. "
                    + "Run tally log repair on it, or use another backup")
        case .damaged(let fault):
            throw Failure(description: "\(backup)/\(name): \(fault)")
        }
    }

    private func copy(_ name: String, _ progress: (Int) throws -> Void) throws {
        try SmallFile.makeFolder("\(folder)/\(name)")
        let files = try disk.list("\(backup)/\(name)")
        for file in files.filter({ SegmentName.recycled($0) == nil }).sorted() {
            let source = try disk.open("\(backup)/\(name)/\(file)", .reading)
            let target = try disk.open("\(folder)/\(name)/\(file)", .creating)
            var offset = 0
            while true {
                let bytes = try source.bytes(4 << 20, at: offset)
                guard !bytes.isEmpty else { break }
                try target.write(bytes, count: bytes.count, at: offset)
                offset += bytes.count
                try progress(bytes.count)
            }
            try target.sync()
        }
        try disk.syncFolder("\(folder)/\(name)")
    }
}
