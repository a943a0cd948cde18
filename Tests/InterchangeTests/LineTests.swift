import Billing
import Testing
import Wire

@testable import Interchange

@Suite("Lines of an export")
struct LineTests {
    @Test(
        "What is read is written again, to the byte",
        arguments: [Samples.header, Samples.customer, Samples.event])
    func roundTrip(line: String) throws {
        var codec = try Samples.codec()
        #expect(try codec.text(try codec.read(Array(line.utf8))) == line)
    }

    @Test("What exports of before say nothing of may be left out")
    func earlier() throws {
        var codec = try Samples.codec()
        let parts = ["\"deleted\":false,", "\"metadata\":{\"crm\":\"4711\",\"é\":\"\"},"]
        let line = try parts.reduce(Samples.customer) { try replacing($1, by: "", in: $0) }
        guard case .customer(let customer) = try codec.read(Array(line.utf8)) else {
            Issue.record("no customer")
            return
        }
        #expect(customer.account.metadata.isEmpty && !customer.isDeleted)
    }

    @Test("A publication, too; and it counts for what comes after it")
    func publication() throws {
        var codec = ExportCodec()
        let line = try codec.read(Array(Samples.publication.utf8))
        #expect(try codec.text(line) == Samples.publication)
        #expect(codec.pricing.plan(id: "pro") != nil && codec.pricing.sequence == 1)
    }

    @Test("The facts of a customer make it again, with the numbers that were given")
    func facts() throws {
        var codec = try Samples.codec()
        guard case .customer(let customer) = try codec.read(Array(Samples.customer.utf8)) else {
            Issue.record("no customer")
            return
        }
        var state = CustomerState(id: customer.id)
        state.apply(customer.facts)
        state.catalogSequence = customer.catalog
        #expect(ExportedCustomer(state) == customer)
        #expect(state.lastBucket == 7 && state.lastSubscription == 4 && state.lastInvoice == 3)
        #expect(state.subscriptions[0].periodEnd == Timestamp(rfc3339: "2026-02-28T12:00:00Z"))
        #expect(state.buckets[0].balance == Quantity(raw: -5_000_000_000))
        let extras = state.buckets.extras
        #expect(extras.lastEntity == 5 && extras.isPoolingDisabled && extras.entities.count == 2)
        #expect(extras.entities.entity(4)?.buckets.map(\.flags) == [.slice])
        #expect(extras.holds[0].value == Quantity(units: 101))
    }

