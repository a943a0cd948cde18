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
    /// - Parameter withEvents: usage events too, as far back as the log goes.
    package func run(
        withEvents: Bool = false, _ write: (String) throws -> Void
    ) throws -> ExportHeader {
        guard let manifest = try SmallFile.read("\(folder)/\(Manifest.fileName)") else {
            throw Failure(description: "\(folder) is no environment: it has no MANIFEST")
        }
        _ = try Manifest(manifest, path: "\(folder)/\(Manifest.fileName)")
        let publications = try publications()
        let directory = try Directory(log: try log("directory"))
        let partitions = try disk.list(folder).filter { $0.hasPrefix("partition-") }.sorted()
        let repositories = try partitions.map { try repository($0, directory) }
        let customers = customers(of: repositories)
        var events: UInt64 = 0
        if withEvents { try eachEvent(partitions) { _ in events += 1 } }
        let last = repositories.map(\.now).max() ?? .epoch
        let header = ExportHeader(
            environment: name, time: max(last, publications.last?.time ?? .epoch),
            publications: UInt64(publications.count), customers: UInt64(customers.count),
            events: events)
        let codec = ExportCodec(pricing: directory.current.pricing)
        try write(try codec.text(.header(header)))
        for publication in publications { try write(try codec.text(.publication(publication))) }
        for (repository, id) in customers {
            try write(try codec.text(.customer(try repository.exported(id))))
        }
        // A log that goes on is left at the same place.
        var left = events
        if withEvents {
            try eachEvent(partitions) { event in
                guard left > 0 else { return }
                left -= 1
                try write(try codec.text(.event(event)))
            }
        }
        return header
    }

    private func log(_ name: String) throws -> ReadOnlyLog {
        let path = "\(folder)/\(name)"
        let identity = try LogReader(folder: path, disk: disk).identity() ?? 0
        return ReadOnlyLog(folder: path, identity: identity, disk: disk)
    }

    private func publications() throws -> [Publication] {
        let arena = Arena()
        var pricing = PricingState.empty
        var publications: [Publication] = []
        _ = try log("directory").replay(from: 1) { _, _, bytes in
            arena.reset()
            let record = try RecordDecoder(arena: arena).directory(bytes)
            pricing = pricing.publishing(record.published)
            publications.append(
                Publication(
                    time: record.time, requestID: record.requestID, draft: record.published,
                    makes: pricing))
        }
        return publications
    }

    private func repository(_ name: String, _ directory: Directory) throws -> CustomerRepository {
        let path = "\(folder)/\(name)"
        let identity = try LogReader(folder: path, disk: disk).identity() ?? 0
        let repository = CustomerRepository(
            directory: directory,
            log: ReadOnlyLog(folder: path, identity: identity, disk: disk), time: NoTime(),
            logger: Logger(label: "tally.export"), seed: identity, requestSpan: 1)
        _ = try repository.restore(
            from: SnapshotFolder(disk: disk, folder: path, identity: identity), threads: 1)
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

    /// In order of commit, partition by partition.
    private func eachEvent(
        _ partitions: [String], _ body: (ExportedEvent) throws -> Void
    ) throws {
        for name in partitions {
            let log = try log(name)
            guard let first = try log.firstSequence() else { continue }
            _ = try log.replay(from: first) { _, _, bytes in
                var scan = UsageScan()
                try scan.run(bytes) { usage in
                    guard let customer = CustomerID(usage.customer) else { return }
                    try body(
                        ExportedEvent(
                            customer: customer, feature: usage.feature, value: usage.value,
                            committed: usage.commitTime, label: usage.label))
                }
            }
        }
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
