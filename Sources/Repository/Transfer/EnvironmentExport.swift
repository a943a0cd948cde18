internal import Billing
package import Interchange
internal import Logging
internal import Wire

/// Writes all of an environment as lines that any program can read, from its folder or a copy of
/// it.
///
/// Reads only, and takes no lock: beside a running server it is what was written when it looked.
package struct EnvironmentExport {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    private let name: String
    private let folder: String
    private let disk: any Disk

    /// - Parameters:
    ///   - name: the environment's.
    ///   - folder: the environment's.
    package init(_ name: String, in folder: String, disk: any Disk = PosixDisk()) {
        self.name = name
        self.folder = folder
        self.disk = disk
    }

    /// Hands over line after line, without line breaks; gives the first one.
    ///
    /// - Parameters:
    ///   - withEvents: usage events too, as far back as the log goes.
    ///   - withKeys: API keys too, by their hashes.
    package func run(
        withEvents: Bool = false, withKeys: Bool = false, _ write: (String) throws -> Void
    ) throws -> ExportHeader {
        guard let manifest = try SmallFile.read("\(folder)/\(Manifest.fileName)") else {
            throw Failure(description: "\(folder) is no environment: it has no MANIFEST")
        }
        let partitions = try partitions(
            Manifest(manifest, path: "\(folder)/\(Manifest.fileName)"))
        let directory = try Directory(log: try log(EnvironmentFolder.directory))
        let repositories = try partitions.map { try repository($0, directory) }
        // After the customers, which name the catalog that they were decided with.
        let (publications, pricing) = try publications()
        let customers = customers(of: repositories)
        let pages =
            try withEvents
            ? zip(partitions, repositories).map { partition, repository in
                // Up to where the customers were read.
                try EventPages(
                    partition.log, through: repository.log.end.sequence, seals: partition.seals)
            } : []
        var events: UInt64 = 0
        try pages.merge { _ in events += 1 }
        let last = repositories.map(\.now).max() ?? .epoch
        var header = ExportHeader(
            environment: name, time: max(last, publications.last?.time ?? .epoch),
            publications: UInt64(publications.count), customers: UInt64(customers.count),
            events: events, clockAhead: directory.clock.offset,
            codes: directory.redemptions.counts.map {
                CodeCount(code: $0.code, redemptions: UInt32(clamping: $0.redemptions))
            })
        header.fingerprintKey = directory.knownFingerprintKey.hexadecimal
        let keys = withKeys ? try KeyRing(folder: folder, environment: name).all : []
        header.keys = UInt64(keys.count)
        let codec = ExportCodec(pricing: pricing)
        try write(try codec.text(.header(header)))
        for publication in publications { try write(try codec.text(.publication(publication))) }
        for (repository, id) in customers {
            try write(try codec.text(.customer(try repository.exported(id))))
        }
        try pages.merge { try write(try codec.text(.event($0))) }
        for key in keys { try write(try codec.text(.key(ExportedKey(key)))) }
        return header
    }

    private func log(_ name: String) throws -> ReadOnlyLog {
        let path = "\(folder)/\(name)"
        let identity = try LogReader(folder: path, disk: disk).identity() ?? 0
        return ReadOnlyLog(folder: path, identity: identity, disk: disk)
    }

    private func publications() throws -> ([Publication], PricingState) {
        let arena = Arena()
        var pricing = PricingState.empty
        var publications: [Publication] = []
        _ = try log("directory").replay(from: 1) { _, _, bytes in
            arena.reset()
            let record = try RecordDecoder(arena: arena).directory(bytes)
            guard let draft = record.published else { return }
            pricing = pricing.publishing(draft)
            publications.append(
                Publication(
                    time: record.time, requestID: record.requestID, draft: draft, makes: pricing))
        }
        return (publications, pricing)
    }

    private func partitions(_ manifest: Manifest) throws -> [ExportedPartition] {
        try (0..<manifest.partitions).map { number in
            let path = "\(folder)/\(EnvironmentFolder.partition(number))"
            let identity = manifest.partitionIdentity(number)
            let seals =
                try manifest.seals
                ? CustomerKeyView(folder: path, identity: identity, disk: disk) : nil
            return ExportedPartition(
                snapshots: SnapshotFolder(disk: disk, folder: path, identity: identity),
                seals: seals, seed: manifest.customerSeed)
        }
    }

    private func repository(
        _ partition: ExportedPartition, _ directory: Directory
    ) throws -> CustomerRepository {
        let repository = CustomerRepository(
            directory: directory, log: partition.log, time: NoTime(),
            logger: Logger(label: "tally.export"), seed: partition.seed, requestSpan: 1,
            seals: partition.seals)
        _ = try repository.restore(from: partition.snapshots, threads: 1)
        return repository
    }

    /// In order of id.
    private func customers(
        of repositories: [CustomerRepository]
    ) -> [(repository: CustomerRepository, id: CustomerID)] {
        var all: [(repository: CustomerRepository, id: CustomerID)] = []
        for repository in repositories {
            repository.eachShard { shard in
                for row in 0..<shard.rows.count { all.append((repository, shard.rows[row].id)) }
            }
        }
        return all.sorted { $0.id < $1.id }
    }
}

/// A partition that is only read.
private struct ExportedPartition {
    var snapshots: SnapshotFolder
    /// Nil: nothing in it is sealed.
    var seals: CustomerKeyView?
    /// Of its customers' hashes.
    var seed: UInt64

    var log: ReadOnlyLog {
        ReadOnlyLog(
            folder: snapshots.folder, identity: snapshots.identity, disk: snapshots.disk)
    }
}

/// Nothing is decided here.
private struct NoTime: TimeSource {
    func now() -> Timestamp { .epoch }
}

extension CustomerRepository {
    /// A customer as it stands, whatever is due.
    fileprivate func exported(_ id: CustomerID) throws -> ExportedCustomer {
        let hash = self.hash(of: id)
        let row = withShard(Int(hash & 0xFF)) { shard in
            shard.find(id, hash: hash).map { shard.rows[$0] }
        }
        guard let row else { throw ExecuteFault.refused(.customerNotFound(id.text)) }
        return ExportedCustomer(try opened(row, Workspace()))
    }
}
