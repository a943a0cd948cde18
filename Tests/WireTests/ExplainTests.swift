import CTallyProto
import Testing

@testable import Billing
@testable import Wire

/// Previews, explanations, and settings that change what balances are worth, on the wire and on
/// disk.
@Suite("Explanations, previews and modes")
struct ExplainTests {
    private static let messages = FeatureNumber(rawValue: 1)

    private static let draft: PricingDraft = {
        let reset = Cycle(.month)
        func item(_ id: String, _ units: Int) -> PlanItem {
            PlanItem(
                featureID: id, included: Quantity(units: units), unlimited: false, reset: reset,
                usagePrice: nil)
        }
        return PricingDraft(
            currency: "usd",
            features: [
                Feature(id: "messages", name: "Messages", kind: .metered),
                Feature(
                    id: "credits", name: "Credits", kind: .creditSystem,
                    creditCosts: [
                        CreditCost(
                            featureID: "messages", credits: UnitPrice(raw: UnitPrice.scale / 5))
                    ]), Feature(id: "seats", name: "Seats", kind: .allocated),
            ],
            plans: [
                Plan(id: "free", name: "Free", items: [item("messages", 10), item("seats", 1)]),
                Plan(
                    id: "pro", name: "Pro",
                    price: BasePrice(
                        amount: UnitPrice(raw: 20 * UnitPrice.scale), cycle: Cycle(.month)),
                    items: [item("messages", 100), item("credits", 5), item("seats", 3)]),
            ])
    }()

    private let arena = Arena()
    private let names = PricingNames(PricingState.empty.publishing(draft))

    private var writer: ReplyWriter { ReplyWriter(arena: arena, names: names) }

