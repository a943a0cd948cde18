internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Makes a data folder one of this version's format.",
        discussion: """
            A newer tally writes a folder in the folder's own format, so that the older one can
            still be put back. This ends that: older versions refuse the folder afterwards, and
            what the new format brings can be used. Stop the server first. Every record is
            checked; cut short, run it again; done already, it does nothing.

            Format 2 seals names, emails and the properties of usage with a key for each
            customer, which tally customer erase destroys. What was written before stays in the
            clear until history-days removes it; customers from before can't be erased until then.

              tally upgrade --data /var/lib/tally --dry-run
              tally upgrade --data /var/lib/tally
            """)

    @Option(help: "Folder of all data.")
    var data: String?

    @Flag(help: "Check everything, say what would be done, change nothing.")
    var dryRun = false

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func run() async throws {
        var sources = ServerSettings.Sources()
        sources.flags["data"] = data
        let folder = try await ServerSettings(sources).data
        let now = SystemTime().now().milliseconds
        for name in try DataFolder.environments(in: folder) {
            let upgrade = EnvironmentUpgrade(folder: "\(folder)/\(name)")
            let plan = try DataFolder.refusing {
                dryRun ? try upgrade.plan(now: now) : try upgrade.run(now: now)
            }
            print(json ? JSONWriter.text(object(plan, name)) : line(plan, name))
        }
    }

    private func line(_ plan: EnvironmentUpgrade.Plan, _ name: String) -> String {
        guard plan.isNeeded else { return "\(name): of format \(plan.from) already" }
        let records = "\(plan.records) record\(plan.records == 1 ? "" : "s"), all whole"
        return dryRun
            ? "\(name): would go from format \(plan.from) to \(plan.to); \(records)"
            : "\(name): went from format \(plan.from) to \(plan.to); \(records)"
    }

    private func object(_ plan: EnvironmentUpgrade.Plan, _ name: String) -> JSONValue {
        .object([
            "environment": .string(name), "from": .number(plan.from), "to": .number(plan.to),
            "records": .number(plan.records), "upgraded": .bool(plan.isNeeded && !dryRun),
        ])
    }
}
