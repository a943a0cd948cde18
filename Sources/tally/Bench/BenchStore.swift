internal import ArgumentParser
internal import Events
internal import Glibc
internal import NIOCore
internal import Repository
internal import Wire

struct BenchStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Measures the store alone: memory, pauses, snapshot, restart. No server.",
        discussion: """
            Makes --customers customers, each with a subscription and four balances, in a new \
            folder; charges them for --months months; tracks --records times with request ids of \
            their own; tracks for two seconds, then while a snapshot is taken at the limited \
            rate; tracks --records times more; then opens the folder again with one thread and \
            with --threads. Prints one JSON object. --again repeats the last part alone, for a \
            profiler, and says what the customers take in a process that does nothing else.

              tally bench store --folder /var/tmp/bench --customers 1000000 --records 1000000
            """)

    @Option(help: "A folder that doesn't exist yet; it is left there.")
    var folder: String

    @Option(help: "Customers.")
    var customers = 100_000

    @Option(help: "Tracks before the snapshot, and as many after it.")
    var records = 1_000_000

    @Option(help: "Months that each customer is charged for, three lines each.")
    var months = 0

    @Option(help: "Threads of the second restart.")
    var threads = 2

    @Flag(help: "Only open the folder that an earlier run has left, with --threads.")
    var again = false

    func validate() throws {
        guard 1...BenchData.customerLimit ~= customers, 1...100_000_000 ~= records,
            1...64 ~= threads, 0...120 ~= months
        else {
            throw ValidationError("--customers, --records, --months or --threads is out of range")
        }
    }

    func run() async throws {
        guard again == (access(folder, F_OK) == 0) else {
            throw CommandFault(
                again ? "\(folder) isn't there" : "\(folder) is there already; name a new folder",
                exit: .usage)
        }
        var report: [JSONObject.Member] = [
            JSONObject.Member("customers", .number(customers)),
            JSONObject.Member("records", .number(records)),
        ]
        func note(_ name: String, _ value: JSONValue) {
            report.append(JSONObject.Member(name, value))
        }
        if !again { try await fill(note) }
        for threads in again ? [threads] : Set([1, threads]).sorted() {
            try restart(threads, note)
        }
        print(JSONWriter.text(.object(JSONObject(report))))
    }

    /// Makes the folder, and measures what it can meanwhile.
    private func fill(_ note: (String, JSONValue) -> Void) async throws {
        let desk = try await StoreDesk(folder, customers: customers)
        let empty = StoreDesk.residentBytes
        let made = try desk.make()
        note("insert_worst_us", .number(made.longest / 1_000))
        let full = StoreDesk.residentBytes
        note("resident_mb", .number(full / 1_000_000))
        note("bytes_per_customer", .number((full - empty) / customers))
        if months > 0 {
            try await desk.bill(months: months)
            note("billed_resident_mb", .number(StoreDesk.residentBytes / 1_000_000))
            note(
                "billed_bytes_per_customer",
                .number((StoreDesk.residentBytes - empty) / customers))
        }
        note("search_ms", .number(try desk.search().milliseconds(quantile: 0.5)))
        note("roster_mb", .number(desk.environment.rosterBytes / 1_000_000))
        let tracked = try desk.track(records)
        note("track_median_ns", .number(Int(tracked.milliseconds(quantile: 0.5) * 1e6)))
        note("track_worst_us", .number(tracked.longest / 1_000))
        let memory = desk.environment.partitions[0].customers.requestMemory
        note("bytes_per_request_id", .number(memory.bytes / max(1, Int(memory.inserted))))
        let steady = try desk.steady(.seconds(2))
        note("steady_p999_us", .number(Int(steady.milliseconds(quantile: 0.999) * 1e3)))
        note("steady_worst_us", .number(steady.longest / 1_000))
        let (milliseconds, pauses) = try desk.snapshot()
        note("snapshot_ms", .number(milliseconds))
        note("snapshot_p999_us", .number(Int(pauses.milliseconds(quantile: 0.999) * 1e3)))
        note("snapshot_worst_us", .number(pauses.longest / 1_000))
        _ = try desk.track(records)
        try desk.environment.close()
    }

    /// What a record costs on its way to the day files, unless they are there.
    private func deriveEvents(
        _ environment: TallyEnvironment, _ note: (String, JSONValue) -> Void
    ) throws {
        guard try PosixDisk().list(folder + "/sandbox/events").isEmpty else { return }
        let before = ProcessorTime.seconds
        let records = try environment.events.ask { parts in
            parts.reduce(0) { $0 + Int($1.watermark.sequence + 1 - $1.firstSequence) }
        }
        let nanoseconds = (ProcessorTime.seconds - before) * 1e9
        note("event_ns", .number(Int(nanoseconds) / max(records, 1)))
    }

    private func restart(_ threads: Int, _ note: (String, JSONValue) -> Void) throws {
        let empty = StoreDesk.residentBytes
        let start = NIODeadline.now()
        let environment = try StoreDesk.open(folder, threads: threads)
        let took = NIODeadline.now() - start
        // A process that has made the customers has memory to spare, and would need less here.
        if again {
            let full = StoreDesk.residentBytes
            note("resident_mb", .number(full / 1_000_000))
            note("bytes_per_customer", .number((full - empty) / customers))
        }
        let found = environment.customerCount
        guard found == customers else {
            throw CommandFault(
                "the folder holds \(found) customers, --customers says \(customers)",
                exit: .negative)
        }
        let recovery = environment.partitions[0].recovery
        let seconds = recovery.duration / .seconds(1)
        note("restart_ms_\(threads)", .number(Int(took.nanoseconds / 1_000_000)))
        note("replayed_\(threads)", .number(Int(recovery.records)))
        let rate = Double(recovery.records) / max(seconds, 1e-9)
        note("replay_per_s_\(threads)", .number(Int(rate)))
        try deriveEvents(environment, note)
        try environment.close()
    }
}
