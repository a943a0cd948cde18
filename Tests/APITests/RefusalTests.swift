import Billing
import RPC
import Stories
import Testing

@testable import Wire

/// Entitlements §10.1: what is refused, as a program is told. Refusals of rules that have numbers
/// are among the stories.
@Suite("Refusals") struct RefusalTests {
    struct Row: RuleRow {
        let rule: String
        /// What was before.
        let steps: [Step]
        let method: String
        /// Without the customer.
        let fields: JSONObject
        let refusal: ToldRefusal

        init(
            _ rule: String, after steps: [Step] = [], call method: String, _ fields: JSONObject,
            _ refusal: ToldRefusal
        ) {
            self.rule = rule
            self.steps = steps
            self.method = method
            self.fields = fields
            self.refusal = refusal
        }
    }

    static let pricing = PricingState.sample(
        Fixture.features + [tokens],
        [
            .sample("free", .sample("messages", 100, each: .month)),
            .sample("pro", price: "20", .sample("messages", 500, each: .month)),
        ], coupons, grants)

    private static let coupons: [Coupon] = {
        var half = Coupon(id: "half", name: "Half", .percentage(50), .forever)
        var (old, first) = (PromotionCode("OLD"), PromotionCode("FIRST"))
        old.expires = .utc(2027, 1, 1)
        first.firstPurchaseOnly = true
        half.codes = [PromotionCode("HALF"), old, first]
        var single = Coupon(id: "single", name: "Single", .amount("1"), .once)
        single.codes = [PromotionCode("SINGLE", maxRedemptions: 1)]
        return [half, single]
    }()

    private static let grants: [FeatureGrant] = {
        var gift = FeatureGrant(
            id: "gift", name: "Gift", parts: [.init(featureID: "messages", units: 5)])
        gift.codes = [PromotionCode("GIFT")]
        return [gift]
    }()

    /// With a model whose price is known.
    private static let tokens: Feature = {
        var tokens = Feature.sample("tokens", .aiCreditSystem)
        tokens.markups.models = [
            .init(id: "custom/mine", prices: TokenPrices(input: "2", output: "4"))
        ]
        return tokens
    }()

    private static let noFeature = ToldRefusal(.notFound, "FEATURE_NOT_FOUND")
    private static let noPlan = ToldRefusal(.notFound, "PLAN_NOT_FOUND")
    private static let noEntity = ToldRefusal(.notFound, "ENTITY_NOT_FOUND")
    private static let noBalance = ToldRefusal(.notFound, "BALANCE_NOT_FOUND")
    private static let noHold = ToldRefusal(.notFound, "HOLD_NOT_FOUND")
    private static let messages = JSONValue.object(["feature_id": "messages"])
    private static let stranger: JSONObject = ["feature_id": "messages", "entity_id": "x"]
    private static let soon = JSONValue.time(.utc(2027, 1, 10, 12))

    private static let trial: JSONObject = [
        "plan_id": "free", "start_time": "2027-01-01T00:00:00Z",
        "end_time": "2027-01-02T00:00:00Z",
    ]

