/// An environment's folder: what lies where in it, and what it says that it is.
///
///     MANIFEST        what the folder is; see Manifest
///     LOCK            held while a server uses the folder
///     keys.json       API keys, hashed
///     members.json    who uses the dashboard by name, and as what
///     sessions.json   of the dashboard, hashed
///     audit.jsonl     what was done in the dashboard, and by whom; see AuditTrail
///     portal.key      what addresses of customers' pages are sealed with; see PortalLinks
///     backup.json     what a follower says of its copy; see BackupStatus
///     payments        what the sandbox's provider remembers; see SandboxBooks
///     restored        it is a backup's copy, and the payment provider's books weren't compared yet
///     webhooks/       how far each receiver of webhooks was told; see CursorFile
///     directory/      log of the catalog
///     partition-0/    log of the customers, its snapshots, and the keys that what is personal in
///                     them is sealed with
///     events/         day files of usage, derived from that log
///     partition-1/    the same of the second partition, if there is one,
///     events-1/       and so on
struct EnvironmentFolder {
    static let directory = "directory"

    static func partition(_ number: Int) -> String { "partition-\(number)" }

    static func events(_ number: Int) -> String { number == 0 ? "events" : "events-\(number)" }

    static let webhooks = "webhooks"
    static let restored = "restored"

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let path: String
    let manifest: Manifest

    /// Reads the manifest; in an empty folder, makes everything first, the manifest last.
    ///
    /// - Parameter partitions: how many there are to be; nil: as many as there are, in a new folder
    ///   one.
    init(_ path: String, environment: String, partitions: Int?) throws {
        self.path = path
        let place = "\(path)/\(Manifest.fileName)"
        if let content = try SmallFile.read(place) {
            manifest = try Manifest(content, path: place)
        } else {
            manifest = Manifest(environment: environment, partitions: partitions ?? 1)
            try refuseRemains()
            for name in logs { try SmallFile.makeFolder("\(path)/\(name)") }
            try SmallFile.write(manifest.content, to: place)
        }
        guard manifest.environment == environment else {
            throw Failure(
                description: "\(path) is the \(manifest.environment) environment, not "
                    + "\(environment); give each its own folder")
        }
        guard partitions ?? manifest.partitions == manifest.partitions else {
            throw Failure(
                description: "\(path) was made with partitions = \(manifest.partitions), which "
                    + "stays; leave the setting partitions out, or set it to that")
        }
        try checkLogs()
    }

    /// The folders of logs, the partitions' first.
    var logs: [String] { manifest.logs }

    private func refuseRemains() throws {
        for name in logs {
            if try PosixDisk().names("\(path)/\(name)").isEmpty { continue }
            throw Failure(
                description: "\(path) has a log but no \(Manifest.fileName): it was copied in "
                    + "part; copy it whole, or restore it from a backup")
        }
    }

    /// A log that is missing would be taken for an empty one, and its customers for new.
    private func checkLogs() throws {
        for name in logs where SmallFile.version("\(path)/\(name)") == nil {
            throw Failure(
                description: "\(path) has no folder \(name), which its \(Manifest.fileName) tells "
                    + "of: it was copied in part; copy it whole, or restore it from a backup")
        }
        let next = EnvironmentFolder.partition(manifest.partitions)
        guard SmallFile.version("\(path)/\(next)") == nil else {
            throw Failure(
                description: "\(path) has a folder \(next), but by its \(Manifest.fileName) only "
                    + "\(manifest.partitions) partitions; restore that file as it was")
        }
    }
}

extension Manifest {
    /// The folders of the environment's logs, the partitions' first.
    var logs: [String] {
        (0..<partitions).map(EnvironmentFolder.partition) + [EnvironmentFolder.directory]
    }

    /// The folders of day files.
    var dayFiles: [String] { (0..<partitions).map(EnvironmentFolder.events) }
}

extension PosixDisk {
    /// Nothing when there is no such folder.
    fileprivate func names(_ folder: String) throws(DiskFault) -> [String] {
        do throws(DiskFault) {
            return try list(folder)
        } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }
}
