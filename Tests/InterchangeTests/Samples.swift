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
        "auto_enable":false,"price":{"amount":"19.99","interval":"month"\(monthly)\(priced)},\(trial)\
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
        "controls":\(controls)}],"settings":{"keep_free_overage":true}\(rewards)\(programmes)}
        """
    // What version 6 brought.
    static let programmes = """
        ,"plan_gifts":[{"id":"free_pro","name":"Pro","plan":"pro"}],\
        "referral_programmes":[{"id":"friends","reward":"free_pro","redeem_on":"checkout",\
        "rewards_both":true,"max_redemptions":3,"plans":["pro"],"excludes_trial":true},\
        {"id":"at_once","reward":"off","redeem_on":"customer_creation","rewards_both":false,\
        "max_redemptions":null,"plans":[],"excludes_trial":false}]
        """
    static let unique = ",\"unique_fingerprint\":true\(reverting)"
    // What version 7 brought.
    static let reverting = ",\"on_end\":\"revert\""
    static let priced = """
        ,"additional_currencies":[{"currency":"eur","amount":"18","tiers":[]}]
        """
    static let paying = "\"currency\":\"eur\","
    static let pausing = ",\"paused_by\":3"
    static let trying = """
        ,{"number":3,"plan":"pro","revision":1,"status":"active","add_on":false,\
        "start":"2026-01-31T12:00:00Z","anchor":"2026-02-14T12:00:00Z",\
        "period_start":"2026-01-31T12:00:00Z","period_end":"2026-02-14T12:00:00Z",\
        "canceled":null,"end":null,"entity":4,"trial_end":"2026-02-14T12:00:00Z",\
        "bought":[],"charges":[],"pending":[],"discounts":[]}
        """
    static let reverts = ",\"reverts\":true"
    static let referrals = """
        "fingerprint_hash":"ffffffffffffffff","referral_codes":[{"programme":"friends",\
        "code":"ABC123","created":"2026-02-01T00:00:00Z"}],"referrals":[{"id":"red_3",\
        "role":"redeemer","programme":"friends","code":"XYZ789","other":"initech",\
        "reward":"free_pro","kind":"plan_gift","created":"2026-02-01T00:00:00Z",\
        "earned":"2026-02-02T00:00:00Z","state":"pending","ready":"2026-02-02T00:00:00Z",\
        "rewards_both":true,"plans":[{"plan":"pro"}],"excludes_trial":true,"told":"redeemed"},\
        {"id":"red_4","role":"referrer","programme":"friends","code":"ABC123","other":"hooli",\
        "reward":"off","kind":"coupon","created":"2026-02-01T00:00:00Z","earned":null,\
        "state":"waiting","ready":null,"rewards_both":false,"plans":[],"excludes_trial":false,\
        "told":"nothing"}],
        """
    // What version 6 brought.
    static let netDays = ",\"net_days\":14"
    static let sent = ",\"page\":\"acme/eff_3\",\"due\":\"2026-03-02T12:00:00Z\""
    static let receivables = """
        ,"receivables":[{"invoice":3,"order":\(order),"net_days":30,"given":true,"overdue":false,\
        "next":"2026-03-02T12:00:00Z","expires":null}]
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
        "free_trial":{"length":14,"unit":"day","needs_card":false\(unique)},
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
        "paid":1999,"returned":5\(charged)}],"pending":[\(line)]\(held)\(netDays)\(pausing)
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
        "carried_balances":[{"feature":"messages"}],"carried_usages":[]\(held)\(dated)\(netDays)\(reverts)
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
        "overage_permissions":[{"feature":"credits","enabled":false}]\(topUps)}
        """
    // What version 6 brought.
    static let topUps = """
        ,"auto_topups":[{"feature":"credits","enabled":true,"threshold":"20","quantity":"100.5",\
        "purchase_limit":{"limit":3,"interval":"day","interval_count":2}},{"feature":"messages",\
        "enabled":false,"threshold":"0","quantity":"1","purchase_limit":null}]
        """
    static let noTopUps = ",\"auto_topups\":[]"
    static let toppedUp = """
        ,"top_ups":[{"feature":"credits","attempts":[{"time":"2026-02-01T11:00:00Z"},\
        {"time":"2026-02-01T12:00:00Z"}],"failures":2,"failed":"2026-02-01T12:00:00Z",\
        "window_start":"2026-01-31T12:00:00Z","purchases":2}]
        """
    static let noControls = """
        {"spend_limits":[],"usage_limits":[],"usage_alerts":[],"overage_permissions":[]\(noTopUps)}
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
        "counts":[{"feature":"credits","entity":0,"interval":"day","filter":{},"amount":"2"}]}]\(toppedUp)
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
        "canceled":null,"end":null\(whole)}\(trying)],\
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
        \(owned)\(referrals)\(credit)\(paying)\(reminded)\
        "invoices":[{"number":3,"status":"paid","time":"2026-01-31T12:00:00Z",\
        "currency":"usd","total":1987,"lines":[\(line)],"credit":-30\(returns)\(card)\(sent)}]\(refunds)\(receivables)}
        """
    static let event = """
        {"type":"event","customer":"acme","feature":"messages","value":"-1.5",\
        "committed":"2026-02-01T00:00:00Z","time":"2026-01-31T23:59:59.999Z",\
        "properties":{"cached":true,"model":"large","share":0.1}}
        """
    static let header = """
        {"format":"tally.export","version":11,"environment":"sandbox",\
        "time":"2026-02-01T00:00:00Z","publications":1,"customers":1,"events":1}
        """

    /// A line as version 1 has it.
    static func withoutExtras(_ line: String) -> String {
        var line = withoutMarkups(line).replacing(",\(withoutFifth(extras))", with: "")
        for part in [
            ",\"event_names\":[]", ",\"event_names\":[\"sent\",\"resent\"]",
            ",\"rollover\":null,\"entity_feature\":null", ",\"controls\":\(withoutSixth(controls))",
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
            withoutSeventh(line).replacing(",\(noMarkups)", with: "").replacing(
                ",\(markups)", with: ""
            )
            .replacing(",\"tiers\":[]", with: "").replacing(",\(tiers)", with: ""))
    }

    /// A line as version 6 has it.
    static func withoutSeventh(_ text: String) -> String {
        [priced, paying, reverting, pausing, reverts, trying].reduce(text) {
            $0.replacing($1, with: "")
        }
    }

    /// A line as version 5 has it.
    static func withoutSixth(_ text: String) -> String {
        [
            receivables, sent, netDays, topUps, noTopUps, toppedUp, programmes, unique, referrals,
        ].reduce(withoutSeventh(text)) {
            $0.replacing(withoutSeventh($1), with: "")
        }
    }

    /// A line as version 4 has it.
    static func withoutFifth(_ text: String) -> String {
        [
            charged, given, closing, returns, refunds, owned, rewards, held, holder, reminded, card,
            custom, dated, zoned,
        ].reduce(withoutSixth(text)) { $0.replacing(withoutSixth($1), with: "") }
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
