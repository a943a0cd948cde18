internal import Glibc
internal import Synchronization

/// What the sandbox's provider remembers: words by key, the last ones said of it.
///
/// A file keeps them over a restart, one line an entry, the key before the first tab; what was
/// said together is appended together. Nothing is synced: it is meant to outlive the process, not
/// the machine, and no money moves. Entries are kept in two generations; the older one is dropped
/// whole, and its file with it, so that neither grows for ever.
final class SandboxBooks: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let generationLimit = 200_000

    /// Entries, as one deed sees and changes them.
    struct Entries {
        fileprivate var older: [String: String] = [:]
        fileprivate var newer: [String: String] = [:]
        fileprivate var lines = ""

        subscript(key: String) -> String? {
            get { newer[key] ?? older[key] }
            set {
                guard let newValue else { return }
                newer[key] = newValue
                lines += "\(key)\t\(newValue)\n"
            }
        }

        /// Keys that begin so, in order.
        func keys(from prefix: String) -> [String] {
            Set(older.keys).union(newer.keys).filter { $0.hasPrefix(prefix) }.sorted()
        }
    }

    private struct State {
        var entries = Entries()
        /// Not opened before it is needed.
        var file: Int32?
    }

    /// nil: in memory only.
    private let path: String?
    private let state = Mutex(State())

    init(path: String?) {
        self.path = path
    }

    deinit {
        state.withLock { if let file = $0.file { close(file) } }
    }

    /// Reads and changes; what is changed is in the file when it returns.
    func enter<Result>(_ deed: (inout Entries) throws -> Result) throws -> Result {
        try state.withLock { state in
            if let path, state.file == nil { try begin(path, &state) }
            let result = try deed(&state.entries)
            if let file = state.file { try append(state.entries.lines, to: file) }
            state.entries.lines = ""
            if state.entries.newer.count >= SandboxBooks.generationLimit { try turn(&state) }
            return result
        }
    }

    private func begin(_ path: String, _ state: inout State) throws {
        state.entries.older = try SandboxBooks.read(path + ".older")
        state.entries.newer = try SandboxBooks.read(path)
        state.file = try SandboxBooks.file(at: path)
    }

    private static func file(at path: String) throws -> Int32 {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("open", path) }
        return file
    }

    private static func read(_ path: String) throws -> [String: String] {
        guard let stream = fopen(path, "re") else {
            if errno == ENOENT { return [:] }
            throw Failure("read", path)
        }
        defer { fclose(stream) }
        var entries: [String: String] = [:]
        var (line, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(line) }
        while case let count = getline(&line, &capacity, stream), count > 0, let line {
            let text = String(cString: line)
            // A line that isn't whole was never said.
            guard text.hasSuffix("\n"), let tab = text.firstIndex(of: "\t") else { continue }
            entries[String(text[..<tab])] = String(text[text.index(after: tab)...].dropLast())
        }
        return entries
    }

    private func append(_ lines: String, to file: Int32) throws {
        var lines = lines
        try lines.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(file, bytes.baseAddress! + written, bytes.count - written)
                guard count > 0 else { throw Failure("write", path ?? "") }
                written += count
            }
        }
    }

    private func turn(_ state: inout State) throws {
        state.entries.older = state.entries.newer
        state.entries.newer = [:]
        guard let path, let file = state.file else { return }
        guard rename(path, path + ".older") == 0 else { throw Failure("rename", path) }
        close(file)
        state.file = nil
        state.file = try SandboxBooks.file(at: path)
    }
}

extension SandboxBooks.Failure {
    fileprivate init(_ what: String, _ path: String) {
        description = "cannot \(what) \(path): \(String(cString: strerror(errno)))"
    }
}
