internal import ArgumentParser
internal import Repository
internal import Synchronization
internal import UnixSignals
internal import Wire

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the data folder, beside a running server; can go on following it.",
        discussion: """
            Copies each environment's logs, keys and manifest to a folder, on another disk or mount
            for preference. Only what is durable is copied, and nothing twice: run it again and it
            goes on. Every checksum is checked on the way. The server need not be stopped, nor even
            run. Secrets are among it (hashed keys, customers' data): keep the copy as safe.

            --follow stays and ships what is new twice a second. A disaster then loses what is not
            in the copy: mostly under a second. The server warns, in its log and as the health of
            tally.backup.sandbox and tally.backup.live, when the copy is more than 5 s behind.

              tally backup /mnt/backup/tally --data /var/lib/tally
              tally backup /mnt/backup/tally --follow
              tally restore /mnt/backup/tally --data /var/lib/tally-restored
            """)

    @Argument(help: "Folder of the copy; made if there is none.", completion: .directory)
    var target: String

    @Option(help: "Folder of all data.")
    var data: String?

    @Flag(help: "Go on until SIGINT or SIGTERM.")
    var follow = false

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func run() async throws {
        var sources = ServerSettings.Sources()
        sources.flags["data"] = data
        let folder = try await ServerSettings(sources).data
        let names = try DataFolder.environments(in: folder)
        let target = target
        let backups = try DataFolder.refusing {
            try names.map { name in
                try EnvironmentBackup(from: "\(folder)/\(name)", to: "\(target)/\(name)")
            }
        }
        try copy(backups, names)
        if follow { try await follow(backups) }
    }

    /// Once through everything, with progress.
    private func copy(_ backups: [EnvironmentBackup], _ names: [String]) throws {
        for (backup, name) in zip(backups, names) {
            var progress = ByteProgress(name)
            let turn = try DataFolder.refusing { try backup.turn { progress.add($0) } }
            progress.end()
            print(json ? JSONWriter.text(object(turn, name)) : line(turn, name))
        }
    }

    private func follow(_ backups: [EnvironmentBackup]) async throws {
        if !json { print("following; Ctrl-C ends it") }
        let ending = Ending()
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                return ending.isNow.store(true, ordering: .relaxed)
            }
        }
        defer { signals.cancel() }
        while true {
            // Read before the turn: the last one is after the signal.
            let isLast = ending.isNow.load(ordering: .relaxed)
            try DataFolder.refusing {
                for backup in backups { try backup.say(try backup.turn(), ended: isLast) }
            }
            if isLast { return }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// It was told to stop.
    private final class Ending: Sendable {
        let isNow = Atomic(false)
    }

    private func line(_ turn: EnvironmentBackup.Turn, _ name: String) -> String {
        let last = turn.sequences.map { "\($0)" }.joined(separator: ", ")
        return "\(name): \(turn.bytes) bytes copied, up to record \(last)"
    }

    private func object(_ turn: EnvironmentBackup.Turn, _ name: String) -> JSONValue {
        .object([
            "environment": .string(name), "bytes": .number(turn.bytes),
            "sequences": .array(turn.sequences.map { .number($0) }),
        ])
    }
}
