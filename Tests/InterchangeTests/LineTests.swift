import Billing
import Testing
import Wire

@testable import Interchange

/// One catalog, and lines that name it.
enum Samples {
    static let publication = """
        {"type":"publication","sequence":1,"time":"2026-01-01T00:00:00Z","request_id":"r-1",\
        "currency":"usd","features":[{"id":"messages","name":"Messages","type":"metered",\
        "credit_costs":[],"event_names":["sent","resent"],\(noMarkups)},\
        {"id":"credits","name":"Credits","type":"credit_system",\
        "credit_costs":[{"feature":"messages","credits":"0.000000000001"}],"event_names":[],\
        \(noMarkups)},{"id":"seats","name":"Seats","type":"allocated","credit_costs":[],\
        "event_names":[],\(noMarkups)},{"id":"ai","name":"AI","type":"ai_credit_system","credit_costs":[],\
        "event_names":[],\(markups)},{"id":"jobs","name":"Jobs","type":"concurrency",\
        "credit_costs":[],"event_names":[],\(noMarkups)}],\
        "plans":[{"id":"pro","revision":1,"name":"Pro","group":"","add_on":false,\
        "auto_enable":false,"price":{"amount":"19.99","interval":"month"\(monthly)},\(trial)\
        "items":[{"feature":"messages","included":"100.0000000001","unlimited":false,\
        "reset":{"interval":"month","interval_count":3},"usage_price":{"amount":"0.01",\
        "billing_units":"10","max_purchase":null,"tiers":[]},"rollover":{"max":null,"max_percentage":"12.5",\
        "months":2},"entity_feature":"seats"\(unpacked)},{"feature":"credits","included":"5",\
        "unlimited":false,"reset":{"interval":"month","interval_count":1},"usage_price":\
        {"amount":"0","billing_units":"1","max_purchase":"9",\(tiers)},\
        "rollover":{"max":"7","max_percentage":null,"months":0},"entity_feature":null\(unpacked)},\
        {"feature":"seats","included":"0","unlimited":true,"reset":null,"usage_price":null,\
        "rollover":null,"entity_feature":null\(unpacked)},\
        {"feature":"credits","included":"100","unlimited":false,\
        "reset":{"interval":"year","interval_count":1},"usage_price":null,\
        "rollover":null,"entity_feature":null\(packs)}],\
        "controls":\(controls)}],"settings":{"keep_free_overage":true}\(rewards)}
        """
    // What version 5 brought.
    static let rewards = """
        ,"coupons":[{"id":"summer","name":"Summer","kind":"percentage","percentage":"12.5",\
        "once":false,"months":3,"plans":["pro"],"minimum":"10","usage_only":true,\
        "codes":[{"code":"SUMMER","max_redemptions":100,"first_purchase_only":true,\
        "expires":"2027-01-01T00:00:00Z"}]},{"id":"off","name":"Off","kind":"amount",\
        "amount":"5","once":true,"months":0,"plans":[],"minimum":"0","usage_only":false,\
        "codes":[{"code":"OFF","max_redemptions":null,"first_purchase_only":false,\
        "expires":null}]},{"id":"credits","name":"Credits","kind":"invoice_credits",\
        "amount":"1000","once":false,"months":0,"plans":[],"minimum":"0","usage_only":false,\
        "codes":[]}],"feature_grants":[{"id":"gift","name":"Gift","grants":[\
        {"feature":"messages","units":"5","expire_days":0,"expire_months":2},\
        {"feature":"credits","units":"1","expire_days":7,"expire_months":0}],"codes":[]}]
        """
    static let held = """
        ,"discounts":[{"coupon":"summer","kind":"percentage","percentage":"12.5",\
        "plans":[{"plan":"pro"}],"usage_only":true,"once":false,"end":"2026-05-01T00:00:00Z",\
        "code":"SUMMER","redemption":"red_1"},{"coupon":"credits","kind":"invoice_credits",\
        "currency":"usd","amount":98000,"plans":[],"usage_only":false,"once":true,"end":null,\
        "code":"","redemption":""}]
        """
    static let owned = """
        "discounts":[{"coupon":"off","kind":"amount","currency":"usd","amount":500,"plans":[],\
        "usage_only":false,"once":true,"end":null,"code":"","redemption":""}],\
        "redemptions":[{"id":"red_2","code":"OFF","time":"2026-02-01T00:00:00Z"}],
        """
    static let holder = ",\"holder\":3"
    static let custom = """
        "time_zone":"America/New_York","custom_plans":[{"number":9,"plan":"pro","revision":1,\
        "name":"Pro","group":"","add_on":false,"auto_enable":false,"price":{"amount":"15",\
        "interval":"month","interval_count":1},"free_trial":null,"items":[],\
        "controls":\(noControls)}],
        """
    static let zoned = ",\"time_zone\":\"UTC\""
    static let dated = ",\"starts\":null,\"ends\":null"
    static let tiers = """
        "tiers":[{"up_to":"20","amount":"0.5"\(flat)},{"up_to":null,"amount":"0.25"\(flat)}]
        """
    // What version 4 brought.
    static let flat = ",\"flat_amount\":\"0\""
    static let monthly = ",\"interval_count\":2"
    static let trial = """
        "free_trial":{"length":14,"unit":"day","needs_card":false},
        """
    static let unpacked = ",\"prepaid_price\":null"
    static let packs = """
        ,"prepaid_price":{"tiers":[{"up_to":"500","amount":"10","flat_amount":"1.5"},\
        {"up_to":null,"amount":"5","flat_amount":"0"}],"tier_behavior":"volume",\
        "billing_units":"100","interval":"year","interval_count":1,"max_purchase":"900",\
        "on_increase":"bill_next_cycle","on_decrease":"keep"}
        """
    static let plain = """
        ,"entity":0,"trial_end":null,"bought":[],"charges":[],"pending":[]
        """
    static let whole = """
        ,"entity":4,"trial_end":"2026-02-14T12:00:00Z","bought":[{"feature":"messages",\
        "units":"300","next":"200"},{"feature":"credits","units":"5","next":null}],\
        "charges":[{"plan":"pro","revision":1,"feature":null,"quantity":"0",\
        "start":"2026-01-31T12:00:00Z","end":"2026-02-28T12:00:00Z","currency":"usd",\
        "paid":1999,"returned":5\(charged)}],"pending":[\(line)]\(held)
        """
    // What version 5 brought.
    static let charged = ",\"invoice\":3,\"disputed\":7"
    static let given = ",\"invoice\":2"
    static let closing = ",\"closes_page\":\"page\""
    static let returns = """
        ,"payment":"eff_0","refunded":500,"credited":250,"disputed":7
        """
    static let refunds = """
        ,"refunds":[{"id":"eff_2","payment":"eff_0","invoice":3,"currency":"usd","amount":500,\
        "reason":"requested","status":"failed","failure_code":"expired_or_canceled_card",\
        "time":"2026-02-01T12:00:00Z"}],"disputes":[{"id":"dp_1","payment":"eff_0","invoice":3,\
        "currency":"usd","amount":7,"status":"lost","time":"2026-02-01T12:00:00Z"}],\
        "closed_checkouts":[{"session":"page","currency":"usd","due":1987,"paid":true,\
        "payments":["page_1","page_2"]}]
        """
    static let line = """
        {"description":"Unused Pro","kind":"credit","plan":"pro","revision":1,\
        "feature":"messages","subscription":1,"quantity":"3",\
        "period":{"start":"2026-02-01T12:00:00Z","end":"2026-02-28T12:00:00Z"},\
        "currency":"usd","subtotal":-250,"discounts":[{"reward":"summer","amount":20\(holder)}]\(given)}
        """
    static let purchase = """
        ,"entity":0,"bought":[],"starts_cycle":true,"trial_end":null,"pending":[],\
        "credit":-30,"time":"2026-01-31T12:00:00Z","invoice":3,\
        "carried_balances":[{"feature":"messages"}],"carried_usages":[]\(held)\(dated)
        """
    static let credit = """
        "credit":{"currency":"usd","balance":-30},"debts":[{"invoice":3,"order":\(order),\
        "since":"2026-01-31T12:00:00Z","attempts":2,"next":"2026-02-05T12:00:00Z"}],"trials":[{"plan":"pro","entity":4}],
        """
    // What version 5 brought.
    static let reminded = """
        "reminded_trials":[{"number":1}],"reminded_card":true,
        """
    static let card = """
        ,"card":{"brand":"visa","last4":"4242"}
        """
    static let noMarkups = """
        "default_markup":"0","provider_markups":[],"model_markups":[]
        """
    static let markups = """
        "default_markup":"12.5","provider_markups":[{"provider":"openai","percentage":"-10"}],\
        "model_markups":[{"model":"openai/gpt-5","percentage":"20","prices":null},\
        {"model":"custom/mine","percentage":null,"prices":{"input":"1.25","output":"10",\
        "cache_read":"0.125","cache_write":null,"audio_input":null,"audio_output":null,\
        "reasoning":"12"}}]
        """
    static let controls = """
        {"spend_limits":[{"feature":"messages","enabled":true,"overage_limit":"20",\
        "overage_percentage":null},{"feature":"credits","enabled":false,"overage_limit":null,\
        "overage_percentage":"12.5"},{"feature":null,"enabled":false,"overage_limit":null,\
        "overage_percentage":null}],"usage_limits":[{"feature":"credits","enabled":true,\
        "limit":"100","interval":"week","anchor":"utc","filter":{"model":"large","cached":true}}],\
        "usage_alerts":[{"feature":"messages","enabled":true,"threshold":"80",\
        "measure":"usage_percentage","name":"most of it"},{"feature":null,"enabled":true,\
        "threshold":"95","measure":"usage_percentage","name":""}],\
        "overage_permissions":[{"feature":"credits","enabled":false}]}
        """
    static let noControls = """
        {"spend_limits":[],"usage_limits":[],"usage_alerts":[],"overage_permissions":[]}
        """
    /// What the grant of one entity is.
    static let slice = """
        {"number":6,"feature":"messages","subscription":1,"plan":"pro","granted":"100",\
        "balance":"99","max_overage":"0","interval":"month","interval_count":1,\
        "anchor":"2026-01-31T12:00:00Z","next_reset":"2026-04-30T12:00:00Z","expires":null,\
        "created":"2026-01-31T12:00:00Z","unlimited":false,"priced":false,"boolean":false,\
        "add_on":false,"allocated":false,"overage_limited":false,"rollover":false,"slice":true\(zoned)}
        """
    static let extras = """
        "last_entity":5,"pooling_disabled":true,\
        "entities":[{"number":4,"id":"ada","feature":"seats","name":"Ada",\
        "created":"2026-02-01T00:00:00Z","grants":[\(slice)],"controls":\(controls)},\
        {"number":2,"id":"bob","feature":"seats","name":"","created":"2026-01-31T12:00:00Z",\
        "grants":[],"controls":\(noControls)}],\
        "controls":[{"subscription":1,\(controls.dropFirst()),\
        {"subscription":null,\(controls.dropFirst())],\
        "grant_details":[{"grant":2,"name":"gift","adjustment":"-1.5","prepaid":"50",\
        "rollover":{"max":null,"max_percentage":null,"months":3},"parent":7},\
        {"grant":6,"name":"","adjustment":"3","prepaid":"0","rollover":null,"parent":0}],\
        "usage_windows":[{"feature":"credits","entity":4,"interval":"week",\
        "filter":{"model":"large"},"start":"2026-01-26T00:00:00Z","end":"2026-02-02T00:00:00Z",\
        "used":"12.5"}],\
        "holds":[{"id":"job-1","feature":"messages","entity":3,\
        "expires":"2026-02-01T06:00:00Z","properties":{"by":"Ada"},\
        "shares":[{"grant":7,"entity":0,"feature":"messages","amount":"0.0000000001",\
        "units":"100","cost":"0.000000000001"},{"grant":5,"entity":3,"feature":"messages",\
        "amount":"1","units":"1","cost":null}],\
        "counts":[{"feature":"credits","entity":0,"interval":"day","filter":{},"amount":"2"}]}]
        """
    static let order = """
        {"purpose":"renewal","plan":"pro","revision":1,\
        "subscriptions":[{"number":1},{"number":3}],"lines":[\(line)],\
        "currency":"usd","total":1987,"success_url":"https://example.com/done"\(purchase)}
        """
    static let customer = """
        {"type":"customer","id":"acme","deleted":false,"name":"Acme \\"Ä\\"",\
        "email":"acme@example.com","metadata":{"crm":"4711","é":""},\
        "created":"2026-01-01T00:00:00.001Z","catalog_sequence":1,"last_subscription":4,\
        "last_grant":7,"last_invoice":3,\(custom)\
        "subscriptions":[{"number":1,"plan":"pro","revision":1,"status":"past_due",\
        "add_on":false,"start":"2026-01-31T12:00:00Z","anchor":"2026-01-31T12:00:00Z",\
        "period_start":"2026-01-31T12:00:00Z","period_end":"2026-02-28T12:00:00Z",\
        "canceled":null,"end":null\(whole)}],\
        "grants":[{"number":7,"feature":"messages","subscription":1,"plan":"pro",\
        "granted":"100.0000000001","balance":"-0.5","max_overage":"0","interval":"month",\
        "interval_count":3,"anchor":"2026-01-31T12:00:00Z","next_reset":"2026-04-30T12:00:00Z",\
        "expires":null,"created":"2026-01-31T12:00:00Z","unlimited":false,"priced":true,\
        "boolean":false,"add_on":false,"allocated":false,"overage_limited":false,\
        "rollover":false,"slice":false\(zoned)},\
        {"number":2,"feature":"credits","subscription":0,"plan":null,"granted":"5",\
        "balance":"5","max_overage":"0","interval":"one_off","interval_count":1,\
        "anchor":"2026-01-31T12:00:00Z","next_reset":null,"expires":"2027-01-01T00:00:00Z",\
        "created":"2026-01-31T12:00:00Z","unlimited":false,"priced":false,"boolean":false,\
        "add_on":false,"allocated":false,"overage_limited":false,"rollover":true,\
        "slice":false\(zoned)}],\
        \(extras),\
        "payment_method":{"token":"t","brand":"visa","last4":"4242","expiry":"2049-02"},\
        "effects":[{"id":"eff_1","kind":"collect","order":\(order),\
        "request":{"id":"r-9","method":3,"fingerprint":18446744073709551615}\(closing)}],\
        "checkout":{"session":"s","url":"https://example.com/pay","order":\(order)},\
        \(owned)\(credit)\(reminded)\
        "invoices":[{"number":3,"status":"paid","time":"2026-01-31T12:00:00Z",\
        "currency":"usd","total":1987,"lines":[\(line)],"credit":-30\(returns)\(card)}]\(refunds)}
        """
    static let event = """
        {"type":"event","customer":"acme","feature":"messages","value":"-1.5",\
        "committed":"2026-02-01T00:00:00Z","time":"2026-01-31T23:59:59.999Z",\
        "properties":{"cached":true,"model":"large","share":0.1}}
        """
    static let header = """
        {"format":"tally.export","version":5,"environment":"sandbox",\
        "time":"2026-02-01T00:00:00Z","publications":1,"customers":1,"events":1}
        """

