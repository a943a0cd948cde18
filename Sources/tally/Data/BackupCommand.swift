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

            The data folder is read at 100 MiB/s at most, all environments together, so that the
            server's own syncs don't suffer; --rate-mib sets another limit. It must be more than the
            logs grow by.

              tally backup /mnt/backup/tally --data /var/lib/tally
              tally backup /mnt/backup/tally --follow
              tally restore /mnt/backup/tally --data /var/lib/tally-restored
            """)

    /// Between two looks, milliseconds.
    private static let interval: Int64 = 500

    @Argument(help: "Folder of the copy; made if there is none.", completion: .directory)
    var target: String

    @Option(help: "Folder of all data.")
    var data: String?

    @Flag(help: "Go on until SIGINT or SIGTERM.")
    var follow = false

    @Option(
        name: .customLong("rate-mib"),
        help: "MiB a second that are read, from 8 up; 0: no limit.")
    var rate = 100

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func validate() throws {
        guard rate == 0 || (8...1 << 20).contains(rate) else {
            throw ValidationError("--rate-mib must be 0 or a whole number from 8 to \(1 << 20)")
        }
    }

    func run() async throws {
        var sources = ServerSettings.Sources()
        sources.flags["data"] = data
        let folder = try await ServerSettings(sources).data
        let names = try DataFolder.environments(in: folder)
        let target = target
        let pace = rate == 0 ? nil : BackupPace(bytesPerSecond: rate << 20)
        let backups = try DataFolder.refusing {
            try names.map { name in
                try EnvironmentBackup(
                    from: "\(folder)/\(name)", to: "\(target)/\(name)", pace: pace)
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
            try DataFolder.refusing { try look(backups) }
            if isLast { break }
            try? await Task.sleep(for: .milliseconds(Self.interval))
        }
        try DataFolder.refusing {
            for backup in backups { try backup.say(try backup.ship(), ended: true) }
        }
    }

    /// Large files take their time; the logs don't wait for them.
    private func look(_ backups: [EnvironmentBackup]) throws {
        var shipped = SystemClock.monotonic
        for backup in backups {
            let turn = try backup.turn(meanwhile: {
                guard SystemClock.monotonic - shipped >= Self.interval else { return }
                for backup in backups { try backup.say(try backup.ship()) }
                shipped = SystemClock.monotonic
            })
            try backup.say(turn)
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