    static let notFound = [
        Row(
            "a receiver of webhooks", call: "ReplayWebhooks",
            ["endpoint": "no", "from_sequence": 1],
            ToldRefusal(.notFound, "WEBHOOK_ENDPOINT_NOT_FOUND")),
        Row("a feature to check", call: "Check", ["feature_id": "no"], noFeature),
        Row("a feature to track", call: "Track", ["feature_id": "no"], noFeature),
        Row("an event", call: "Track", ["event_name": "no"], noFeature),
        Row(
            "a feature among several", call: "BatchCheck",
            ["items": [messages, ["feature_id": "no"]]], noFeature),
        Row(
            "a feature in a batch", call: "BatchTrack",
            ["items": [messages, ["feature_id": "no"]]], noFeature),
        Row(
            "a feature to grant", call: "CreateBalance", ["feature_id": "no", "granted": 1],
            noFeature),
        Row(
            "a feature to correct", call: "UpdateBalance",
            ["filter": ["feature_id": "no"], "add": 1], noFeature),
        Row(
            "an entity's feature", call: "CreateEntity", ["entity_id": "a", "feature_id": "no"],
            noFeature),
        Row(
            "a limited feature", call: "UpdateControls",
            ["usage_limits": ["items": [["feature_id": "no", "interval": "day"]]]], noFeature),
        Row(
            "an entity's limited feature", call: "CreateEntity",
            [
                "entity_id": "a", "feature_id": "users",
                "controls": ["overage_permissions": [["feature_id": "no"]]],
            ], noFeature),
        Row(
            "a feature of events", call: "ListEvents",
            ["selection": ["feature_ids": ["no"]]], noFeature),
        Row(
            "a feature to add up", call: "AggregateEvents",
            [
                "selection": [
                    "feature_ids": ["no"], "start_time": "2027-01-01T00:00:00Z",
                    "end_time": "2027-01-02T00:00:00Z",
                ]
            ], noFeature),
        Row("a plan to check", call: "Check", ["plan_id": "no"], noPlan),
        Row("a plan to buy", call: "Attach", ["plan_id": "no"], noPlan),
        Row(
            "one of several plans to buy", call: "MultiAttach",
            ["plans": [["plan_id": "pro"], ["plan_id": "no"]]], noPlan),
        Row(
            "a plan to end", call: "Attach", ["plan_id": "pro", "remove_plan_ids": ["no"]],
            noPlan),
        Row("a plan to set up", call: "SetupPayment", ["plan_id": "no"], noPlan),
        Row("a plan of customers", call: "ListCustomers", ["plan_id": "no"], noPlan),
        Row(
            "a plan to try", call: "SimulatePlan", trial.with("plan_id", "no"), noPlan),
        Row(
            "a plan of those to try one on", call: "SimulatePlan",
            JSONObject(trial.members + [.init("customer_id", ""), .init("having_plan_id", "no")]),
            noPlan),
        Row(
            "a feature to buy in a trial", call: "SimulatePlan",
            trial.with("quantities", [["feature_id": "no", "quantity": 1]]), noFeature),
        Row(
            "an entity to look back at", call: "GetCustomerAsOf",
            ["entity_id": "x", "as_of_time": .time(Story.usualStart)], noEntity),
        Row("an entity to check", call: "Check", stranger, noEntity),
        Row("an entity to track", call: "Track", stranger, noEntity),
        Row("an entity to look at", call: "GetEntity", ["entity_id": "x"], noEntity),
        Row("an entity to rename", call: "UpdateEntity", ["entity_id": "x"], noEntity),
        Row(
            "an entity to buy for", call: "Attach", ["plan_id": "pro", "entity_id": "x"],
            noEntity),
        Row(
            "an entity to set up for", call: "SetupPayment",
            ["plan_id": "pro", "entity_id": "x"], noEntity),
        Row("a plan to migrate", call: "MigrateCustomer", ["plan_id": "no"], noPlan),
        Row("a plan to change", call: "UpdateSubscription", ["plan_id": "no"], noPlan),
        Row(
            "an entity to cancel for", call: "UpdateSubscription",
            ["entity_id": "x", "cancel_action": "immediately"], noEntity),
        Row(
            "a feature to buy", call: "Attach",
            ["plan_id": "pro", "quantities": [["feature_id": "no", "quantity": 1]]], noFeature),
        Row("an entity to delete", call: "DeleteEntity", ["entity_id": "x"], noEntity),
        Row("an entity to limit", call: "UpdateControls", ["entity_id": "x"], noEntity),
        Row(
            "an entity to grant to", call: "CreateBalance",
            ["feature_id": "messages", "entity_id": "x", "granted": 1], noEntity),
        Row(
            "an entity to correct", call: "UpdateBalance",
            ["filter": .object(stranger), "add": 1], noEntity),
        Row(
            "a balance to correct", call: "UpdateBalance", ["filter": messages, "add": 1],
            noBalance),
        Row("a balance to delete", call: "DeleteBalance", ["filter": messages], noBalance),
        Row(
            "a balance to recalculate", call: "RecalculateBalances", ["filter": messages],
            noBalance),
        Row(
            "a balance to set usage of", call: "Track",
            ["feature_id": "messages", "set_usage": true], noBalance),
        Row(
            "an invoice to refund", call: "RefundInvoice", ["invoice_id": "inv_1"],
            ToldRefusal(.notFound, "INVOICE_NOT_FOUND")),
        Row("a hold to settle", call: "SettleHold", ["hold_id": "h"], noHold),
        Row(
            "a hold to extend", call: "ExtendHold", ["hold_id": "h", "expire_time": soon], noHold),
    ]