    /// A line as version 1 has it.
    static func withoutExtras(_ line: String) -> String {
        var line = withoutMarkups(line).replacing(",\(withoutFifth(extras))", with: "")
        for part in [
            ",\"event_names\":[]", ",\"event_names\":[\"sent\",\"resent\"]",
            ",\"rollover\":null,\"entity_feature\":null", ",\"controls\":\(controls)",
            ",\"settings\":{\"keep_free_overage\":true}", ",\"rollover\":false,\"slice\":false",
            ",\"rollover\":true,\"slice\":false",
            ",\"rollover\":{\"max\":null,\"max_percentage\":\"12.5\",\"months\":2},"
                + "\"entity_feature\":\"seats\"",
            ",\"rollover\":{\"max\":\"7\",\"max_percentage\":null,\"months\":0},"
                + "\"entity_feature\":null",
        ] { line = line.replacing(part, with: "") }
        return line
    }

    /// A line as version 2 has it.
    static func withoutMarkups(_ line: String) -> String {
        withoutPurchases(
            line.replacing(",\(noMarkups)", with: "").replacing(",\(markups)", with: "")
                .replacing(",\"tiers\":[]", with: "").replacing(",\(tiers)", with: ""))
    }

    /// A line as version 4 has it.
    static func withoutFifth(_ text: String) -> String {
        [
            charged, given, closing, returns, refunds, owned, rewards, held, holder, reminded, card,
            custom, dated, zoned,
        ].reduce(text) { $0.replacing($1, with: "") }
    }

