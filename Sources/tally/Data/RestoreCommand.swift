internal import ArgumentParser
internal import Repository
internal import Wire

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Makes a data folder out of a backup.",
        discussion: """
            Checks every record first, then copies; a folder that is there already is never touched.
            Start the server on the new folder afterwards. If the old server still runs somewhere,
            stop it: two servers that go on from one backup are two truths. Where Stripe collects,
            nothing is charged before its books were compared: what was paid since is found there.

              tally restore /mnt/backup/tally --data /var/lib/tally
            """)

    @Argument(help: "Folder that tally backup made.", completion: .directory)
    var backup: String

    @Option(help: "Folder of all data; its environments must not exist yet.")
    var data: String

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func run() async throws {
        for name in try DataFolder.environments(in: backup) {
            var progress = ByteProgress(name)
            let logs = try DataFolder.refusing {
                try EnvironmentRestore("\(backup)/\(name)", to: "\(data)/\(name)")
                    .run { progress.add($0) }
            }
            progress.end()
            for log in logs {
                print(json ? JSONWriter.text(object(log, name)) : line(log, name))
            }
        }
    }

    private func line(_ log: EnvironmentRestore.Log, _ name: String) -> String {
        "\(name)/\(log.name): \(log.records) record\(log.records == 1 ? "" : "s"), all whole"
    }

    private func object(_ log: EnvironmentRestore.Log, _ name: String) -> JSONValue {
        .object([
            "environment": .string(name), "log": .string(log.name),
            "records": .number(log.records),
        ])
    }
}