    @Test("A file of version 1 has nothing of what came later")
    func firstVersion() throws {
        func older(_ line: String) -> [UInt8] {
            Array(Samples.withoutExtras(line).utf8)
        }
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":11", by: "\"version\":1", in: Samples.header).utf8))
        _ = try codec.read(older(Samples.publication))
        let read = try codec.read(older(Samples.customer))
        guard case .customer(let customer) = read else {
            Issue.record("no customer")
            return
        }
        var state = CustomerState(id: customer.id)
        state.apply(customer.facts)
        #expect(state.lastBucket == 7 && state.buckets.count == 2 && !state.buckets.hasExtras)
        let fault = #expect(throws: FormFault.self) {
            try codec.read(Array(Samples.customer.utf8))
        }
        #expect(fault?.field == "subscriptions[0].entity")
    }

    @Test("One of version 2 has no prices of tokens")
    func secondVersion() throws {
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":11", by: "\"version\":2", in: Samples.header).utf8))
        _ = try codec.read(Array(Samples.withoutMarkups(Samples.publication).utf8))
        let marked = codec.pricing.features.filter { !$0.markups.isEmpty }
        #expect(marked.isEmpty)
        _ = try codec.read(Array(Samples.withoutMarkups(Samples.customer).utf8))
    }

    @Test("One of version 3 has no packs, trials and charges")
    func thirdVersion() throws {
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":11", by: "\"version\":3", in: Samples.header).utf8))
        _ = try codec.read(Array(Samples.withoutPurchases(Samples.publication).utf8))
        let read = try codec.read(Array(Samples.withoutPurchases(Samples.customer).utf8))
        guard case .customer(let customer) = read else {
            Issue.record("no customer")
            return
        }
        let whole = customer.subscriptions.filter { !$0.isPlain }
        #expect(whole.isEmpty)
        let order = try #require(customer.account.checkout).order
        #expect(order.subscriptions == [1] && order.lines.map(\.kind) == [.overage])
        #expect(order.lines[0].subtotal == Money(minorUnits: 1999, currency: order.total.currency))
    }

    @Test(
        "One of version 4 has no rewards, refunds, reminders, zones and plans of a customer's own")
    func fourthVersion() throws {
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":11", by: "\"version\":4", in: Samples.header).utf8))
        _ = try codec.read(Array(Samples.withoutFifth(Samples.publication).utf8))
        #expect(codec.pricing.rewards.isEmpty)
        let read = try codec.read(Array(Samples.withoutFifth(Samples.customer).utf8))
        guard case .customer(let customer) = read else {
            Issue.record("no customer")
            return
        }
        let account = customer.account
        #expect(customer.subscriptions.allSatisfy { $0.discounts.isEmpty })
        #expect(account.discounts.isEmpty && account.redemptions.isEmpty)
        #expect(account.refunds.isEmpty && account.disputes.isEmpty)
        #expect(account.reminded == Reminded() && account.invoices[0].card == nil)
        #expect(account.zone == .utc && account.customPlans.isEmpty)
    }

    @Test("One of version 5 sells nothing by invoice, and has no top-ups")
    func fifthVersion() throws {
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":11", by: "\"version\":5", in: Samples.header).utf8))
        _ = try codec.read(Array(Samples.withoutSixth(Samples.publication).utf8))
        let read = try codec.read(Array(Samples.withoutSixth(Samples.customer).utf8))
        guard case .customer(let customer) = read else {
            Issue.record("no customer")
            return
        }
        #expect(customer.account.receivables.isEmpty && customer.account.invoices[0].page == "")
        #expect(customer.subscriptions.allSatisfy { $0.netDays == 0 })
        #expect(customer.extras.topUps.isEmpty && !customer.extras.topsUp)
        #expect(!customer.extras.controls.isEmpty)
    }

    @Test("One of version 6 pauses nothing")
    func sixthVersion() throws {
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":11", by: "\"version\":6", in: Samples.header).utf8))
        _ = try codec.read(Array(Samples.withoutSeventh(Samples.publication).utf8))
        let read = try codec.read(Array(Samples.withoutSeventh(Samples.customer).utf8))
        guard case .customer(let customer) = read else {
            Issue.record("no customer")
            return
        }
        #expect(customer.subscriptions.allSatisfy { !$0.isPaused && $0.netDays == 14 })
        #expect(throws: FormFault.self) { try codec.read(Array(Samples.customer.utf8)) }
    }

    private static let extraFaults = [
        ("\"paused_by\":3", "\"paused_by\":1", "subscriptions[0].paused_by"),
        (
            "\"top_ups\":[",
            "\"top_ups\":[{\"feature\":\"credits\",\"attempts\":[],\"failures\":0,"
                + "\"failed\":\"2026-02-01T12:00:00Z\",\"window_start\":\"2026-02-01T12:00:00Z\","
                + "\"purchases\":0},", "top_ups[1].feature"
        ),
        ("\"last_entity\":5", "\"last_entity\":3", "last_entity"),
        ("{\"number\":2,\"id\":\"bob\"", "{\"number\":4,\"id\":\"bob\"", "entities[1].number"),
        ("\"id\":\"bob\"", "\"id\":\"ada\"", "entities[1].id"),
        (
            "\"id\":\"bob\",\"feature\":\"seats\"", "\"id\":\"bob\",\"feature\":\"no\"",
            "entities[1].feature"
        ),
        ("\"grants\":[{\"number\":6", "\"grants\":[{\"number\":7", "entities[0].grants[0].number"),
        ("\"grants\":[{\"number\":6", "\"grants\":[{\"number\":8", "last_grant"),
        ("\"slice\":true", "\"slice\":1", "entities[0].grants[0].slice"),
        (
            "\"20\",\"overage_percentage\":null", "\"20\",\"overage_percentage\":\"1\"",
            "entities[0].controls.spend_limits[0].overage_limit"
        ),
        (
            "\"usage_percentage\"", "\"usage_share\"",
            "entities[0].controls.usage_alerts[0].measure"
        ),
        ("{\"subscription\":null", "{\"subscription\":1", "controls[1].subscription"),
        ("{\"subscription\":null", "{\"entity\":1", "controls[1].subscription"),
        ("[{\"grant\":2,\"name\"", "[{\"grant\":1,\"name\"", "grant_details[0].grant"),
        ("{\"grant\":6,\"name\"", "{\"grant\":2,\"name\"", "grant_details[1].grant"),
        ("\"max\":null,\"max_p", "\"max\":7,\"max_p", "grant_details[0].rollover.max"),
        (
            "\"max\":null,\"max_percentage\":null", "\"max\":\"1\",\"max_percentage\":\"1\"",
            "grant_details[0].rollover.max"
        ),
        (
            "\"entity\":4,\"interval\":\"week\"", "\"entity\":3,\"interval\":\"week\"",
            "usage_windows[0].entity"
        ),
        ("{\"by\":\"Ada\"}", "{\"by\":[]}", "holds[0].properties"),
        ("\"cost\":null", "\"cost\":1", "holds[0].shares[1].cost"),
        ("\"filter\":{},\"amount\"", "\"filter\":null,\"amount\"", "holds[0].counts[0].filter"),
        ("\"pooling_disabled\":true,", "", "pooling_disabled"),
    ]

    @Test(
        "What is wrong is named",
        arguments: [
            ("\"balance\":\"-0.5\"", "\"balance\":-0.5", "grants[0].balance"),
            ("\"balance\":\"5\"", "\"balance\":\"5.00000000001\"", "grants[1].balance"),
            ("\"balance\":\"5\"", "\"balance\":\"1e30\"", "grants[1].balance"),
            (
                "[{\"number\":1,\"plan\":\"pro\"", "[{\"number\":1,\"plan\":\"no\"",
                "subscriptions[0].plan"
            ),
            ("\"revision\":1,\"status\"", "\"revision\":2,\"status\"", "subscriptions[0].revision"),
            ("\"past_due\"", "\"late\"", "subscriptions[0].status"),
            ("2026-02-28T12:00:00Z", "2026-02-30T12:00:00Z", "subscriptions[0].period_end"),
            ("2026-02-28T12:00:00Z", "2026-02-28T12:00:00.0001Z", "subscriptions[0].period_end"),
            ("\"last_grant\":7", "\"last_grant\":6", "last_grant"),
            ("\"last_invoice\":3", "\"last_invoice\":-3", "last_invoice"),
            ("{\"number\":2,", "{\"number\":7,", "grants[1].number"),
            (
                "\"credits\",\"subscription\":0", "\"credits\",\"subscription\":9",
                "grants[1].subscription"
            ),
            ("\"last4\":\"4242\"", "\"last4\":4242", "payment_method.last4"),
            ("2049-02", "2049-13", "payment_method.expiry"),
            ("2049-02", "soon", "payment_method.expiry"),
            ("\"total\":1987,\"success", "\"total\":19.87,\"success", "effects[0].order.total"),
            (
                "\"subtotal\":-250", "\"subtotal\":\"-250\"",
                "subscriptions[0].pending[0].subtotal"
            ),
            ("\"kind\":\"credit\"", "\"kind\":\"x\"", "subscriptions[0].pending[0].kind"),
            (
                "\"end\":\"2026-02-28T12:00:00Z\",\"currency",
                "\"end\":\"2026-01-01T12:00:00Z\",\"currency",
                "subscriptions[0].charges[0].end"
            ),
            ("\"units\":\"300\"", "\"units\":300", "subscriptions[0].bought[0].units"),
            ("\"catalog_sequence\":1", "\"catalog_sequence\":2", "catalog_sequence"),
            ("\"type\":\"customer\"", "\"type\":\"client\"", "type"),
            (",\"last_invoice\":3", "", "last_invoice"),
            ("\"last_invoice\":3", "\"last_invoice\":3,\"vat\":1", "vat"),
            ("\"brand\":\"visa\"", "\"brand\":\"visa\",\"cvc\":\"1\"", "payment_method.cvc"),
            ("\"id\":\"acme\"", "\"id\":\"\"", "id"),
            ("\"deleted\":false", "\"deleted\":true", "deleted"),
            ("\"crm\":\"4711\"", "\"crm\":4711", "metadata"),
        ] + extraFaults)
    func faults(part: String, changed: String, field: String) throws {
        var codec = try Samples.codec()
        let line = try replacing(part, by: changed, in: Samples.customer)
        let fault = #expect(throws: FormFault.self) { try codec.read(Array(line.utf8)) }
        #expect(fault?.field == field, "\(String(describing: fault))")
    }

    @Test(
        "Of publications as well",
        arguments: [
            ("\"sequence\":1", "\"sequence\":2", "sequence"),
            ("\"revision\":1", "\"revision\":2", "plans[0].revision"),
            (
                "\"included\":\"100.0000000001\"", "\"included\":\"-1\"",
                "plans[0].items[0].included"
            ),
            (
                "\"interval\":\"month\"\(Samples.monthly)",
                "\"interval\":\"moon\"\(Samples.monthly)", "plans[0].price.interval"
            ),
            (
                "\"on_increase\":\"bill_next_cycle\"", "\"on_increase\":\"never\"",
                "plans[0].items[3].prepaid_price.on_increase"
            ),
        ])
    func catalogFaults(part: String, changed: String, field: String) throws {
        var codec = ExportCodec()
        let line = try replacing(part, by: changed, in: Samples.publication)
        let fault = #expect(throws: FormFault.self) { try codec.read(Array(line.utf8)) }
        #expect(fault?.field == field, "\(String(describing: fault))")
    }

    @Test(
        "A file of another format or a later version",
        arguments: [
            "tally.export\",\"version\":12", "tally.export\",\"version\":0",
            "x\",\"version\":11",
        ])
    func versions(text: String) throws {
        var codec = ExportCodec()
        let line = try replacing("tally.export\",\"version\":11", by: text, in: Samples.header)
        #expect(throws: FormFault.self) { try codec.read(Array(line.utf8)) }
    }

    private func replacing(_ part: String, by other: String, in text: String) throws -> String {
        let range = try #require(text.firstRange(of: part))
        return text.replacingCharacters(range, by: other)
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<String.Index>, by other: String) -> String {
        String(self[..<range.lowerBound]) + other + self[range.upperBound...]
    }
}