    /// A line as version 3 has it.
    static func withoutPurchases(_ text: String) -> String {
        let (whole, line, credit) = (
            withoutFifth(whole), withoutFifth(line), withoutFifth(credit)
        )
        var text = withoutFifth(text)
            .replacing(credit, with: "").replacing(
                "\"subscriptions\":[{\"number\":1},{\"number\":3}]", with: "\"subscription\":1")
        for part in [monthly, trial, unpacked, packs, flat, whole, purchase] {
            text = text.replacing(withoutFifth(part), with: "")
        }
        return text.replacing(
            line,
            with: """
                {"description":"Pro","amount":1999,"plan":"pro","feature":"messages"}
                """
        ).replacing("],\"credit\":-30}", with: "]}")
    }

    /// A codec that has read the publication.
    static func codec() throws -> ExportCodec {
        var codec = ExportCodec()
        _ = try codec.read(Array(publication.utf8))
        return codec
    }
}

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
            Array(try replacing("\"version\":5", by: "\"version\":1", in: Samples.header).utf8))
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
            Array(try replacing("\"version\":5", by: "\"version\":2", in: Samples.header).utf8))
        _ = try codec.read(Array(Samples.withoutMarkups(Samples.publication).utf8))
        let marked = codec.pricing.features.filter { !$0.markups.isEmpty }
        #expect(marked.isEmpty)
        _ = try codec.read(Array(Samples.withoutMarkups(Samples.customer).utf8))
    }

    @Test("One of version 3 has no packs, trials and charges")
    func thirdVersion() throws {
        var codec = ExportCodec()
        _ = try codec.read(
            Array(try replacing("\"version\":5", by: "\"version\":3", in: Samples.header).utf8))
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
            Array(try replacing("\"version\":5", by: "\"version\":4", in: Samples.header).utf8))
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

    private static let extraFaults = [
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
            "tally.export\",\"version\":6", "tally.export\",\"version\":0",
            "x\",\"version\":5",
        ])
    func versions(text: String) throws {
        var codec = ExportCodec()
        let line = try replacing("tally.export\",\"version\":5", by: text, in: Samples.header)
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
