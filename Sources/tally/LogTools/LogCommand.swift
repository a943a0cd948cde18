internal import ArgumentParser

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Looks into the logs that hold everything.",
        discussion: """
            The data folder has a folder for each environment, and that has two logs: directory \
            (the catalog) and partition-0 (the customers); with more partitions, as many more. \
            inspect and verify change nothing and take no lock, so they may run beside a server; \
            what it is writing at that moment may then look torn.

              tally log verify .data/sandbox
              tally log inspect .data/sandbox/partition-0 --limit 20
            """,
        subcommands: [InspectLog.self, VerifyLog.self, RepairLog.self])
}
