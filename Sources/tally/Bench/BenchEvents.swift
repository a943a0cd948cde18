internal import ArgumentParser
internal import Billing
internal import Events
internal import Glibc
internal import NIOCore
internal import Repository
internal import Wire

struct BenchEvents: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Makes day files of usage events and times questions about them, on one thread.",
        discussion: """
            The events are spread over one day. Each has a customer out of --customers, one of \
            three features, a value from 1 to 1000, a model out of 100 and a region out of four. \
            The question is the one of the figure: hourly bins, by model, in one region, with \
            nothing added up before. It is put once after the files were dropped from memory \
            (cold), then --rounds times (warm, the median); each of its answers is held against \
            sums kept while the events were made.

              tally bench events --events 10000000
            """)

    @Option(help: "How many events.")
    var events = 10_000_000

    @Option(help: "How many customers.")
    var customers = 100_000

    @Option(help: "How often each question is put.")
    var rounds = 9

    @Option(help: "Seed of the events.")
    var seed: UInt64 = 1

    @Option(help: "Where the files go; they are removed at the end.")
    var folder = "/tmp"

    func validate() throws {
        guard 1...100_000_000 ~= events, 1...10_000_000 ~= customers, 1...1_000 ~= rounds else {
            throw ValidationError("--events, --customers or --rounds is out of range")
        }
    }

    func run() throws {
        var path = Array("\(folder)/tally-events-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else {
            throw CommandFault("no folder can be made in \(folder)", exit: .refused)
        }
        let place = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { Self.remove(place) }
        var made = MadeEvents(customers: customers, seed: seed)
        let files = EventFolder(folder: place)
        let began = NIODeadline.now()
        try made.write(events, to: files)
        let writing = NIODeadline.now() - began
        let bytes = Self.drop(place)
        var report: JSONObject = [
            "events": .number(events), "files": .number(try files.parts(identity: 1).count),
            "bytes_per_event": Self.rounded(Double(bytes) / Double(events)),
            "make_us_per_event": Self.rounded(writing.milliseconds * 1_000 / Double(events)),
        ]
        _ = Self.drop(place)
        try measure(files, made, &report)
        print(JSONWriter.text(.object(report)))
    }

    private func measure(
        _ files: EventFolder, _ made: MadeEvents, _ report: inout JSONObject
    ) throws {
        let cold = try Self.time {
            try made.check(try made.byModel.run(over: $0))
        } over: {
            try files.parts(identity: 1)
        }
        report.append("cold_ms", Self.rounded(cold))
        let parts = try files.parts(identity: 1)
        let questions: [(String, ([EventPart]) throws -> Void)] = [
            ("warm_ms", { try made.check(try made.byModel.run(over: $0)) }),
            ("top_9_models_ms", { _ = try made.topModels.run(over: $0) }),
            ("all_regions_ms", { _ = try made.allRegions.run(over: $0) }),
            ("one_customer_ms", { _ = try made.oneCustomer.run(over: $0) }),
            ("newest_50_ms", { _ = try ListQuery(filter: EventFilter()).run(over: $0) }),
            ("newest_50_of_customer_ms", { _ = try made.customerList.run(over: $0) }),
        ]
        for (name, question) in questions {
            let times = try (0..<rounds).map { _ in
                try Self.time(question) { parts }
            }.sorted()
            report.append(name, Self.rounded(times[times.count / 2]))
            if name == "warm_ms", let worst = times.last {
                report.append("warm_worst_ms", Self.rounded(worst))
            }
        }
    }

    /// Milliseconds, opening the files included.
    private static func time(
        _ question: ([EventPart]) throws -> Void, over parts: () throws -> [EventPart]
    ) throws -> Double {
        let began = NIODeadline.now()
        try question(try parts())
        return (NIODeadline.now() - began).milliseconds
    }

    /// Drops the folder's files from memory, as far as the system does it; gives their bytes.
    private static func drop(_ folder: String) -> Int {
        var bytes = 0
        for name in (try? PosixDisk().list(folder)) ?? [] {
            let file = open("\(folder)/\(name)", O_RDONLY)
            guard file >= 0 else { continue }
            bytes += Int(lseek(file, 0, SEEK_END))
            posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
            close(file)
        }
        return bytes
    }

    private static func remove(_ folder: String) {
        for name in (try? PosixDisk().list(folder)) ?? [] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static func rounded(_ value: Double) -> JSONValue {
        .number((value * 100).rounded() / 100)
    }
}

extension TimeAmount {
    fileprivate var milliseconds: Double { Double(nanoseconds) / 1e6 }
}