    private static func code(_ code: String) -> JSONObject {
        ["discount": ["promotion_code": .string(code)]]
    }

    static let rewards = [
        Row(
            "a coupon to give", call: "ApplyDiscount", ["discount": ["coupon_id": "no"]],
            ToldRefusal(.notFound, "COUPON_NOT_FOUND")),
        Row(
            "a coupon to buy with", call: "Attach",
            ["plan_id": "pro", "discounts": [["coupon_id": "no"]]],
            ToldRefusal(.notFound, "COUPON_NOT_FOUND")),
        Row(
            "a subscription to give one", call: "ApplyDiscount",
            ["discount": ["coupon_id": "half"], "subscription_id": "sub_9"],
            ToldRefusal(.notFound, "SUBSCRIPTION_NOT_FOUND")),
        Row(
            "a coupon to take away", call: "RemoveDiscount", ["coupon_id": "half"],
            ToldRefusal(.notFound, "DISCOUNT_NOT_FOUND")),
        Row(
            "a schedule to give up", call: "DeleteSchedule", [:],
            ToldRefusal(.notFound, "SCHEDULE_NOT_FOUND")),
        Row(
            "a coupon's code", call: "ApplyDiscount", code("NONE"),
            ToldRefusal(.notFound, "PROMOTION_CODE_NOT_FOUND")),
        Row(
            "a grant's code", call: "RedeemCode", ["code": "HALF"],
            ToldRefusal(.notFound, "PROMOTION_CODE_NOT_FOUND")),
        Row(
            "a code to look at", call: "GetPromotionCode", ["code": "NONE"],
            ToldRefusal(.notFound, "PROMOTION_CODE_NOT_FOUND")),
        Row(
            "a coupon that is there", after: [.give("half")], call: "ApplyDiscount",
            ["discount": ["coupon_id": "half"]],
            ToldRefusal(.alreadyExists, "DISCOUNT_EXISTS")),
        Row(
            "a code that was redeemed", after: [.redeem("GIFT")], call: "RedeemCode",
            ["code": "GIFT"], ToldRefusal(.alreadyExists, "CODE_ALREADY_REDEEMED")),
        Row(
            "a code of last year", call: "ApplyDiscount", code("OLD"),
            ToldRefusal(.failedPrecondition, "PROMOTION_CODE_EXPIRED")),
        Row(
            "a code for a first purchase", after: [.buy("pro")], call: "ApplyDiscount",
            code("FIRST"),
            ToldRefusal(.failedPrecondition, "PROMOTION_CODE_FIRST_PURCHASE_ONLY")),
        Row(
            "a code that is used up", after: [.give("#SINGLE"), .takeAway("single")],
            call: "ApplyDiscount", code("SINGLE"),
            ToldRefusal(.failedPrecondition, "PROMOTION_CODE_USED_UP")),
    ]

    private static let hundred = Step.open(Grant("messages", 100, name: "main"))