    private func unpacked<Message>(
        _ bytes: UnsafeRawBufferPointer, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws -> Message {
        let descriptor = arena.descriptor(of: arena.make(initialize))
        return try #require(arena.unpack(Message.self, descriptor, bytes)).pointee
    }

    private func text(_ text: UnsafePointer<CChar>?) -> String {
        text.map { String(cString: $0) } ?? ""
    }

    /// Of so many balances, and with everything that can be explained.
    private func customer(_ buckets: Int) -> CustomerState {
        var customer = CustomerState(id: CustomerID("acme") ?? .empty)
        customer.apply(
            (1...buckets).map { number in
                .bucketOpened(
                    Bucket(
                        number: UInt32(number), feature: Self.messages, subscription: 0,
                        granted: Quantity(units: 2), balance: Quantity(units: 2),
                        cycle: Cycle(.oneOff), anchor: .epoch, nextReset: .never,
                        created: .epoch, flags: []))
            })
        var controls = Controls()
        controls.usageLimits = [
            UsageLimit(feature: Self.messages, limit: Quantity(units: 9), interval: .day)
        ]
        controls.spendLimits = [
            SpendLimit(
                feature: Self.messages, isEnabled: true, bound: .units(Quantity(units: 4)))
        ]
        controls.overagePermissions = [
            OveragePermission(feature: Self.messages, isEnabled: true)
        ]
        customer.apply([
            .controlsSet(OwnedControls(owner: .customer, controls: controls)),
            .detailSet(BucketDetail(bucket: 2, name: "gift")),
        ])
        return customer
    }

    @Test("an explanation has the check's very answer, and all of it can be read")
    func explained() throws {
        let customer = customer(3)
        let query = CheckQuery(feature: Self.messages, required: Quantity(units: 7))
        let now = Timestamp(milliseconds: 1_793_000_000_123)
        let told = try customer.explain(query, pricing: names.pricing, now: now)
        let message = try unpacked(
            writer.explained(told, of: customer), tally__v1__explain_check_response__init)
        let answer = try #require(message.answer)
        #expect(
            arena.pack(answer).elementsEqual(
                writer.check(try customer.check(query, pricing: names.pricing, now: now))))
        #expect(message.n_parts == 3 && message.part_count == 3)
        let parts = try (0..<3).map { try #require(message.parts[$0]).pointee }
        #expect(parts.map { text($0.balance_id) } == ["bal_1", "gift", "bal_3"])
        #expect(parts.map(\.gives) == [3, 2, 2])
        #expect(message.missing == 0)
        let pool = try #require(message.pools[0]).pointee
        #expect(pool.decides == 1 && pool.owned == 1)
        #expect(pool.reason == TALLY__V1__CHECK_REASON__CHECK_REASON_OVERAGE)
        let rules = try (0..<pool.n_rules).map { try #require(pool.rules[$0]).pointee.rule }
        #expect(rules.map(\.rawValue) == [1, 3, 4, 5, 6, 7, 8])
        #expect(pool.n_limits == 3)
        let window = try #require(pool.limits[0]).pointee
        #expect(window.owner == TALLY__V1__LIMIT_OWNER__LIMIT_OWNER_CUSTOMER)
        #expect(window.usage_limit?.pointee.headroom == 9)
        #expect(window.usage_limit?.pointee.start_time?.pointee.seconds == 1_792_972_800)
        #expect(try #require(pool.limits[1]).pointee.spend_limit?.pointee.headroom == 4)
        #expect(try #require(pool.limits[2]).pointee.overage_allowed == 1)
    }

    @Test("of many parts 500 are told")
    func many() throws {
        let customer = customer(600)
        let query = CheckQuery(feature: Self.messages, required: Quantity(units: 7))
        let told = try customer.explain(query, pricing: names.pricing, now: .epoch)
        let message = try unpacked(
            writer.explained(told, of: customer), tally__v1__explain_check_response__init)
        #expect(message.n_parts == 500 && message.part_count == 600)
    }

    @Test("a preview names what is for sale")
    func preview() throws {
        var query = CheckQuery(feature: Self.messages, required: Quantity(units: 7))
        query.wantsPreview = true
        var answer = try CustomerState(id: .empty).check(
            query, pricing: names.pricing, now: .epoch)
        answer.isShadow = true
        let message = try unpacked(writer.check(answer), tally__v1__check_response__init)
        #expect(message.shadow == 1 && message.allowed == 1)
        let preview = try #require(message.preview).pointee
        #expect(preview.scenario.rawValue == 2)
        #expect(text(preview.feature_id) == "messages" && text(preview.feature_name) == "Messages")
        #expect(preview.n_plans == 2)
        let (free, pro) = (
            try #require(preview.plans[0]).pointee, try #require(preview.plans[1]).pointee
        )
        #expect(text(free.plan_id) == "free" && free.price == nil && free.n_items == 1)
        #expect(text(pro.plan_id) == "pro" && text(pro.name) == "Pro" && pro.revision == 1)
        #expect(text(pro.price?.pointee.amount) == "20")
        #expect(pro.n_items == 2)
        #expect(try #require(pro.items[0]).pointee.included == 100)
    }

    // MARK: Requests

    private func explain(
        customer: String = "acme", feature: String = "messages", required: Double? = nil,
        entity: String = ""
    ) throws(CallFault) -> ExplainCall {
        let message = arena.make(tally__v1__explain_check_request__init)
        message.pointee.customer_id = arena.string(customer)
        message.pointee.feature_id = arena.string(feature)
        message.pointee.entity_id = arena.string(entity)
        if let required {
            message.pointee._required_quantity_case =
                TALLY__V1__EXPLAIN_CHECK_REQUEST___REQUIRED_QUANTITY_REQUIRED_QUANTITY
            message.pointee.required_quantity = required
        }
        let reader = RequestReader(arena: arena, names: names, fingerprintKey: 1)
        return try reader.explain(arena.pack(message))
    }

    @Test("what is to be explained is read as a check is")
    func request() throws {
        #expect(try explain().query.required == Quantity(units: 1))
        #expect(try explain(required: 2.5).query.required == Quantity(raw: 25_000_000_000))
        #expect(try explain(required: 0).query.required == .zero)
        #expect(try explain(entity: "ada").query.entity.text == "ada")
        func fields(_ body: () throws(CallFault) -> ExplainCall) -> [String] {
            do throws(CallFault) {
                _ = try body()
                return []
            } catch {
                guard case .invalid(let violations) = error else { return ["\(error)"] }
                return violations.map(\.path)
            }
        }
        #expect(fields { () throws(CallFault) in try explain(customer: "") } == ["customer_id"])
        #expect(fields { () throws(CallFault) in try explain(feature: "a b") } == ["feature_id"])
        #expect(
            fields { () throws(CallFault) in try explain(required: .nan) }
                == ["required_quantity"])
        #expect(fields { () throws(CallFault) in try explain(entity: "a b") } == ["entity_id"])
        let unknown = fields { () throws(CallFault) in try explain(feature: "nothing") }
        #expect(unknown.first?.contains("featureNotFound") ?? false)
    }

    @Test("a preview is of a feature, and is no part of what a request id stands for")
    func previewRequest() throws {
        func check(plan: Bool, preview: Bool) throws -> CheckCall {
            let message = arena.make(tally__v1__check_request__init)
            message.pointee.customer_id = arena.string("acme")
            message.pointee.request_id = arena.string("r-1")
            message.pointee.deduct = plan ? 0 : 1
            message.pointee.with_preview = preview ? 1 : 0
            if plan {
                message.pointee.subject_case = TALLY__V1__CHECK_REQUEST__SUBJECT_PLAN_ID
                message.pointee.plan_id = arena.string("pro")
            } else {
                message.pointee.subject_case = TALLY__V1__CHECK_REQUEST__SUBJECT_FEATURE_ID
                message.pointee.feature_id = arena.string("messages")
            }
            return try RequestReader(arena: arena, names: names, fingerprintKey: 1).check(
                arena.pack(message))
        }
        #expect(throws: CallFault.self) { try check(plan: true, preview: true) }
        _ = try check(plan: true, preview: false)
        let (plain, offering) = (
            try check(plan: false, preview: false), try check(plan: false, preview: true)
        )
        #expect(plain.request == offering.request)
        guard case .feature(let query) = offering.subject else { return }
        #expect(query.wantsPreview)
    }

    // MARK: On disk

    static let changes: [@Sendable (inout PricingDraft) -> Void] = [
        { $0.settings?.includesPastDue = false },
        { $0.settings?.reversesDeductionOrder = true },
        { $0.features[0].isShadow = true },
    ]

    /// The number of the field that a directory record's kind is in.
    private func kind(_ draft: PricingDraft) throws -> UInt32 {
        let record = DirectoryRecord(time: .epoch, published: draft, requestID: "r")
        let bytes = RecordWriter(arena: arena).directory(record)
        let read = try RecordDecoder(arena: arena).directory(bytes)
        #expect(read.published == draft)
        var scan = FieldScan(bytes)
        var kinds: [UInt32] = []
        while let field = scan.next() {
            if field.number != 1 { kinds.append(field.number) }
        }
        #expect(kinds.count == 1)
        return kinds.first ?? 0
    }

    @Test("a publication that older binaries would misread is a record they don't know")
    func publication() throws {
        var draft = Self.draft
        #expect(try kind(draft) == 2)
        draft.settings = PricingSettings()
        #expect(try kind(draft) == 2)
        draft.settings?.keepsFreeOverage = true
        #expect(try kind(draft) == 2)
        for change in Self.changes {
            var changed = draft
            change(&changed)
            #expect(changed != draft)
            #expect(try kind(changed) == 20)
        }
    }

    @Test("a test clock's move there and back")
    func clock() throws {
        let move = EnvironmentClockMove(
            offset: 86_400_000, time: Timestamp(milliseconds: 5), fingerprint: 7)
        let record = DirectoryRecord(time: .epoch, change: .clockMoved(move), requestID: "r")
        let bytes = RecordWriter(arena: arena).directory(record)
        let read = try RecordDecoder(arena: arena).directory(bytes)
        #expect(read.requestID == "r" && read.published == nil)
        guard case .clockMoved(let found) = read.change else {
            Issue.record("it isn't a move")
            return
        }
        #expect(found == move)
    }

    @Test("a directory record of an unknown kind is refused")
    func unknownKind() {
        var bytes = ProtoBytes()
        bytes.add(1, number: 5)
        bytes.add(22, text: "x")
        #expect(throws: RecordFault.self) {
            try bytes.bytes.withUnsafeBytes { try RecordDecoder(arena: arena).directory($0) }
        }
    }

