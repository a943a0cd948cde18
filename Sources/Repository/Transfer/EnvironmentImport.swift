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
    private let partitions: Int
    private let disk: any Disk

    /// - Parameters:
    ///   - path: the export.
    ///   - environment: the new one's name; nil: as in the export.
    ///   - partitions: how many the new one gets.
    package init(
        _ path: String, to dataFolder: String, environment: String? = nil,
        partitions: Int = 1, disk: any Disk = PosixDisk()
    ) {
        self.path = path
        self.dataFolder = dataFolder
        self.environment = environment
        self.partitions = partitions
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
        guard !check.hasMovedClocks || (environment ?? header.environment) != "live" else {
            throw ImportFault(
                line: 1, field: "environment",
                "must be sandbox: test clocks were moved, and live has none")
        }
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
            environment: environment ?? header.environment, partitions: partitions)
        let directory = try ImportedLog(
            folder: "\(draft)/\(EnvironmentFolder.directory)",
            identity: manifest.directoryIdentity, segmentSize: 4 << 20, keys: nil)
        var customers = try ImportedCustomers(draft, manifest)
        var keys = ImportedKeys(isKept: manifest.environment == header.environment)
        // Usage first: it is older than what the customers are now.
        try eachLine { line, number in
            switch line {
            case .publication(let publication): try directory.append(publication)
            case .event(let event): try customers.append(event)
            case .key(let key): try keys.add(key)
            case .header, .customer: break
            }
            progress(number)
        }
        var referralCodes: UInt64 = 0
        try eachLine { line, number in
            guard case .customer(let customer) = line else { return }
            try customers.append(customer, at: header.time)
            for code in customer.referralCodes {
                try directory.append(code, of: customer.id, at: header.time)
                referralCodes += 1
            }
            progress(number)
        }
        let isKeyed = !header.fingerprintKey.isEmpty
        if isKeyed { try directory.append(fingerprintKey: header.fingerprintKey, at: header.time) }
        let isMoved = header.clockAhead != 0
        if isMoved { try directory.append(clockAhead: header.clockAhead, at: header.time) }
        for count in header.codes { try directory.append(count, at: header.time) }
        try directory.end(
            records: header.publications + (isMoved ? 1 : 0) + (isKeyed ? 1 : 0) + referralCodes
                + UInt64(header.codes.count))
        try customers.end()
        try keys.write(to: draft)
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