    static let states = [
        Row(
            "an entity that is there", after: [.entity("users", "a")], call: "CreateEntity",
            ["entity_id": "a", "feature_id": "users"],
            ToldRefusal(.alreadyExists, "ENTITY_EXISTS")),
        Row(
            "an entity without an id that waits", after: [.entity("users", "")],
            call: "CreateEntity", ["feature_id": "users"],
            ToldRefusal(.invalidArgument, "ENTITY_ID_REQUIRED", ["entity_id"])),
        Row(
            "a balance that is there", after: [hundred], call: "CreateBalance",
            ["feature_id": "messages", "granted": 1, "balance_id": "main"],
            ToldRefusal(.alreadyExists, "BALANCE_EXISTS")),
        Row(
            "a hold that is open", after: [hundred, .hold("messages", 1)], call: "Check",
            ["feature_id": "messages", "deduct": true, "hold": ["hold_id": "h"]],
            ToldRefusal(.alreadyExists, "HOLD_EXISTS")),
        Row(
            "no seat left",
            after: [.open(Grant("users", 0)), .set(.overage(Fixture.users, false))],
            call: "CreateEntity",
            ["entity_id": "a", "feature_id": "users"],
            ToldRefusal(.failedPrecondition, "FEATURE_LIMIT_REACHED")),
        Row(
            "a balance that is paid for", after: [.buy("pro")], call: "DeleteBalance",
            ["filter": messages], ToldRefusal(.failedPrecondition, "BALANCE_IS_PAID")),
        Row(
            "a plan that is in use", after: [.attach("free")], call: "Attach",
            ["plan_id": "free"], ToldRefusal(.failedPrecondition, "PLAN_ALREADY_ATTACHED")),
        Row(
            "a plan in use, to set up", after: [.attach("free")], call: "SetupPayment",
            ["plan_id": "free"], ToldRefusal(.failedPrecondition, "PLAN_ALREADY_ATTACHED")),
        Row(
            "a plan that isn't there to change", call: "UpdateSubscription",
            ["plan_id": "pro", "cancel_action": "immediately"],
            ToldRefusal(.notFound, "SUBSCRIPTION_NOT_FOUND")),
        Row(
            "a subscription that isn't there", call: "UpdateSubscription",
            ["subscription_id": "sub_99", "cancel_action": "immediately"],
            ToldRefusal(.notFound, "SUBSCRIPTION_NOT_FOUND")),
        Row(
            "more than a card paid to refund", after: [.buy("pro")], call: "RefundInvoice",
            [
                "invoice_id": "inv_1",
                "amount": ["currency": "usd", "minor_units": 1_000_000_000],
            ], ToldRefusal(.failedPrecondition, "REFUND_TOO_LARGE")),
        Row(
            "another currency to refund", after: [.buy("pro")], call: "RefundInvoice",
            ["invoice_id": "inv_1", "amount": ["currency": "jpy", "minor_units": 1]],
            ToldRefusal(.invalidArgument, "INVALID_ARGUMENT", ["amount.currency"])),
        Row(
            "a preview of long ago", call: "Attach",
            ["plan_id": "pro", "quote_time": "2020-01-01T00:00:00Z"],
            ToldRefusal(.failedPrecondition, "QUOTE_EXPIRED")),
        Row(
            "a preview of tomorrow", call: "Attach",
            ["plan_id": "pro", "quote_time": "2030-01-01T00:00:00Z"],
            ToldRefusal(.failedPrecondition, "QUOTE_EXPIRED")),
        Row(
            "more than there is", after: [hundred], call: "Track",
            ["feature_id": "messages", "value": 101, "overage_behavior": "reject"],
            ToldRefusal(.failedPrecondition, "INSUFFICIENT_BALANCE")),
        Row(
            "more than there is, in a batch", after: [hundred], call: "BatchTrack",
            [
                "items": [
                    messages,
                    ["feature_id": "messages", "value": 100, "overage_behavior": "reject"],
                ]
            ], ToldRefusal(.failedPrecondition, "INSUFFICIENT_BALANCE")),
        Row(
            "more than a usage limit allows",
            after: [
                hundred,
                .set(.usage(UsageLimit(feature: Fixture.messages, limit: 5, interval: .day))),
            ], call: "Track",
            ["feature_id": "messages", "value": 6, "overage_behavior": "reject"],
            ToldRefusal(.failedPrecondition, "INSUFFICIENT_BALANCE")),
    ]

    struct Table: RuleRow {
        let rule: String
        let rows: [Row]
    }

    static let tables = [
        Table(rule: "what isn't there", rows: notFound),
        Table(rule: "what can't be now", rows: states),
        Table(rule: "what says something wrong", rows: InvalidRequests.all),
        Table(rule: "rewards", rows: rewards),
        Table(rule: "invoices", rows: InvoiceRefusals.all),
    ]

    @Test("are told with a reason", arguments: tables)
    func refuse(table: Table) async throws {
        try await APIStage.with(RefusalTests.pricing) { stage in
            for (number, row) in table.rows.enumerated() {
                try await row.check("row_\(number)", on: stage)
            }
        }
    }
}

extension RefusalTests.Row {
    /// Calls, and looks at what is told.
    fileprivate func check(_ customer: String, on stage: APIStage) async throws {
        let story = Story(rule, after: steps)
        let teller = Teller(story, as: customer, RefusalTests.pricing, on: stage)
        _ = await teller.tell()
        let told = await stage.api.refusal(of: method, fields.naming(customer, for: method))
        #expect(told == refusal, "\(method): \(rule)")
    }
}
