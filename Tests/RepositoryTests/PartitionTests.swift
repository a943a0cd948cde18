import Billing
import Events
import Foundation
import Logging
import Testing
import Wire

@testable import Repository

@Suite("Partitions")
struct PartitionTests {
    private static let customers = (0..<40).map { "customer-\($0)" }

    /// Replies to a life of several customers, each as its bytes; the same life for the same seed.
    private func live(
        _ bench: Bench, _ time: ManualTime, seed: UInt64, steps: Int
    ) async throws -> [[UInt8]] {
        var random = ReplayTests.Random(state: seed)
        var replies: [[UInt8]] = []
        for step in 0..<steps {
            let name = Self.customers[random.below(Self.customers.count)]
            let command: Command
            switch random.below(8) {
            case 0, 1: command = .create(CreateCustomer(name: name, email: ""))
            case 2:
                command = .checkAndDeduct(
                    CheckQuery(feature: bench.feature("messages"), required: Quantity(units: 3)))
            case 3:
                time.advance(days: Int64(random.below(3)))
                command = .advance
            default:
                command = .track(
                    TrackUsage(
                        feature: bench.feature("messages"),
                        value: Quantity(units: random.below(30)), overage: .cap))
            }
            do {
                var mark: RequestMark?
                if case .track = command { mark = bench.mark("r\(step)") }
                for _ in 0...(mark == nil ? 0 : random.below(2)) {
                    let reply = try await bench.commit(command, name, request: mark)
                    replies.append(reply.message + (reply.replayed ? [1] : [0]))
                }
            } catch ExecuteFault.refused(let refusal) {
                replies.append(Array("\(step): \(refusal)".utf8))
            }
            if random.below(100) == 0 { try bench.environment.takeSnapshot() }
        }
        return replies
    }

    @Test("One and four answer the same, also after a restart", arguments: UInt64(1)...2)
    func sameReplies(seed: UInt64) async throws {
        var lives: [[[UInt8]]] = []
        for partitions in [1, 4] {
            let (folder, time) = (try TemporaryFolder(), ManualTime())
            var replies: [[UInt8]] = []
            var dump: [UInt8] = []
            for life in 0..<2 {
                // The window moves with the machine's clock, and so at different moments.
                let bench = try await Bench(
                    folder, time: time, publish: life == 0, threads: 1 + life * 2,
                    partitions: partitions, requestWindowHours: 100_000)
                #expect(bench.environment.dump() == dump)
                replies += try await live(bench, time, seed: seed + UInt64(life) * 100, steps: 120)
                dump = bench.environment.dump()
                #expect(bench.environment.customerCount > 10)
                let sizes = bench.environment.partitions.map(\.customers.count)
                // The folder's seed is random: some may have nobody.
                #expect(sizes.count == partitions)
                #expect(sizes.count { $0 > 0 } >= min(partitions, 2))
                if life == 0 { try bench.environment.close() }
            }
            lives.append(replies)
        }
        #expect(lives[0].count > 240 && lives[0].count == lives[1].count)
        let differing = zip(lives[0], lives[1]).enumerated().filter { $0.element.0 != $0.element.1 }
        #expect(differing.map(\.offset) == [])
        #expect(lives[0].contains { $0.last == 1 }, "some calls were repeated")
    }

