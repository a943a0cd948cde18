import Billing
import Events
import Foundation
import Logging
import Testing
import Wire

@testable import Repository

/// The law: nothing in the folder yields what was erased, and nothing else is missing.
@Suite("Erasure")
struct ErasureTests {
    private static let secrets = [
        "Ada Lovelace", "ada@example.com", "Dorset Street", "engine-room", "difference",
    ]

    /// Something of everything: names, properties in files of two days and in memory, a snapshot, a
    /// customer who keeps all.
    private func live(_ bench: Bench, _ time: ManualTime) async throws {
        try await bench.commit(
            .create(CreateCustomer(name: "Ada Lovelace", email: "ada@example.com")), "ada",
            request: bench.mark("create-ada", .getOrCreateCustomer))
        try await bench.commit(
            .create(CreateCustomer(name: "Charles Babbage", email: "")), "charles")
        var update = UpdateCustomer()
        update.address = PostalAddress()
        update.address?.line1 = "12 Dorset Street"
        update.address?.country = "GB"
        try await bench.commit(.update(update), "ada")
        for day in 0..<3 {
            for customer in ["ada", "charles"] {
                try await bench.track(
                    customer, 1, properties: ["room": "engine-room", "by": customer],
                    request: bench.mark("track-\(customer)-\(day)"))
                try await bench.track(customer, 2, properties: ["difference": "engine"])
            }
            if day == 1 { try bench.environment.takeSnapshot() }
            time.advance(days: 1)
        }
    }

