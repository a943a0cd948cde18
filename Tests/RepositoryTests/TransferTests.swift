import Billing
import Foundation
import Logging
import Testing
import Wire

@testable import Interchange
@testable import Repository

@Suite("Export and import of an environment")
struct TransferTests {
    private let folder: TemporaryFolder
    private let target: TemporaryFolder
    private let time = ManualTime()

    init() throws {
        folder = try TemporaryFolder()
        target = try TemporaryFolder()
    }

    private func export(_ folder: TemporaryFolder, events: Bool = true) throws -> [String] {
        var lines: [String] = []
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox")
            .run(withEvents: events) { lines.append($0) }
        return lines
    }

    private func file(_ lines: [String]) throws -> String {
        let path = target.path + "/export.jsonl"
        try Data((lines.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(fileURLWithPath: path))
        return path
    }

    private func take(_ lines: [String]) throws -> ExportHeader {
        try EnvironmentImport(
            try file(lines), to: target.path, partitions: Bench.partitions
        ).run()
    }

    /// Customers of every kind, over months: what was bought, used, renewed, is being paid.
    private func populate() async throws -> [UInt8] {
        let bench = try await Bench(folder, time: time)
        let environment = bench.environment
        for name in ["acme", "Zoë", "big corp", "free", "gone"] { try await bench.create(name) }
        try await bench.commit(
            .update(UpdateCustomer(metadata: [MetadataEntry("crm", "4711")])), "free")
        try await bench.track("gone", 3)
        try await bench.delete("gone")
        for name in ["acme", "Zoë", "big corp"] {
            _ = try await environment.commit(
                .attach(
                    AttachPlan(
                        plan: try #require(bench.names.pricing.plan(id: "pro")), successURL: "",
                        effectID: environment.newEffectID(), request: nil)), for: name.id,
                request: nil)
            try settle(bench, name)
        }
        for name in ["acme", "Zoë"] { try await pay(bench, name) }
        for step in 1...5 {
            for name in ["acme", "Zoë", "free"] {
                _ = try await bench.commit(
                    .track(
                        TrackUsage(
                            feature: bench.feature("messages"),
                            value: Quantity(raw: 3_333_333_333 * Int128(step)), overage: .cap,
                            label: EventLabel(
                                time: step == 2 ? time.now() : nil,
                                properties: [
                                    EventProperty("step", .text("\(step)")),
                                    EventProperty("hit", .boolean(step == 3)),
                                    EventProperty(
                                        "share", .number(bits: (Double(step) / 3).bitPattern)),
                                ]))), name)
            }
            time.advance(days: 11)
            for name in ["acme", "Zoë", "free"] {
                try await bench.commit(.advance, name)
                if step % 2 == 0 { try settle(bench, name) }
            }
            if step == 3 { try environment.takeSnapshot() }
        }
        try await equip("free", bench)
        let dump = dump(environment)
        try environment.close()
        return dump
    }

    /// What only some customers have: entities, limits, a hold, balances of its own. Two events.
    private func equip(_ name: String, _ bench: Bench) async throws {
        _ = try await bench.environment.directory.publish(
            PublishCall(draft: team, validateOnly: false, requestID: ""), found: [],
            time: bench.environment.now)
        let (messages, seats) = (bench.feature("messages"), bench.feature("seats"))
        let plan = try #require(bench.names.pricing.plan(id: "team"))
        for command: Command in [
            .attach(AttachPlan(plan: plan, successURL: "", effectID: "", request: nil)),
            .createEntity(CreateEntity(id: "zoe".id, feature: seats, name: "Zoë")),
            .createEntity(CreateEntity(id: "ada".id, feature: seats, name: "Ada Lovelace")),
            .createEntity(CreateEntity(id: "gone".id, feature: seats, name: "")),
            .deleteEntity(id: "gone".id),
        ] { try await bench.commit(command, name) }
        var gift = OpenBalance(feature: messages)
        gift.entity = "ada".id
        gift.name = "gift"
        gift.granted = Quantity(units: 50)
        gift.reset = Cycle(.month)
        gift.rollover = Rollover(cap: .units(Quantity(units: 10)), months: 2)
        var more = UpdateBalance(filter: BalanceFilter(feature: messages))
        more.filter.entity = "ada".id
        more.granted = Quantity(units: 60)
        var controls = SetControls()
        controls.usageLimits = [
            UsageLimit(feature: messages, limit: Quantity(units: 9), interval: .day)
        ]
        controls.isPoolingDisabled = true
        var adas = SetControls(entity: "ada".id)
        adas.spendLimits = [
            SpendLimit(feature: messages, isEnabled: true, bound: .units(Quantity(units: 1)))
        ]
        var use = TrackUsage(feature: messages, value: Quantity(units: 2), overage: .cap)
        use.entity = "ada".id
        var held = use
        held.hold = HoldRequest(id: "job-1", expires: nil)
        held.label = EventLabel(time: nil, properties: [EventProperty("by", .text("Ada"))])
        for command: Command in [
            .openBalance(gift), .updateBalance(more), .setControls(controls), .setControls(adas),
            .track(use), .track(held),
        ] { try await bench.commit(command, name) }
    }

    private var team: PricingDraft {
        var messages = Samples.item("messages", 10)
        messages.rollover = Rollover(cap: .percentage(Quantity(units: 50)), months: 1)
        messages.entityFeatureID = "seats"
        var plan = Plan(id: "team", name: "Team", addOn: true, items: [messages])
        let number = plan.controls.number(of: "messages")
        plan.controls.controls.usageAlerts = [
            UsageAlert(feature: number, threshold: Quantity(units: 90), measure: .usagePercentage)
        ]
        var seats = Feature(id: "seats", name: "Seats", kind: .allocated)
        seats.eventNames = ["seat_taken"]
        var draft = PricingDraft(currency: "usd", features: [seats], plans: [plan])
        draft.settings = PricingSettings()
        return draft
    }

    /// What the provider would answer.
    private func settle(_ bench: Bench, _ name: String) throws {
        guard let effect = bench.environment.openEffect(of: name.id) else { return }
        let answer: SettleEffect.Answer =
            effect.kind == .collect
            ? .paid : .checkoutOpened(url: "https://pay.example.com/\(effect.id)")
        _ = try bench.environment.customers(of: name.id).execute(
            .settle(SettleEffect(effectID: effect.id, answer: answer)), for: name.id, request: nil,
            names: bench.names, in: Workspace())
    }

    private func pay(_ bench: Bench, _ name: String) async throws {
        let open = try bench.environment.customers(of: name.id).read(
            name.id, names: bench.names, in: bench.workspace
        ) { customer, _ in customer.account.checkout?.session }.answer
        let method = PaymentMethod(token: "sandbox_card_4242", brand: "visa", last4: "4242")
        try await bench.commit(
            .completeCheckout(CompleteCheckout(session: try #require(open), method: method)), name)
    }

    /// Every customer's state, without the sequence of its last record and the number of its key.
    private func dump(_ environment: TallyEnvironment) -> [UInt8] {
        var states: [(id: CustomerID, bytes: [UInt8])] = []
        let arena = Arena()
        for partition in environment.partitions {
            partition.customers.eachShard { shard in
                for row in 0..<shard.rows.count {
                    arena.reset()
                    let seals = partition.customers.seals
                    guard var state = try? shard.rows[row].opened(arena, seals: seals)
                    else { continue }
                    (state.sequence, state.key) = (0, 0)
                    states.append((state.id, Array(RecordWriter(arena: arena).state(state))))
                }
            }
        }
        return states.sorted { $0.id < $1.id }.flatMap(\.bytes)
    }

    @Test(
        "There and back again: the same bytes, the same states, and it goes on",
        arguments: [true, false])
    func roundTrip(events: Bool) async throws {
        let before = try await populate()
        let lines = try export(folder, events: events)
        #expect(lines.count > 5 + (events ? 18 : 0))
        #expect(lines.contains { $0.contains("\"status\":\"paid\"") })
        #expect(lines.contains { $0.contains("\"checkout\":{") })
        for part in [
            "\"holds\":[{", "\"usage_windows\":[{", "\"slice\":true", "\"last_entity\":3",
            "\"name\":\"gift\"", "\"pooling_disabled\":true", "\"entity_feature\":\"seats\"",
        ] { #expect(lines.contains { $0.contains(part) }, "\(part)") }
        let header = try take(lines)
        #expect(header.customers == 5 && header.events == (events ? 18 : 0))
        // Of several partitions, events of the same moment may change places.
        let again = try export(target, events: events)
        let isOne = Bench.partitions == 1
        #expect(isOne ? again == lines : again.sorted() == lines.sorted())
        let bench = try await Bench(target, time: time, publish: false)
        #expect(dump(bench.environment) == before)
        #expect(bench.environment.recovery.tornBytes == 0)
        let ends = try bench.environment.customers(of: "acme".id).read(
            "acme".id, names: bench.names, in: Workspace()
        ) { customer, _ in customer.subscriptions.map(\.periodEnd) }.answer
        #expect(ends.contains { $0 > time.now() && $0 < .never })
        #expect(bench.environment.customerCount == 4)
        #expect(try bench.listed() == ["Zoë", "acme", "big corp", "free"])
        try await bench.track("acme", 1)
        try await bench.create("new")
        try bench.environment.close()
        #expect(try export(target, events: events).count == lines.count + (events ? 2 : 1))
    }

    @Test("An export changes nothing, and needs no lock")
    func besideAServer() async throws {
        let bench = try await Bench(folder, time: time)
        try await bench.create("acme")
        #expect(try export(folder).count == 3)
        try bench.environment.close()
        // A server changes its files by itself; so without one.
        let before = try contents(folder.partition)
        #expect(try export(folder).count == 3)
        #expect(try contents(folder.partition) == before)
    }

    private func contents(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Dictionary(
            uniqueKeysWithValues: try names.map { name in
                (name, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
            })
    }

    @Test("Checked only, or faulty, or cut short anywhere: nothing is there")
    func nothingHalfDone() async throws {
        _ = try await populate()
        let lines = try export(folder)
        let header = try EnvironmentImport(try file(lines), to: target.path).check()
        #expect(header.customers == 5)
        #expect(try names() == ["export.jsonl"])
        for count in 0..<lines.count {
            #expect(throws: ImportFault.self) { try take(Array(lines[..<count])) }
        }
        for index in lines.indices {
            var changed = lines
            changed[index] = String(changed[index].dropLast(1))
            let fault = #expect(throws: ImportFault.self) { try take(changed) }
            #expect(fault?.line == index + 1)
        }
        var changed = lines
        let place = try #require(lines.firstIndex { $0.contains("\"id\":\"acme\"") })
        changed[place].replace("\"balance\":\"", with: "\"balance\":\"x")
        let fault = #expect(throws: ImportFault.self) { try take(changed) }
        #expect(fault?.line == place + 1 && fault?.field == "grants[0].balance")
        let swapped = lines.indices.map { lines[$0 == 3 ? 2 : $0 == 2 ? 3 : $0] }
        #expect(throws: ImportFault.self) { try take(swapped) }
        #expect(try names() == ["export.jsonl"])
        _ = try take(lines)
        #expect(try names() == ["export.jsonl", "sandbox"])
        #expect(throws: EnvironmentImport.Failure.self) { try take(lines) }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: target.path).sorted()
    }

    @Test("Into the environment of another name, over what an import that was killed left")
    func leftOver() async throws {
        _ = try await populate()
        let draft = target.path + "/.importing-live/partition-0"
        try FileManager.default.createDirectory(
            atPath: draft, withIntermediateDirectories: true)
        try Data([1]).write(to: URL(fileURLWithPath: draft + "/segment-00000001.log"))
        let path = try file(try export(folder))
        let header = try EnvironmentImport(path, to: target.path, environment: "live").run()
        #expect(header.environment == "sandbox")
        #expect(try names() == ["export.jsonl", "live"])
    }

    @Test("A file of many lines is read in pieces, and a line too long is refused")
    func lines() throws {
        let text = (0..<40_000).map { "line \($0) " + String(repeating: "x", count: $0 % 97) }
        let path = try file(text)
        var reader = LineReader(try PosixDisk().open(path, .reading))
        var count = 0
        while let line = try reader.next() {
            #expect(line == Array(text[count].utf8))
            count += 1
            #expect(reader.number == count)
        }
        #expect(count == text.count)
        let long = try file([String(repeating: "x", count: 3 << 20)])
        var other = LineReader(try PosixDisk().open(long, .reading), limit: 1 << 20)
        #expect(throws: ImportFault.self) { try other.next() }
    }
}

extension String {
    fileprivate var id: CustomerID {
        guard let id = CustomerID(self) else { preconditionFailure("a test's id is short") }
        return id
    }
}
