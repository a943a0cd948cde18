internal import Glibc
internal import Wire

extension AuditTrail {
    /// So far behind an entry its outcome is looked for; of calls that took longer than so much
    /// else was done, it is on the page before.
    private static let outcomeReach = 64 << 10

    /// A page token that is none.
    package struct UnknownPage: Error {}

    /// Entries, newest first.
    ///
    /// - Parameter token: from the page before; nil: the first page.
    package func list(
        after token: String?, size: Int
    ) throws -> (entries: [AuditEntry], next: String?) {
        let place = try token.map { text in
            guard let place = AuditPlace(text) else { throw UnknownPage() }
            return place
        }
        var files = paths.compactMap { BackwardLines($0) }
        var limit = Int.max
        if let place {
            guard let index = files.firstIndex(where: { $0.inode == place.inode }) else {
                return ([], nil)
            }
            files.removeFirst(index)
            limit = place.offset
            files[0].begin(at: place.offset + AuditTrail.outcomeReach)
        }
        return collect(files, size: size, before: limit)
    }

    /// - Parameter limit: of the first file, only what begins before this offset.
    private func collect(
        _ files: [BackwardLines], size: Int, before limit: Int
    ) -> (entries: [AuditEntry], next: String?) {
        var (outcomes, entries) = ([String: String](), [AuditEntry]())
        var last: AuditPlace?
        for (index, file) in files.enumerated() {
            var file = file
            while let line = file.next() {
                guard let json = try? JSONParser.parse(line.bytes) else { continue }
                if let id = json.text("of") {
                    outcomes[id] = json.text("outcome")
                    continue
                }
                guard index > 0 || line.offset < limit, var entry = AuditEntry(json) else {
                    continue
                }
                if entries.count == size { return (entries, last?.text) }
                if let id = json.text("id"), let outcome = outcomes.removeValue(forKey: id) {
                    entry.outcome = outcome
                }
                entries.append(entry)
                last = AuditPlace(inode: file.inode, offset: line.offset)
            }
        }
        return (entries, nil)
    }
}

/// Where an entry stands: a file keeps its number when it gets another name.
private struct AuditPlace {
    var inode: UInt64
    var offset: Int

    var text: String { "\(inode)-\(offset)" }

    init(inode: UInt64, offset: Int) {
        self.inode = inode
        self.offset = offset
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-")
        guard parts.count == 2, let inode = UInt64(parts[0]), let offset = Int(parts[1]),
            offset >= 0, offset < 1 << 40
        else { return nil }
        self.init(inode: inode, offset: offset)
    }
}

/// The lines of a file, the last first, block by block.
private struct BackwardLines {
    private static let blockSize = 64 << 10

    let inode: UInt64
    private let path: String
    private let size: Int
    /// Where `rest` begins in the file.
    private var position: Int
    /// What was read and not given yet.
    private var rest: [UInt8] = []

    /// nil: there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.path = path
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        position = size
    }

    /// Only what stands before this; the line that is cut by it is half a line.
    mutating func begin(at offset: Int) {
        position = min(offset, size)
        rest = []
    }

    mutating func next() -> (offset: Int, bytes: [UInt8])? {
        while true {
            if let end = rest.lastIndex(of: UInt8(ascii: "\n")) {
                let line = Array(rest[(end + 1)...])
                rest.removeSubrange(end...)
                if !line.isEmpty { return (position + end + 1, line) }
            } else if position == 0 {
                defer { rest = [] }
                return rest.isEmpty ? nil : (0, rest)
            } else if !readBlock() {
                return nil
            }
        }
    }

    /// False: the file is gone, or was cut.
    private mutating func readBlock() -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, UInt64(status.st_ino) == inode else { return false }
        let count = min(BackwardLines.blockSize, position)
        var block = [UInt8](repeating: 0, count: count)
        guard pread(file, &block, count, off_t(position - count)) == count else { return false }
        position -= count
        rest = block + rest
        return true
    }
}