    @Test("leaves nothing in the folder, and everything else as it was")
    func everything() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let dump: [UInt8]
        do {
            let bench = try await Bench(folder, time: time)
            try await live(bench, time)
            let before = try bench.facts(of: "ada")
            let events = try bench.events(of: "ada")
            #expect(events.allSatisfy { !$0.properties.isEmpty } && events.count == 6)
            try await bench.running { try await bench.erase("ada") }
            #expect(try bench.profile("ada") == ["", ""])
            #expect(try bench.profile("charles") == ["Charles Babbage", ""])
            #expect(try bench.facts(of: "ada") == before)
            let after = try bench.events(of: "ada")
            #expect(after.allSatisfy { $0.properties.isEmpty })
            #expect(after.map(\.value) == events.map(\.value))
            #expect(after.map(\.cursor) == events.map(\.cursor))
            #expect(try bench.events(of: "charles").allSatisfy { !$0.properties.isEmpty })
            dump = bench.environment.dump()
            try bench.environment.close()
        }
        // The other one's properties are still in the day files; no more is hers.
        try folder.expectNone(of: ["Ada Lovelace", "ada@example.com", "Dorset Street"])
        let keys = try folder.bytes(CustomerKeys.fileName)
        for reopened in [true, false] {
            if reopened { try folder.removeSnapshots() }
            let bench = try await Bench(folder, time: time, publish: false)
            #expect(bench.environment.dump() == dump)
            #expect(try bench.events(of: "ada").allSatisfy { $0.properties.isEmpty })
            try bench.environment.close()
        }
        #expect(keys.count % 64 == 0)
    }

    @Test("Values that only the erased customer's usage had are in no file")
    func values() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time, partitions: 1)
        try await bench.create("ada")
        for day in 0..<3 {
            try await bench.track("ada", 1, properties: ["engine-room": "difference \(day)"])
            time.advance(days: 1)
        }
        _ = try bench.events(of: "ada")
        let stored = try folder.text(of: "events")
        #expect(stored.contains("engine-room") && stored.contains("difference 1"))
        try await bench.running { try await bench.erase("ada") }
        try bench.environment.close()
        try folder.expectNone(of: Self.secrets)
    }

    @Test("What personal data says is never in the log or in a snapshot, erased or not")
    func sealed() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        do {
            let bench = try await Bench(folder, time: time)
            try await live(bench, time)
            try bench.environment.takeSnapshot()
            try bench.environment.close()
        }
        let text = try folder.names(of: "partition-").map { try folder.text(of: $0) }.joined()
        for secret in Self.secrets + ["Babbage"] { #expect(!text.contains(secret), "\(secret)") }
        let again = try await Bench(folder, time: time, publish: false)
        #expect(try again.profile("ada") == ["Ada Lovelace", "ada@example.com"])
        try again.environment.close()
    }

    @Test("Erased twice is erased once; what is sent afterwards is kept, and can be erased again")
    func again() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let dump = try await eraseTwice(folder, time)
        let reopened = try await Bench(folder, time: time, publish: false)
        #expect(reopened.environment.dump() == dump)
        try reopened.environment.close()
    }

    private func eraseTwice(_ folder: TemporaryFolder, _ time: ManualTime) async throws -> [UInt8] {
        let bench = try await Bench(folder, time: time)
        try await live(bench, time)
        try await bench.running {
            let mark = bench.mark("erase-1", .eraseCustomer)
            #expect(try await !bench.erase("ada", request: mark))
            let records = bench.environment.records
            #expect(try await bench.erase("ada", request: mark))
            #expect(try await !bench.erase("ada"))
            #expect(bench.environment.records == records)
            try await bench.commit(
                .create(CreateCustomer(name: "Augusta", email: "a@example.com")), "ada")
            try await bench.track("ada", 1, properties: ["room": "library"])
            #expect(try bench.profile("ada") == ["Augusta", "a@example.com"])
            #expect(try bench.events(of: "ada").filter { !$0.properties.isEmpty }.count == 1)
            // A retry of the erasure erases nothing that came later.
            #expect(try await bench.erase("ada", request: mark))
            #expect(try bench.profile("ada") == ["Augusta", "a@example.com"])
            try await bench.erase("ada")
            #expect(try bench.profile("ada") == ["", ""])
        }
        try bench.environment.close()
        return bench.environment.dump()
    }

    @Test("Retries of requests from before: amounts are answered, names are not")
    func retries() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time)
        let create = Command.create(CreateCustomer(name: "Ada", email: "ada@example.com"))
        let mark = bench.mark("create", .getOrCreateCustomer)
        let first = try await bench.commit(create, "ada", request: mark)
        #expect(
            try await bench.commit(create, "ada", request: mark).message.starts(with: first.message)
        )
        try await bench.track("ada", 3, properties: ["a": "b"], request: bench.mark("track"))
        // Its answer says nothing, and so has no bytes.
        try await bench.track(
            "ada", 0, of: "sso", properties: ["a": "b"], request: bench.mark("nothing"))
        try await bench.running { try await bench.erase("ada") }
        do {
            try await bench.commit(create, "ada", request: mark)
            Issue.record("an erased answer was given")
        } catch ExecuteFault.refused(let refusal) {
            #expect(refusal == .requestErased)
        }
        #expect(try await bench.track("ada", 3, request: bench.mark("track")).replayed)
        let nothing = try await bench.track(
            "ada", 0, of: "sso", properties: [:], request: bench.mark("nothing"))
        #expect(nothing.replayed)
        try bench.environment.close()
    }

    @Test("A customer that nobody knows, and one without anything personal")
    func others() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder)
        try await bench.running {
            await #expect(throws: ExecuteFault.self) { try await bench.erase("nobody") }
            try await bench.commit(.create(CreateCustomer(name: "", email: "")), "bare")
            try await bench.track("bare", 1)
            let end = bench.environment.records
            try await bench.erase("bare")
            #expect(bench.environment.records == end)
        }
        try bench.environment.close()
        for name in try folder.names(of: "partition-") {
            let path = "\(folder.path)/sandbox/\(name)/\(CustomerKeys.fileName)"
            let keys = try #require(FileManager.default.contents(atPath: path))
            #expect(!keys[128...].contains { $0 != 0 }, "a bare customer needs no key")
        }
    }

    @Test("Cut short anywhere, it is finished at the next start", arguments: Cut.allCases)
    fileprivate func cutShort(_ cut: Cut) async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let live: [UInt8]
        do {
            let bench = try await Bench(folder, time: time, partitions: 1)
            try await self.live(bench, time)
            _ = try bench.events(of: "ada")
            // Without its worker: only the record is there.
            try await bench.commit(.erase, "ada")
            if cut != .record {
                try bench.environment.partitions[0].customers.destroyErasedKeys()
            }
            if cut == .snapshot { try bench.environment.takeSnapshot() }
            live = bench.environment.dump()
            try bench.environment.close()
        }
        #expect(try folder.text(of: "events").contains("ada"))
        let bench = try await Bench(folder, time: time, publish: false, partitions: 1)
        #expect(bench.environment.dump() == live)
        try await bench.running {
            while bench.environment.progress(of: bench.id("ada")) != .done {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        #expect(try bench.events(of: "ada").allSatisfy { $0.properties.isEmpty })
        try bench.environment.close()
        try folder.expectNone(of: ["Ada Lovelace", "ada@example.com", "Dorset Street"])
        let keys = try CustomerKeys.open(
            folder: folder.partition, identity: folder.identity(), disk: PosixDisk())
        #expect(keys.unfinished.isEmpty && !keys.isLive(1) && keys.isLive(2))
    }

    fileprivate enum Cut: CaseIterable {
        /// The key is there.
        case record
        /// The key is gone, the day files aren't rewritten.
        case key
        /// The same, and a snapshot hides the record.
        case snapshot
    }

    @Test("A copy that got the end of a key, but not yet the record: erased all the same")
    func halfCopied() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let end: LogPosition
        do {
            let bench = try await Bench(folder, time: time, partitions: 1)
            try await live(bench, time)
            _ = try bench.events(of: "ada")
            end = bench.environment.partitions[0].customers.log.end.position
            try bench.environment.close()
        }
        do {
            let keys = try CustomerKeys.open(
                folder: folder.partition, identity: folder.identity(), disk: PosixDisk())
            try keys.destroy(1, erasedAt: end)
        }
        let bench = try await Bench(folder, time: time, publish: false, partitions: 1)
        #expect(try bench.profile("ada") == ["", ""])
        try await bench.running {
            while bench.environment.progress(of: bench.id("ada")) != .done {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try bench.events(of: "ada").allSatisfy { $0.properties.isEmpty })
            try await bench.create("ada")
            try await bench.track("ada", 1, properties: ["room": "library"])
        }
        #expect(try bench.profile("ada") == ["ada", ""])
        #expect(try bench.events(of: "ada").last?.properties.count == 1)
        try bench.environment.close()
    }

    @Test(
        "A file of keys that is gone, another log's, or older than the log is refused",
        arguments: [false, true])
    func foreignKeys(hasSnapshot: Bool) async throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        var old: [[UInt8]] = []
        for folder in [other, folder] {
            let bench = try await Bench(folder, partitions: 1)
            try await bench.create("ada")
            old.append(try folder.bytes(CustomerKeys.fileName))
            try await bench.create("charles")
            // Then no record is replayed, and nothing is opened.
            if hasSnapshot { try bench.environment.takeSnapshot() }
            try bench.environment.close()
        }
        let whole = try folder.bytes(CustomerKeys.fileName)
        for bad in [old[0], old[1], [], nil] {
            try folder.write(bad ?? [], CustomerKeys.fileName)
            if bad == nil {
                try FileManager.default.removeItem(
                    atPath: folder.partition + "/" + CustomerKeys.fileName)
            }
            await #expect(throws: (any Error).self) {
                _ = try await Bench(folder, publish: false, partitions: 1)
            }
        }
        try folder.write(whole, CustomerKeys.fileName)
        let bench = try await Bench(folder, publish: false, partitions: 1)
        #expect(try bench.profile("charles") == ["charles", ""])
        try bench.environment.close()
    }
}

