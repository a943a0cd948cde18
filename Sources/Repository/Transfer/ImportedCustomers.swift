internal import Billing
internal import Interchange
internal import Wire

/// The customers' logs of a new environment, being filled.
struct ImportedCustomers {
    private let manifest: Manifest
    private let logs: [ImportedLog]
    private var counts: [UInt64]
    /// Of each customer: its last record's position, and its key.
    private var last: [CustomerID: (position: UInt64, key: UInt32)] = [:]
    /// So many facts fit a record, however large each of them is.
    private static let factLimit = 32

    /// - Parameter draft: the environment's folder.
    init(_ draft: String, _ manifest: Manifest) throws {
        self.manifest = manifest
        for number in 0..<manifest.partitions {
            try SmallFile.makeFolder("\(draft)/\(EnvironmentFolder.events(number))")
        }
        logs = try (0..<manifest.partitions).map { number in
            let folder = "\(draft)/\(EnvironmentFolder.partition(number))"
            let identity = manifest.partitionIdentity(number)
            try SmallFile.makeFolder(folder)
            let keys =
                try manifest.seals
                ? CustomerKeys.open(folder: folder, identity: identity, disk: PosixDisk()) : nil
            return try ImportedLog(
                folder: folder, identity: identity, segmentSize: 64 << 20, keys: keys)
        }
        counts = logs.map { _ in 0 }
    }

    mutating func append(_ event: ExportedEvent) throws {
        let usage = Fact.usageRecorded(
            feature: event.feature, value: event.value, label: event.label)
        try append([usage], to: event.customer, catalog: 0, at: event.committed)
    }

    mutating func append(_ customer: ExportedCustomer, at time: Timestamp) throws {
        var rest = customer.facts[...]
        while !rest.isEmpty {
            try append(
                Array(rest.prefix(Self.factLimit)), to: customer.id, catalog: customer.catalog,
                at: time)
            rest = rest.dropFirst(Self.factLimit)
        }
    }

    private mutating func append(
        _ facts: [Fact], to id: CustomerID, catalog: UInt64, at time: Timestamp
    ) throws {
        let number = Partition.number(
            ofHash: id.hash(seed: manifest.customerSeed), of: manifest.partitions)
        let last = last[id] ?? (0, 0)
        var record = CustomerRecord(
            customer: id, time: time, catalogSequence: catalog,
            previousPosition: last.position, facts: facts, request: nil)
        record.key = last.key
        let position = try logs[number].append(&record)
        self.last[id] = (position, record.key == 0 ? last.key : record.key)
        counts[number] += 1
    }

    /// Durable, and read once more.
    func end() throws {
        for (log, count) in zip(logs, counts) { try log.end(records: count) }
    }
}
