internal import ArgumentParser
internal import Repository
internal import Wire

struct RepairLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Says what is damaged in a log, and cuts it off if told to.",
        discussion: """
            A server refuses to start on a damaged log. The remedy is a backup (tally restore). If
            there is none, the log can be cut off before the first bad place: everything committed
            from there on is lost, acknowledged or not. --dry-run says how much that is and changes
            nothing. What is cut off is kept in files beside the segments.

              tally log repair .data/sandbox/partition-0 --dry-run
              tally log repair .data/sandbox/partition-0 --accept-loss
            """)

    @Argument(help: "The log's folder.", completion: .directory)
    var folder: String

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @Flag(help: "Cut the log off; the server must be stopped.")
    var acceptLoss = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard dryRun != acceptLoss else {
            throw ValidationError("give either --dry-run or --accept-loss")
        }
    }

    func run() async throws {
        let folder = try LogFolder.log(folder)
        try DataFolder.refusing {
            let lock = acceptLoss ? try FolderLock(folder: environment(of: folder)) : nil
            try withExtendedLifetime(lock) { try repair(LogRepair(folder: folder), folder) }
        }
    }

    private func repair(_ repair: LogRepair, _ folder: String) throws {
        guard let plan = try repair.plan() else {
            print(json ? "{\"damaged\":false}" : "\(folder): whole, nothing to repair")
            return
        }
        let copies = acceptLoss ? try repair.run(plan) : []
        print(json ? JSONWriter.text(object(plan, copies)) : text(plan, copies, folder))
    }

    /// The folder whose lock a server holds: the log's parent.
    private func environment(of folder: String) -> String {
        let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        return parent.isEmpty ? "." : parent
    }

    private func text(_ plan: LogRepair.Plan, _ copies: [String], _ folder: String) -> String {
        let lost =
            plan.lostRecords == 0
            ? "no whole record lies behind it"
            : "\(plan.lostRecords) whole records lie behind it, the last is \(plan.lastLost)"
        let first = "\(folder): bad at \(plan.position): \(plan.problem); \(lost)"
        return acceptLoss
            ? "\(first)\ncut off: the log ends with record \(plan.kept) now; \(plan.bytes) bytes "
                + "are kept in \(copies.joined(separator: ", "))"
            : "\(first)\nrepairing would end the log with record \(plan.kept) and cut off "
                + "\(plan.bytes) bytes"
    }

    private func object(_ plan: LogRepair.Plan, _ copies: [String]) -> JSONValue {
        .object([
            "damaged": .bool(true), "segment": .number(plan.position.segment),
            "offset": .number(plan.position.offset), "problem": .string("\(plan.problem)"),
            "kept_through": .number(plan.kept), "lost_records": .number(plan.lostRecords),
            "bytes": .number(plan.bytes), "repaired": .bool(acceptLoss),
            "copies": .array(copies.map { .string($0) }),
        ])
    }
}