extension Bench {
    func mark(_ id: String, _ method: Wire.Method) -> RequestMark {
        RequestMark(id: self.id(id), method: method.rawValue, fingerprint: 1)
    }

    @discardableResult
    func track(
        _ customer: String, _ value: Int, of feature: String = "messages",
        properties: [String: String], request: RequestMark? = nil
    ) async throws -> (reply: Reply, message: [UInt8], replayed: Bool) {
        let label = EventLabel(
            time: nil, properties: properties.map { EventProperty($0.key, .text($0.value)) })
        return try await commit(
            .track(
                TrackUsage(
                    feature: self.feature(feature), value: Quantity(units: value), overage: .cap,
                    label: label)),
            customer, request: request)
    }

    /// Erases, and waits until all of it is done; whether it was a retry.
    @discardableResult
    func erase(
        _ customer: String, by command: Command = .erase, request: RequestMark? = nil
    ) async throws -> Bool {
        var (progress, replayed) = try await environment.erase(
            id(customer), by: command, request: request)
        while progress != .done {
            try await Task.sleep(for: .milliseconds(20))
            progress = environment.progress(of: id(customer))
        }
        return replayed
    }

    /// With what goes on beside calls.
    func running(_ body: () async throws -> Void) async throws {
        let work = Task { [environment] in await environment.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        work.cancel()
        await work.value
        try result.get()
    }

    func profile(_ customer: String) throws -> [String] {
        try environment.customers(of: id(customer)).read(id(customer), names: names, in: workspace)
        {
            customer, _ in [customer.account.name, customer.account.email]
        }.answer
    }

    /// What must not change: balances, subscriptions, invoices.
    func facts(of customer: String) throws -> [String] {
        try environment.customers(of: id(customer)).read(id(customer), names: names, in: workspace)
        {
            customer, _ in
            (0..<customer.buckets.count).map { "\(customer.buckets[$0])" }
                + customer.subscriptions.map { "\($0)" } + customer.account.invoices.map { "\($0)" }
        }.answer
    }

    func events(of customer: String) throws -> [UsageEvent] {
        let query = ListQuery(
            filter: EventFilter(customer: id(customer)), order: .oldestFirst, limit: 1_000)
        return try environment.events.ask { try query.run(over: $0) }
    }
}

extension TallyEnvironment {
    func progress(of customer: CustomerID) -> Erasures.Progress {
        customers(of: customer).erasures.progress(of: customer)
    }

    /// Of all customers' logs.
    var records: UInt64 { partitions.reduce(0) { $0 + $1.customers.log.end.sequence } }
}

extension TemporaryFolder {
    /// All bytes below a folder of the environment, names included.
    func text(of part: String = "") throws -> String {
        let root = path + "/sandbox/" + part
        var text = ""
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let content = FileManager.default.contents(atPath: root + "/" + name) ?? Data()
            text += name + String(decoding: content.filter { $0 != 0 }, as: UTF8.self)
        }
        return text
    }

    /// Of the environment's folders.
    func names(of prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/sandbox")
            .filter { $0.hasPrefix(prefix) }
    }

    func expectNone(of secrets: [String]) throws {
        let text = try text()
        for secret in secrets { #expect(!text.contains(secret), "\(secret) is in a file") }
    }

    /// Of the first customers' log.
    func identity() throws -> UInt64 {
        let manifest = try String(contentsOfFile: path + "/sandbox/MANIFEST", encoding: .utf8)
        let seed = try #require(manifest.split(separator: "\n").last?.split(separator: " ").last)
        return try #require(UInt64(seed, radix: 16)) &+ 2
    }
}