    @Test("Whose partition a customer is never changes, for it is where the records are")
    func placement() throws {
        let manifest = try Manifest(
            Array(
                """
                tally: data folder
                format: 1
                reader: 1
                environment: sandbox
                folder: 00000000000000000000000000000000
                partitions: 4
                seed: 0123456789abcdef
                """.utf8), path: "MANIFEST")
        let numbers = (0..<24).map { number in
            let hash = CustomerID("customer-\(number)")?.hash(seed: manifest.customerSeed) ?? 0
            return Partition.number(ofHash: hash, of: manifest.partitions)
        }
        #expect(
            numbers == [
                2, 1, 2, 3, 3, 2, 0, 3, 1, 3, 2, 0, 2, 3, 2, 2, 1, 2, 0, 0, 0, 0, 1, 3,
            ])
    }

    @Test(
        "Customers are spread evenly, whatever else their hash decides", arguments: [2, 3, 4, 64])
    func spread(count: Int) throws {
        var sizes = [Int](repeating: 0, count: count)
        var shards = [Set<UInt64>](repeating: [], count: count)
        for number in 0..<count * 1_000 {
            let hash = try #require(CustomerID("customer-\(number)")).hash(seed: 42)
            let partition = Partition.number(ofHash: hash, of: count)
            sizes[partition] += 1
            shards[partition].insert(hash & 0xFF)
        }
        #expect(sizes.allSatisfy { 850...1_150 ~= $0 }, "\(sizes)")
        #expect(shards.allSatisfy { $0.count > 240 })
    }

    @Test("The number stays as it was when the folder was made; another is refused")
    func fixedNumber() async throws {
        let folder = try TemporaryFolder()
        try (try await Bench(folder, partitions: 4)).environment.close()
        for other in [1, 2, 5] {
            let error = await #expect(throws: EnvironmentFolder.Failure.self) {
                _ = try await Bench(folder, publish: false, partitions: other)
            }
            #expect(error?.description.contains("partitions = 4") == true)
        }
        let bench = try await Bench(folder, publish: false, partitions: nil)
        #expect(bench.environment.partitions.count == 4)
        try bench.environment.close()
    }

    @Test("A partition that is missing, or one too many: refused, and nothing is made")
    func halfCopied() async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Bench(folder, partitions: 4)
            for name in Self.customers { try await bench.create(name) }
            try bench.environment.close()
        }
        let (path, aside) = (folder.path + "/sandbox/partition-2", folder.path + "/aside")
        try FileManager.default.moveItem(atPath: path, toPath: aside)
        await #expect(throws: EnvironmentFolder.Failure.self) {
            _ = try await Bench(folder, publish: false, partitions: nil)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        try FileManager.default.moveItem(atPath: aside, toPath: path)
        let manifest = folder.path + "/sandbox/MANIFEST"
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        for number in [2, 8] {
            try text.replacing("partitions: 4", with: "partitions: \(number)")
                .write(toFile: manifest, atomically: true, encoding: .utf8)
            await #expect(throws: EnvironmentFolder.Failure.self) {
                _ = try await Bench(folder, publish: false, partitions: nil)
            }
        }
        try text.write(toFile: manifest, atomically: true, encoding: .utf8)
        let bench = try await Bench(folder, publish: false, partitions: nil)
        #expect(bench.environment.customerCount == Self.customers.count)
        try bench.environment.close()
    }

    @Test("A partition's folder in another's place is refused")
    func swapped() async throws {
        let folder = try TemporaryFolder()
        do {
            let bench = try await Bench(folder, partitions: 4)
            for name in Self.customers { try await bench.create(name) }
            try bench.environment.close()
        }
        let place = { (number: Int) in folder.path + "/sandbox/partition-\(number)" }
        try FileManager.default.moveItem(atPath: place(1), toPath: place(9))
        try FileManager.default.moveItem(atPath: place(2), toPath: place(1))
        try FileManager.default.moveItem(atPath: place(9), toPath: place(2))
        await #expect(throws: CustomerKeys.Unusable.self) {
            _ = try await Bench(folder, publish: false, partitions: 4)
        }
    }

    @Test("A payment page is found whichever partition has it")
    func paymentPages() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder, partitions: 4)
        let environment = bench.environment
        let work = Task { await environment.run() }
        let plan = try #require(bench.names.pricing.plan(id: "pro"))
        for name in Self.customers.prefix(12) {
            try await bench.create(name)
            let effectID = environment.newEffectID()
            let (_, replayed) = try await environment.commit(
                .attach(AttachPlan(plan: plan, successURL: "", effectID: effectID, request: nil)),
                requesting: effectID, for: bench.id(name), request: nil)
            #expect(!replayed)
            let page = try #require(environment.checkout(effectID))
            #expect(page.customer == bench.id(name) && page.name == name)
            let method = PaymentMethod(token: "sandbox_card_4242", brand: "visa", last4: "4242")
            try await bench.commit(
                .completeCheckout(CompleteCheckout(session: effectID, method: method)), name)
            #expect(environment.checkout(effectID) == nil)
            #expect(try bench.remaining(name) == Quantity(units: 1_000))
        }
        #expect(environment.checkout("eff_none") == nil)
        work.cancel()
        environment.stopEffects()
        await work.value
        try environment.close()
    }
}

@Suite("Partitions: events, backup")
struct PartitionDataTests {
    private static let customers = (0..<20).map { "customer-\($0)" }

    /// Tracks 1, 2, 3… by customers in turn, some at the same moment.
    private func track(_ bench: Bench, _ time: ManualTime, from first: Int = 1) async throws {
        for number in first..<first + 100 {
            if number % 7 == 0 { time.advance(days: 1) }
            try await bench.track(Self.customers[number * 11 % 20], number)
        }
    }

    private func page(
        _ bench: Bench, _ order: ListQuery.Order, after: EventCursor?, limit: Int
    ) async throws -> [UsageEvent] {
        let query = ListQuery(filter: EventFilter(), order: order, after: after, limit: limit)
        return try bench.environment.events.ask { try query.run(over: $0) }
    }

    /// All events, page by page.
    private func pages(
        _ bench: Bench, _ order: ListQuery.Order, size: Int
    ) async throws -> [UsageEvent] {
        var (events, last): ([UsageEvent], EventCursor?) = ([], nil)
        repeat {
            let page = try await page(bench, order, after: last, limit: size)
            events += page
            last = page.count < size ? nil : page.last?.cursor
        } while last != nil
        return events
    }

