internal import ArgumentParser
internal import Glibc
internal import Interchange
internal import Repository

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes an environment as JSON lines that any program can read.",
        discussion: """
            The catalog with all its revisions, then every customer with subscriptions, balances,
            invoices and what is open; docs/export.md says how. It reads the data folder, or a
            backup of it, and changes nothing there; the server may run. Quantities are exact
            decimals, money is in minor units. Not in it: remembered request ids, and API keys
            unless asked for, which are hashes there.

              tally export --data /var/lib/tally --environment live > live.jsonl
              tally export --data /mnt/backup/tally --environment live --events --output live.jsonl
            """)

    @Option(help: "Folder of all data, or a backup.")
    var data: String?

    @Option(help: "sandbox or live.")
    var environment: String

    @Flag(help: "Usage events too, as far back as the log goes.")
    var events = false

    @Flag(help: "API keys too, by their hashes: an import accepts them again.")
    var keys = false

    @Option(help: "The file to write, which must not exist; default: standard output.")
    var output: String?

    func run() async throws {
        var sources = ServerSettings.Sources()
        sources.flags["data"] = data
        let folder = try await ServerSettings(sources).data
        guard try DataFolder.environments(in: folder).contains(environment) else {
            throw CommandFault("there is no environment \(environment) in \(folder)", exit: .usage)
        }
        var target = try LineOutput(output)
        let header = try DataFolder.refusing {
            let header = try EnvironmentExport(environment, in: "\(folder)/\(environment)")
                .run(withEvents: events, withKeys: keys) { try target.add($0) }
            try target.end()
            return header
        }
        Console.complain(
            "\(environment): \(header.publications) publications, \(header.customers) customers"
                + (events ? ", \(header.events) events" : "")
                + (keys ? ", \(header.keys) keys" : ""))
    }
}

/// Lines to a new file or to standard output.
private struct LineOutput {
    private static let chunk = 1 << 20

    private let descriptor: Int32
    private let path: String
    private var buffer: [UInt8] = []

    init(_ path: String?) throws(CommandFault) {
        self.path = path ?? "standard output"
        guard let path else {
            descriptor = STDOUT_FILENO
            return
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFault(
                "cannot make \(path): \(String(cString: strerror(errno)))", exit: .usage)
        }
    }

    mutating func add(_ line: String) throws {
        buffer += line.utf8
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.chunk { try flush() }
    }

    mutating func end() throws {
        try flush()
        guard descriptor != STDOUT_FILENO else { return }
        let isSynced = fsync(descriptor) == 0
        guard close(descriptor) == 0, isSynced else { throw failure() }
    }

    private mutating func flush() throws {
        var done = 0
        while done < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure() }
            done += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failure() -> CommandFault {
        CommandFault(
            "cannot write \(path): \(String(cString: strerror(errno)))", exit: .refused)
    }
}
