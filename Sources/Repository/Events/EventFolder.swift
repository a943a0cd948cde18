internal import Billing
package import Events

/// The day files of a folder. `2026-11-26-00000000000f4240.events` begins with an event of that
/// commit day and covers the log from that sequence on; `.writing` isn't whole yet; `.damaged` was
/// set aside and is kept for whoever wants to know.
package struct EventFolder: Sendable {
    static let suffix = ".events"
    private static let writing = ".writing"
    private static let damaged = ".damaged"

    let folder: String
    let disk: any Disk

    package init(folder: String, disk: any Disk = PosixDisk()) {
        self.folder = folder
        self.disk = disk
    }

    /// A file and what it is read by.
    struct Stored {
        var name: String
        var part: EventPart
    }

    /// Every day file that can be read at all, in order of the log, and the names of the others.
    /// What a crash left half written is removed.
    func load(identity: UInt64) throws -> (stored: [Stored], unreadable: [String]) {
        var stored: [Stored] = []
        var unreadable: [String] = []
        for name in try disk.list(folder).sorted() {
            if name.hasSuffix(Self.writing) {
                try disk.remove(path(name))
            } else if name.hasSuffix(Self.suffix) {
                do {
                    let part = try EventPart(file: try open(name))
                    if part.identity == identity, self.name(of: part) == name {
                        stored.append(Stored(name: name, part: part))
                    } else {
                        unreadable.append(name)
                    }
                } catch is EventFault {
                    unreadable.append(name)
                }
            }
        }
        stored.sort { $0.part.firstSequence < $1.part.firstSequence }
        return (stored, unreadable)
    }

    /// The files, in order of the log; those that can't be read are left out.
    package func parts(identity: UInt64) throws -> [EventPart] {
        try load(identity: identity).stored.map(\.part)
    }

    /// Writes what was collected: whole, and durable before it has its name.
    package func write(_ builder: inout EventPartBuilder) throws -> EventPart {
        let bytes = builder.finish()
        let name = name(of: builder.part())
        let temporary = path(name + Self.writing)
        do {
            try? disk.remove(temporary)
            let file = try disk.open(temporary, .creating)
            try bytes.withUnsafeBytes { try file.write($0, at: 0) }
            try file.sync()
        }
        try disk.rename(temporary, to: path(name))
        try disk.syncFolder(folder)
        return try EventPart(file: try open(name))
    }

    /// Takes a file out of use, but not away; it may be gone already.
    func setAside(_ name: String) throws {
        do throws(DiskFault) {
            try disk.rename(path(name), to: path(name + Self.damaged))
        } catch {
            guard error.isMissing else { throw error }
        }
        try disk.syncFolder(folder)
    }

    /// Removes what was set aside.
    func removeDamaged() throws {
        for name in try disk.list(folder) where name.hasSuffix(Self.damaged) {
            try disk.remove(path(name))
        }
        try disk.syncFolder(folder)
    }

    func name(of part: EventPart) -> String {
        let date = CivilDate(Timestamp(milliseconds: Int64(part.day) * 86_400_000))
        let day = [(date.year, 4), (date.month, 2), (date.day, 2)].map { number, width in
            Self.padded(String(number), width)
        }
        return day.joined(separator: "-") + "-"
            + Self.padded(String(part.firstSequence, radix: 16), 16) + Self.suffix
    }

    private static func padded(_ digits: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private func open(_ name: String) throws -> any EventBytes {
        try StoredBytes(disk, path(name))
    }

    private func path(_ name: String) -> String { folder + "/" + name }
}

/// A day file on a disk. Opened for each read: there may be more of them than a process may have
/// open.
private struct StoredBytes: EventBytes {
    private let disk: any Disk
    private let path: String
    let count: Int

    init(_ disk: any Disk, _ path: String) throws(DiskFault) {
        self.disk = disk
        self.path = path
        count = try disk.open(path, .reading).size()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        do throws(DiskFault) {
            if try disk.open(path, .reading).read(into: buffer, at: offset) == buffer.count {
                return
            }
        } catch {
            guard error.isMissing else { throw error }
        }
        throw EventFault.damaged("\(path) is gone or ends too early")
    }
}