    @Test("Events come in order of time from all partitions, page by page, each once")
    func events() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        for life in 0..<2 {
            let bench = try await Bench(folder, time: time, publish: life == 0, partitions: 4)
            if life == 0 {
                for name in Self.customers { try await bench.create(name) }
                try await track(bench, time)
            }
            for order in [ListQuery.Order.oldestFirst, .newestFirst] {
                for size in [1, 7, 50] {
                    let events = try await pages(bench, order, size: size)
                    let values = events.map { Int($0.value.raw / Quantity.scale) }
                    #expect(values.sorted() == Array(1...100))
                    let times = events.map(\.time)
                    #expect(
                        times == (order == .oldestFirst ? times.sorted() : times.sorted(by: >)))
                    #expect(Set(events.map(\.cursor)).count == 100)
                    #expect(Set(events.map(\.cursor.partition)).count > 1)
                }
            }
            let folders = try FileManager.default.contentsOfDirectory(
                atPath: folder.path + "/sandbox")
            #expect(folders.filter { $0.hasPrefix("events") }.count == 4)
            try bench.environment.close()
        }
    }

    @Test("Sums over all partitions are those over one")
    func sums() async throws {
        var answers: [[EventSeries]] = []
        for partitions in [1, 4] {
            let (folder, time) = (try TemporaryFolder(), ManualTime())
            let bench = try await Bench(folder, time: time, partitions: partitions)
            for name in Self.customers { try await bench.create(name) }
            let start = time.now().milliseconds
            try await track(bench, time)
            let end = time.now().milliseconds + 1
            let bins = try #require(TimeBins(start..<end, by: .day, in: .utc))
            let query = AggregateQuery(
                filter: EventFilter(), bins: bins, grouping: .customer, groupLimit: 5)
            answers.append(
                try bench.environment.events.ask { try query.run(over: $0) })
            try bench.environment.close()
        }
        #expect(answers[0].count == 6)
        #expect(answers[0] == answers[1])
    }

    @Test("A damaged day file of any partition is made again")
    func damagedDayFile() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time, partitions: 4)
        for name in Self.customers { try await bench.create(name) }
        try await track(bench, time)
        let whole = try await page(bench, .oldestFirst, after: nil, limit: 1_000)
        // The last one of a partition other than the first.
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/sandbox")
            .filter { $0.hasPrefix("events-") && $0.hasSuffix(".events") }.sorted()
        let file = URL(fileURLWithPath: "\(folder.path)/sandbox/\(try #require(files.last))")
        var bytes = try Data(contentsOf: file)
        bytes[40] ^= 1
        try bytes.write(to: file)
        #expect(try await page(bench, .oldestFirst, after: nil, limit: 1_000) == whole)
        try bench.environment.close()
    }

    @Test("A backup that follows holds every partition, and is restored whole or not at all")
    func backup() async throws {
        let (folder, target, restored) = (
            try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder()
        )
        let time = ManualTime()
        let bench = try await Bench(folder, time: time, partitions: 4)
        for name in Self.customers { try await bench.create(name) }
        let copy = target.path + "/sandbox"
        let backup = try EnvironmentBackup(from: folder.path + "/sandbox", to: copy)
        _ = try backup.turn()
        try await track(bench, time)
        try bench.environment.takeSnapshot()
        try await track(bench, time, from: 101)
        let events = try await page(bench, .oldestFirst, after: nil, limit: 1_000)
        #expect(events.count == 200)
        try await Task.sleep(for: .milliseconds(100))
        let turn = try backup.turn()
        #expect(
            turn.sequences == bench.environment.partitions.map(\.customers.log.durableSequence))
        let dump = bench.environment.dump()
        try bench.environment.close()
        let place = restored.path + "/sandbox"
        let logs = try EnvironmentRestore(copy, to: place).run()
        #expect(logs.map(\.name) == (0..<4).map { "partition-\($0)" } + ["directory"])
        let again = try await Bench(
            restored, time: time, publish: false, threads: 2, partitions: nil)
        #expect(again.environment.dump() == dump)
        #expect(try await page(again, .oldestFirst, after: nil, limit: 1_000) == events)
        try again.environment.close()
        try FileManager.default.removeItem(atPath: copy + "/partition-3")
        #expect(throws: EnvironmentRestore.Failure.self) {
            try EnvironmentRestore(copy, to: restored.path + "/other").run()
        }
    }

    @Test("A copy is as far behind as its slowest partition")
    func lag() async throws {
        let folder = try TemporaryFolder()
        let bench = try await Bench(folder, partitions: 2)
        let watch = bench.environment.backupWatch
        let now: Int64 = 1_000_000
        for (time, second) in [(0, 10), (6_000, 10), (12_000, 20)] as [(Int64, UInt64)] {
            let status = BackupStatus(
                target: "copy", sequences: [10, second], time: now + time)
            try status.write(in: folder.path + "/sandbox")
            watch.look(durable: [10, 20], now: now + time)
            #expect(watch.lagMilliseconds == (second == 10 ? time : 0))
        }
        try bench.environment.close()
    }
}
