internal import Billing
internal import Glibc
internal import Wire

/// The keys of customers' applications, which come and go by the hour, and when keys were used: a
/// file that grows by lines of JSON, beside the one of the keys that people make.
///
///     {"put": {…}}                a key, as in `KeyFile`; or another state of it
///     {"end": "key_…"}            it is no more
///     {"used": "key_…", "at": …}  in that hour
///
/// A line counts once its line break is there: what a crash cut short is cut off by the next
/// writer. Lines but those of use are synced before anybody is given the key. It is written anew,
/// without what has ended, once it is several times larger than what it says.
struct KeyJournal {
    enum Line {
        case put(APIKey)
        case end(String)
        case used(String, at: Int64)
    }

    static let fileName = "customer-tokens.jsonl"
    /// Below this it isn't worth while.
    private static let compactFromBytes = 4 << 20

    private let path: String
    /// Up to where it was read, and of which file.
    private var offset = 0
    private var inode: UInt64 = 0

    init(folder: String) {
        path = "\(folder)/\(KeyJournal.fileName)"
    }

    /// What was written since the last time; `isNew`: by itself, the file is another one.
    mutating func read() throws -> (lines: [Line], isNew: Bool) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw SmallFile.Failure("read", path) }
            let wasThere = inode != 0
            (offset, inode) = (0, 0)
            return ([], wasThere)
        }
        let isNew = UInt64(status.st_ino) != inode || Int(status.st_size) < offset
        if isNew { offset = 0 }
        inode = UInt64(status.st_ino)
        guard Int(status.st_size) > offset else { return ([], isNew) }
        let bytes = try content(from: offset)
        guard let last = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return ([], isNew) }
        offset += last + 1
        let lines = try bytes[..<last].split(separator: UInt8(ascii: "\n")).map {
            try line(Array($0))
        }
        return (lines, isNew)
    }

    /// Under the lock of the keys, with everything read.
    mutating func append(_ lines: [Line], isSynced: Bool = true) throws {
        guard !lines.isEmpty else { return }
        let isFresh = inode == 0
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SmallFile.Failure("write", path) }
        defer { close(file) }
        // What a crash cut short.
        guard ftruncate(file, off_t(offset)) == 0 else { throw SmallFile.Failure("cut", path) }
        let bytes = lines.map { KeyJournal.text($0) + "\n" }.joined().utf8.map { $0 }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                pwrite(file, $0.baseAddress, $0.count, off_t(offset + written))
            }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                _ = ftruncate(file, off_t(offset))
                throw SmallFile.Failure("write", path)
            }
            written += count
        }
        if isSynced {
            guard fdatasync(file) == 0 else { throw SmallFile.Failure("sync", path) }
            if isFresh { try SmallFile.syncFolder(ofFile: path) }
        }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw SmallFile.Failure("read", path) }
        inode = UInt64(status.st_ino)
        offset += bytes.count
    }

    /// Under the lock of the keys: says only this from now on, if it says much more.
    mutating func compact(to lines: () -> [Line]) throws {
        guard offset > KeyJournal.compactFromBytes else { return }
        let text = lines().map { KeyJournal.text($0) + "\n" }.joined()
        guard text.utf8.count < offset / 2 else { return }
        try SmallFile.write(Array(text.utf8), to: path)
        var status = stat()
        guard stat(path, &status) == 0 else { throw SmallFile.Failure("read", path) }
        (inode, offset) = (UInt64(status.st_ino), text.utf8.count)
    }

    private func content(from start: Int) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SmallFile.Failure("read", path) }
        defer { close(file) }
        guard lseek(file, off_t(start), SEEK_SET) >= 0 else {
            throw SmallFile.Failure("read", path)
        }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw SmallFile.Failure("read", path) }
            if count == 0 { return content }
            content += buffer[..<count]
        }
    }

    private static func text(_ line: Line) -> String {
        let object: JSONObject =
            switch line {
            case .put(let key): ["put": .object(KeyFile.object(key))]
            case .end(let id): ["end": .string(id)]
            case .used(let id, let time): ["used": .string(id), "at": .number(String(time))]
            }
        return JSONWriter.text(.object(object))
    }

    private func line(_ bytes: [UInt8]) throws -> Line {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            throw KeyFile.Failure(
                description: "\(path) is damaged (\(error)); restore it from a backup")
        }
        if let key = value["put"] { return .put(try KeyFile.key(key, path: path)) }
        if case .string(let id)? = value["end"] { return .end(id) }
        if case .string(let id)? = value["used"], case .number(let text)? = value["at"],
            let time = Int64(text)
        {
            return .used(id, at: time)
        }
        throw KeyFile.Failure(
            description: "\(path) has a line that isn't known; it is of a newer tally")
    }
}