    @Test("settings there and back, through the reply")
    func settings() throws {
        for change in Self.changes {
            var draft = Self.draft
            draft.settings = PricingSettings()
            change(&draft)
            let names = PricingNames(PricingState.empty.publishing(draft))
            let reply = try unpacked(
                ReplyWriter(arena: arena, names: names).catalog(),
                tally__v1__get_catalog_response__init)
            var reader = DraftReader(prefix: "")
            let read = reader.draft(try #require(reply.catalog).pointee)
            #expect(read.settings ?? PricingSettings() == draft.settings)
            #expect(read.features == draft.features)
        }
    }

    @Test("a snapshot's row says that a subscription is past due; an older one's rest does")
    func row() throws {
        for status in [SubscriptionStatus.active, .pastDue] {
            var customer = customer(1)
            customer.apply([
                .subscriptionChanged(
                    Subscription(
                        number: 1,
                        plan: PlanReference(plan: PlanNumber(rawValue: 2), revision: 1),
                        status: status, addOn: false, start: .epoch, anchor: .epoch,
                        periodStart: .epoch, periodEnd: .never))
            ])
            let row = CustomerRow(customer, arena: arena, seals: nil)
            #expect(row.marks.contains(.isPastDue) == (status == .pastDue))
            let bytes = Array(RecordWriter(arena: arena).row(row))
            for isOld in [false, true] {
                let found = try (isOld ? try withoutMarks(bytes) : bytes).withUnsafeBytes {
                    try RecordDecoder(arena: arena).row($0)
                }
                #expect(found.marks.contains(.isPastDue) == row.marks.contains(.isPastDue))
            }
        }
    }

    /// As a binary wrote it that knew marks 1 to 4.
    private func withoutMarks(_ row: [UInt8]) throws -> [UInt8] {
        // Field 8 is a varint of one byte, with marks 1, 16 and 32 in it.
        let place = try #require(
            row.indices.dropLast().first { row[$0] == 8 << 3 && row[$0 + 1] & ~8 == 49 })
        var old = row
        old[place + 1] &= 7
        return old
    }
}
