internal import Billing
internal import Glibc
package import Interchange
internal import Wire

/// Makes a new environment out of an export. All of the file is checked before anything is written,
/// and what is written is checked before it gets its name: there is all of it, or nothing.
package struct EnvironmentImport {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    private let path: String
    private let dataFolder: String
    private let environment: String?
    private let disk: any Disk

    /// - Parameters:
    ///   - path: the export.
    ///   - environment: the new one's name; nil: as in the export.
    package init(
        _ path: String, to dataFolder: String, environment: String? = nil,
        disk: any Disk = PosixDisk()
    ) {
        self.path = path
        self.dataFolder = dataFolder
        self.environment = environment
        self.disk = disk
    }

    /// Reads all of it and writes nothing.
    ///
    /// - Parameter progress: told of each line.
    package func check(_ progress: (Int) -> Void = { _ in }) throws -> ExportHeader {
        var check = ExportCheck()
        var number = 0
        try eachLine { line, at in
            number = at
            try check.take(line)
            progress(at)
        }
        do {
            try check.end()
        } catch {
            throw ImportFault(line: max(number, 1), field: error.field, error.message)
        }
        guard let header = check.header else { throw ImportFault(line: 1, "the file is empty") }
        _ = try folder(header)
        return header
    }

    /// See `check`; the file is read twice more.
    package func run(_ progress: (Int) -> Void = { _ in }) throws -> ExportHeader {
        let header = try check(progress)
        let folder = try folder(header)
        let draft = "\(dataFolder)/.importing-\(environment ?? header.environment)"
        try remove(draft)
        do {
            try write(header, to: draft, progress)
            try disk.rename(draft, to: folder)
            try disk.syncFolder(dataFolder)
        } catch {
            try? remove(draft)
            throw error
        }
        return header
    }

    /// Where it goes, which must be free.
    private func folder(_ header: ExportHeader) throws -> String {
        let name = environment ?? header.environment
        guard ["sandbox", "live"].contains(name) else {
            throw ImportFault(line: 1, field: "environment", "must be sandbox or live")
        }
        let folder = "\(dataFolder)/\(name)"
        guard SmallFile.version(folder) == nil else {
            throw Failure(
                description: "\(folder) is there already; an import makes a new environment. Move "
                    + "it away first, or give another data folder")
        }
        return folder
    }

    private func write(
        _ header: ExportHeader, to draft: String, _ progress: (Int) -> Void
    ) throws {
        let manifest = Manifest(
            environment: environment ?? header.environment, partitions: 1)
        try SmallFile.makeFolder("\(draft)/events")
        let directory = try ImportedLog(
            folder: "\(draft)/directory", identity: manifest.seed &+ 1, segmentSize: 4 << 20)
        let customers = try ImportedLog(
            folder: "\(draft)/partition-0", identity: manifest.seed &+ 2, segmentSize: 64 << 20)
        // Usage first: it is older than what the customers are now.
        var last: [CustomerID: UInt64] = [:]
        try eachLine { line, number in
            switch line {
            case .publication(let publication): try directory.append(publication)
            case .event(let event):
                last[event.customer] = try customers.append(event, after: last[event.customer])
            case .header, .customer: break
            }
            progress(number)
        }
        try eachLine { line, number in
            guard case .customer(let customer) = line else { return }
            try customers.append(customer, at: header.time, after: last[customer.id])
            progress(number)
        }
        try directory.end(records: header.publications)
        try customers.end(records: header.customers + header.events)
        // The last: without it the folder is no environment.
        try SmallFile.write(manifest.content, to: "\(draft)/\(Manifest.fileName)")
    }

    /// Reads the file from its beginning; what is wrong is told with its line.
    private func eachLine(_ body: (ExportLine, Int) throws -> Void) throws {
        let file: any DiskFile
        do throws(DiskFault) {
            file = try disk.open(path, .reading)
        } catch {
            throw Failure(description: "cannot read the export: \(error)")
        }
        var reader = LineReader(file)
        var codec = ExportCodec()
        while let bytes = try reader.next() {
            do {
                try body(try codec.read(bytes), reader.number)
            } catch let fault as FormFault {
                throw ImportFault(line: reader.number, field: fault.field, fault.message)
            }
        }
    }

    /// What an import that was cut short left.
    private func remove(_ draft: String) throws {
        guard SmallFile.version(draft) != nil else { return }
        for name in try disk.list(draft) {
            let path = "\(draft)/\(name)"
            guard let files = try? disk.list(path) else {
                try disk.remove(path)
                continue
            }
            for file in files { try disk.remove("\(path)/\(file)") }
            guard rmdir(path) == 0 else { throw DiskFault("rmdir", path) }
        }
        guard rmdir(draft) == 0 else { throw DiskFault("rmdir", draft) }
    }
}

/// A new log that is filled.
private struct ImportedLog {
    private let folder: String
    private let log: FlatFileLog
    private let arena = Arena()

    init(folder: String, identity: UInt64, segmentSize: Int) throws {
        try SmallFile.makeFolder(folder)
        var settings = LogSettings()
        settings.segmentSize = segmentSize
        self.folder = folder
        log = FlatFileLog(folder: folder, identity: identity, settings: settings)
        _ = try log.replay(from: 1) { _, _, _ in }
    }

    func append(_ publication: Publication) throws {
        arena.reset()
        let record = DirectoryRecord(
            time: publication.time, published: publication.draft,
            requestID: publication.requestID)
        _ = try append(RecordWriter(arena: arena).directory(record))
    }

    /// Gives the record's position.
    func append(_ event: ExportedEvent, after previous: UInt64?) throws -> UInt64 {
        let usage = Fact.usageRecorded(
            feature: event.feature, value: event.value, label: event.label)
        return try append(
            CustomerRecord(
                customer: event.customer, time: event.committed, catalogSequence: 0,
                previousPosition: previous ?? 0, facts: [usage], request: nil))
    }

    func append(
        _ customer: ExportedCustomer, at time: Timestamp, after previous: UInt64?
    ) throws {
        _ = try append(
            CustomerRecord(
                customer: customer.id, time: time, catalogSequence: customer.catalog,
                previousPosition: previous ?? 0, facts: customer.facts, request: nil))
    }

    private func append(_ record: CustomerRecord) throws -> UInt64 {
        arena.reset()
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        return try append(RecordWriter(arena: arena).record(record, reply: nothing))
    }

    private func append(_ payload: UnsafeRawBufferPointer) throws -> UInt64 {
        while true {
            do throws(LogFault) {
                return try log.append(payload).position.rawValue
            } catch {
                guard case .unavailable = error else { throw error }
                // The disk is behind, or the next segment isn't ready.
                try log.waitUntilDurable(log.end.sequence)
                usleep(1_000)
            }
        }
    }

    /// Durable, and read once more.
    func end(records: UInt64) throws {
        try log.close()
        let verdict = try LogReader(folder: folder).verify()
        guard verdict == .whole(records: records, lastSequence: records) else {
            throw EnvironmentImport.Failure(
                description: "\(folder) isn't what was written to it: \(verdict); check the disk")
        }
    }
}
