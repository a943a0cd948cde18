internal import Billing

/// Copies an environment's folder beside the server that uses it, and can follow it.
///
/// Customers' records name the catalog they were decided with, so the customers' logs are shipped
/// before the directory's: the copy never refers to what it doesn't have. For the same reason the
/// keys of what is sealed come before the records that need them. Snapshots follow once the log in
/// the copy holds all that they do: they stand for what is older than `history-days`, and so do the
/// day files of usage. The manifest comes last: a copy that was cut short is no environment, and is
/// refused as one.
package final class EnvironmentBackup {
    /// What one turn did.
    package struct Turn: Sendable, Equatable {
        /// Bytes of logs.
        package var bytes = 0
        /// The last record in the copy, of each partition.
        package var sequences: [UInt64] = []
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    private let source: String
    private let target: String
    private let disk: any Disk
    private let targetDisk: any Disk
    private let manifest: Manifest
    /// Of the partitions in order, then the directory's.
    private let shippers: [(name: String, shipper: LogShipper)]
    private let keyShippers: [KeyShipper]
    /// Of the small files and the day files: what was copied last.
    private var copied: [String: [Int64]] = [:]

    /// - Parameter pace: how fast the source is read; nil: as fast as it can be.
    package init(
        from source: String, to target: String, disk: any Disk = PosixDisk(),
        targetDisk: any Disk = PosixDisk(), pace: BackupPace? = nil
    ) throws {
        let disk: any Disk = pace.map { PacedDisk(disk: disk, pace: $0) } ?? disk
        self.source = source
        self.target = target
        self.disk = disk
        self.targetDisk = targetDisk
        let path = "\(source)/\(Manifest.fileName)"
        guard let content = try SmallFile.read(path) else {
            throw Failure(description: "\(source) is no environment: it has no MANIFEST")
        }
        manifest = try Manifest(content, path: path)
        var keyShippers: [KeyShipper] = []
        shippers = try manifest.logs.map { name in
            try SmallFile.makeFolder("\(target)/\(name)")
            let keys = KeyShipper(
                from: "\(source)/\(name)", to: "\(target)/\(name)", disk: disk,
                targetDisk: targetDisk)
            keyShippers.append(keys)
            let shipper = LogShipper(
                from: "\(source)/\(name)", to: "\(target)/\(name)", disk: disk,
                targetDisk: targetDisk, beforePiece: keys.turn)
            return (name, shipper)
        }
        self.keyShippers = keyShippers
        try check()
    }

    /// Whose copy the target is, if it is one.
    private func check() throws {
        let path = "\(target)/\(Manifest.fileName)"
        guard let theirs = try SmallFile.read(path) else { return }
        let ours = try SmallFile.read("\(source)/\(Manifest.fileName)") ?? []
        // An upgrade changes the format, not whose folder it is.
        guard
            try Manifest(ours, path: source).folderID == Manifest(theirs, path: path).folderID
        else {
            throw Failure(
                description: "\(target) is a copy of another environment than \(source); choose "
                    + "another folder")
        }
    }

    /// Copies what is durable now and isn't there yet.
    ///
    /// - Parameters:
    ///   - progress: told after each piece how many bytes of logs it had.
    ///   - meanwhile: called now and then while large files are copied, which may take long: a
    ///     chance to `ship`.
    package func turn(
        _ progress: (Int) throws -> Void = { _ in }, meanwhile: () throws -> Void = {}
    ) throws -> Turn {
        var turn = try ship(progress)
        for (name, shipper) in shippers where name != EnvironmentFolder.directory {
            try copySnapshots(name, shipper, meanwhile)
        }
        // Keys that were destroyed.
        for shipper in keyShippers { try shipper.turn() }
        try copyDayFiles(meanwhile)
        try copyCursors()
        for name in KeyRing.fileNames + [MemberList.fileName, Manifest.fileName] {
            try copy(name)
        }
        turn.sequences = sequences
        return turn
    }

    /// The logs alone.
    package func ship(_ progress: (Int) throws -> Void = { _ in }) throws -> Turn {
        let bytes = try shippers.reduce(0) { try $0 + $1.shipper.turn(progress) }
        return Turn(bytes: bytes, sequences: sequences)
    }

    private var sequences: [UInt64] { shippers.dropLast().map(\.shipper.sequence) }

    private func mirror(_ name: String) -> FileMirror {
        FileMirror(
            disk: disk, targetDisk: targetDisk, source: "\(source)/\(name)",
            target: "\(target)/\(name)")
    }

    private func copySnapshots(
        _ name: String, _ shipper: LogShipper, _ meanwhile: () throws -> Void
    ) throws {
        guard let identity = shipper.identity else { return }
        let snapshots = SnapshotFolder(
            disk: disk, folder: "\(source)/\(name)", identity: identity)
        try mirror(name).run(
            isWanted: SnapshotFolder.isName,
            mayCopy: { name in
                // One that is damaged is of no use there either.
                guard let file = try? snapshots.open(name) else { return false }
                return file.trailer.highest <= shipper.sequence
            }, meanwhile: meanwhile)
    }

    private func copyDayFiles(_ meanwhile: () throws -> Void) throws {
        let names = try disk.list(source)
        for folder in manifest.dayFiles where names.contains(folder) {
            try SmallFile.makeFolder("\(target)/\(folder)")
            let mirror = mirror(folder)
            try mirror.run(
                isWanted: { $0.hasSuffix(EventFolder.suffix) },
                isReplaced: { name in
                    // Erasure takes properties out of it.
                    let path = "\(folder)/\(name)"
                    let version = SmallFile.version("\(source)/\(path)")
                    guard version != copied[path] else { return false }
                    copied[path] = version
                    return try mirror.differ(name, inLast: 24)
                }, meanwhile: meanwhile)
        }
    }

    private func copyCursors() throws {
        let folder = EnvironmentFolder.webhooks
        guard try disk.list(source).contains(folder) else { return }
        try SmallFile.makeFolder("\(target)/\(folder)")
        for name in try disk.list("\(source)/\(folder)") where name.hasSuffix(".json") {
            try copy("\(folder)/\(name)")
        }
    }

    private func copy(_ name: String) throws {
        let version = SmallFile.version("\(source)/\(name)")
        guard let version, version != copied[name],
            let content = try SmallFile.read("\(source)/\(name)")
        else { return }
        if try SmallFile.read("\(target)/\(name)") != content {
            try SmallFile.write(content, to: "\(target)/\(name)")
        }
        copied[name] = version
    }

    /// Tells the server that follows how far the copy is.
    package func say(_ turn: Turn, ended: Bool = false) throws {
        let status = BackupStatus(
            target: target, sequences: turn.sequences, time: SystemClock.wall.milliseconds,
            ended: ended)
        try status.write(in: source)
    }
}
