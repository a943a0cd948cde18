import Billing
import RPC
import Stories

@testable import Wire

/// Requests that say something wrong: INVALID_ARGUMENT, with the path of each field.
enum InvalidRequests {
    typealias Row = RefusalTests.Row

    private static let sentLate: JSONValue = ["enabled": true, "net_terms_days": 366]

    static let all =
        usage + events + holds + balances + entities + customers + catalogs + clocks + history
        + rewards + several + records

    private static let tooMany = JSONValue.array(Array(repeating: ["plan_id": "free"], count: 21))

    private static let several = [
        row("MultiAttach", [:], at: "plans"),
        row("MultiAttach", ["plans": tooMany], at: "plans"),
        row("MultiAttach", ["plans": [[:]]], at: "plans[0].plan_id"),
        row(
            "MultiAttach", ["plans": [["plan_id": "free"], ["plan_id": "a b"]]],
            at: "plans[1].plan_id"),
        row(
            "MultiAttach", ["plans": [["plan_id": "free", "entity_id": "a b"]]],
            at: "plans[0].entity_id"),
        row(
            "MultiAttach", ["plans": [["plan_id": "free", "version": 9]]], at: "plans[0].version"),
        row(
            "MultiAttach",
            ["plans": [["plan_id": "free"]], "success_url": "javascript:1"], at: "success_url"),
        row(
            "MultiAttach", ["plans": [["plan_id": "free"]], "discounts": [[:]]],
            at: "discounts[0]"),
        row(
            "MultiAttach", ["plans": [["plan_id": "free"], ["plan_id": "pro"]]],
            at: "plans[1].plan_id"),
        row("PreviewMultiAttach", [:], at: "multi_attach"),
        row("CreateSchedule", [:], at: "phases"),
        row("CreateSchedule", ["phases": [[:]]], at: "phases[0].plans"),
        row(
            "CreateSchedule", ["phases": [["plans": [["plan_id": "a b"]]]]],
            at: "phases[0].plans[0].plan_id"),
        row(
            "CreateSchedule",
            ["phases": [["plans": [["plan_id": "free"]], "starting_after": [:]]]],
            at: "phases[0].starting_after.interval"),
        row(
            "CreateSchedule",
            [
                "phases": [
                    ["plans": [["plan_id": "free"]], "starting_after": ["interval": "hour"]]
                ]
            ],
            at: "phases[0].starting_after.interval"),
        row("CreateSchedule", ["entity_id": "a b", "phases": [[:]]], at: "entity_id"),
        row("PreviewCreateSchedule", [:], at: "create_schedule"),
        row("DeleteSchedule", ["entity_id": "a b"], at: "entity_id"),
        row(
            "PreviewMultiAttach", ["multi_attach": ["customer_id": "c"]],
            at: "multi_attach.plans"),
        row("Attach", ["plan_id": "pro", "remove_plan_ids": ["free"]], at: "remove_plan_ids[0]"),
        row("Attach", ["plan_id": "pro", "remove_plan_ids": ["pro"]], at: "remove_plan_ids[0]"),
    ]

    static func row(
        _ method: String, _ fields: JSONObject, after steps: Step..., at paths: String...
    ) -> Row {
        Row(
            paths.joined(separator: ", "), after: steps, call: method, fields,
            ToldRefusal(.invalidArgument, "INVALID_ARGUMENT", paths))
    }

    private static let long = JSONValue.string(String(repeating: "x", count: 300))
    private static let messages: JSONValue = ["feature_id": "messages"]

    private static func messages(_ key: String, _ value: JSONValue) -> JSONObject {
        ["feature_id": "messages", key: value]
    }

    private static let usage = [
        row("Check", [:], at: "feature_id"),
        row("Check", ["feature_id": "a b"], at: "feature_id"),
        row("Check", ["plan_id": "a b"], at: "plan_id"),
        row("Check", messages("required_quantity", 1.1e15), at: "required_quantity"),
        row("Check", messages("entity_id", "a b"), at: "entity_id"),
        row("Check", messages("hold", ["hold_id": "h"]), at: "hold"),
        row("Check", ["plan_id": "free", "deduct": true], at: "deduct"),
        row("Check", ["feature_id": "dashboard", "deduct": true], at: "deduct"),
        row("Check", messages("properties", ["": ["bool_value": true]]), at: "properties"),
        row("Check", messages("properties", ["$a": ["bool_value": true]]), at: "properties"),
        row("Check", messages("properties", ["a": [:]]), at: "properties.a"),
        row("BatchCheck", [:], at: "items"),
        row("BatchCheck", ["items": [messages, [:]]], at: "items[1].feature_id"),
        row(
            "BatchCheck", ["items": [["feature_id": "messages", "deduct": true]]],
            at: "items[0].deduct"),
        row(
            "BatchCheck", ["items": [["feature_id": "messages", "customer_id": "c"]]],
            at: "items[0].customer_id"),
        row(
            "BatchCheck", ["items": [.object(messages("hold", ["hold_id": "h"]))]],
            at: "items[0].hold"),
        row("Track", [:], at: "feature_id"),
        row("Track", messages("value", -1.1e15), at: "value"),
        row("Track", messages("entity_id", "a b"), at: "entity_id"),
        row("Track", messages("event_name", "signup"), at: "event_name"),
        row("Track", messages("event_time", "2027-01-11T00:00:00Z"), at: "event_time"),
        row(
            "Track", messages("properties", ["a": ["string_value": long]]), at: "properties.a"),
        row(
            "Track",
            ["feature_id": "messages", "set_usage": true, "hold": ["hold_id": "h"]], at: "hold"),
        row("BatchTrack", [:], at: "items"),
        row(
            "BatchTrack", ["items": [messages, .object(messages("value", 2e15))]],
            at: "items[1].value"),
        row(
            "BatchTrack", ["items": [.object(messages("customer_id", "c"))]],
            at: "items[0].customer_id"),
        row(
            "BatchTrack", ["items": [.object(messages("request_id", "r"))]],
            at: "items[0].request_id"),
        row(
            "BatchTrack", ["items": [.object(messages("event_time", "2027-01-11T00:00:00Z"))]],
            at: "event_time"),
    ]

    private static let day: JSONValue = [
        "start_time": "2027-01-01T00:00:00Z", "end_time": "2027-01-02T00:00:00Z",
    ]

    private static let clocks = [
        row("AdvanceTestClock", [:], at: "time"),
        row("AdvanceTestClock", ["duration": ["seconds": -1]], at: "duration"),
        row("AdvanceTestClock", ["duration": ["seconds": 315_619_201]], at: "duration"),
        row("AdvanceTestClock", ["time": "2037-02-01T00:00:00Z"], at: "time"),
    ]

    private static let past: JSONObject = [
        "plan_id": "free", "start_time": "2027-01-01T00:00:00Z",
        "end_time": "2027-01-02T00:00:00Z",
    ]

    private static let history = [
        row("GetCustomerAsOf", [:], at: "as_of_time"),
        row("GetCustomerAsOf", ["as_of_time": "2027-02-01T00:00:00Z"], at: "as_of_time"),
        row(
            "GetCustomerAsOf", ["as_of_time": "2027-01-01T00:00:00Z", "entity_id": "a b"],
            at: "entity_id"),
        row("SimulatePlan", [:], at: "plan_id", "start_time", "end_time"),
        row("SimulatePlan", past.with("end_time", "2026-01-01T00:00:00Z"), at: "end_time"),
        row("SimulatePlan", past.with("start_time", "2016-12-01T00:00:00Z"), at: "end_time"),
        row("SimulatePlan", past.with("end_time", "2027-02-01T00:00:00Z"), at: "end_time"),
        row("SimulatePlan", past.with("page_size", -1), at: "page_size"),
        row("SimulatePlan", past.with("page_token", "no"), at: "page_token"),
        row("SimulatePlan", past.with("having_plan_id", "free"), at: "customer_id"),
        row(
            "SimulatePlan", past.with("quantities", [["feature_id": "a b", "quantity": 1]]),
            at: "quantities[0].feature_id"),
        row(
            "SimulatePlan", past.with("quantities", [["feature_id": "messages", "quantity": 1]]),
            at: "quantities[0].feature_id"),
        row(
            "SimulatePlan",
            past.with(
                "catalog",
                ["currency": "usd", "plans": [["plan_id": "x", "name": "", "items": [messages]]]]),
            at: "catalog.plans[0].name"),
    ]

    private static let events = [
        row("ListEvents", ["page_size": -1], at: "page_size"),
        row("ListEvents", ["page_token": "no"], at: "page_token"),
        row("ListEvents", ["selection": ["customer_id": "a b"]], at: "selection.customer_id"),
        row(
            "ListEvents", ["selection": ["feature_ids": ["a b"]]], at: "selection.feature_ids[0]"),
        row(
            "ListEvents",
            [
                "selection": [
                    "start_time": "2027-01-02T00:00:00Z", "end_time": "2027-01-01T00:00:00Z",
                ]
            ], at: "selection.end_time"),
        row(
            "AggregateEvents", [:], at: "selection.start_time", "selection.end_time"),
        row(
            "AggregateEvents", ["selection": day, "group_limit": 251], at: "group_limit"),
        row("AggregateEvents", ["selection": day, "property_key": ""], at: "property_key"),
        row("AggregateEvents", ["selection": day, "by_customer": false], at: "by_customer"),
    ]

    private static let holds = [
        row("Check", ["feature_id": "messages", "deduct": true, "hold": [:]], at: "hold.hold_id"),
        row("Track", messages("hold", ["hold_id": long]), at: "hold.hold_id"),
        row(
            "Track",
            messages("hold", ["hold_id": "h", "expire_time": "2027-01-12T00:00:00Z"]),
            at: "hold.expire_time"),
        row("Track", ["feature_id": "users", "hold": ["hold_id": "h"]], at: "hold"),
        row("SettleHold", [:], at: "hold_id"),
        row("SettleHold", ["hold_id": "h", "value": 2e15], at: "value"),
        row("ExtendHold", [:], at: "hold_id", "expire_time"),
        row(
            "ExtendHold", ["hold_id": "h", "expire_time": "2027-01-12T00:00:00Z"],
            after: .open(Grant("messages", 5)), .hold("messages", 1), at: "expire_time"),
    ]

    private static let filter: JSONObject = ["filter": messages]

    private static let balances = [
        row("CreateBalance", [:], at: "feature_id"),
        row("CreateBalance", .init([.init("feature_id", "messages")]), at: "granted"),
        row("CreateBalance", messages("granted", -1), at: "granted"),
        row("CreateBalance", messages("granted", 5).with("unlimited", true), at: "granted"),
        row("CreateBalance", messages("granted", 5).with("entity_id", "a b"), at: "entity_id"),
        row("CreateBalance", messages("granted", 5).with("balance_id", "bal_1"), at: "balance_id"),
        row("CreateBalance", messages("granted", 5).with("balance_id", long), at: "balance_id"),
        row("CreateBalance", messages("granted", 5).with("reset", [:]), at: "reset.interval"),
        row(
            "CreateBalance",
            messages("granted", 5).with("reset", ["interval": "day", "interval_count": 1001]),
            at: "reset.interval_count"),
        row(
            "CreateBalance", messages("granted", 5).with("rollover", ["months": 1201]),
            at: "rollover.months"),
        row("CreateBalance", messages("granted", 5).with("rollover", [:]), at: "rollover"),
        row(
            "CreateBalance", messages("granted", 5).with("rollover", ["max": -1]),
            at: "rollover.max"),
        row(
            "CreateBalance",
            messages("granted", 5).with("next_reset_time", "2027-01-11T00:00:00Z"),
            at: "next_reset_time"),
        row(
            "CreateBalance", messages("granted", 5).with("expire_time", "2027-01-09T00:00:00Z"),
            at: "expire_time"),
        row("UpdateBalance", ["add": 1], at: "filter"),
        row("UpdateBalance", ["filter": [:], "add": 1], at: "filter.feature_id"),
        row(
            "UpdateBalance", ["filter": ["feature_id": "a b"], "add": 1], at: "filter.feature_id"),
        row(
            "UpdateBalance",
            ["filter": ["feature_id": "messages", "entity_id": "a b"], "add": 1],
            at: "filter.entity_id"),
        row("UpdateBalance", filter.with("remaining", -1), at: "remaining"),
        row("UpdateBalance", filter.with("add", 2e15), at: "add"),
        row("UpdateBalance", filter.with("granted", -1), at: "granted"),
        row(
            "UpdateBalance", ["filter": ["feature_id": "dashboard"], "add": 1],
            after: .open(Grant("dashboard", nil)), at: "filter.feature_id"),
        row("DeleteBalance", [:], at: "filter"),
        row("DeleteBalance", ["filter": [:]], at: "filter"),
        row(
            "DeleteBalance", ["filter": ["interval": "month"], "keep_usage": true],
            after: .open(Grant("messages", 5, each: .month)), at: "filter.feature_id"),
        row("RecalculateBalances", ["filter": [:]], at: "filter.feature_id"),
    ]

    private static func controls(_ list: String, _ item: JSONValue) -> JSONObject {
        .init([.init(list, ["items": [item]])])
    }

    private static let entities = [
        row("CreateEntity", [:], at: "feature_id"),
        row("CreateEntity", ["entity_id": "a b", "feature_id": "users"], at: "entity_id"),
        row("CreateEntity", ["entity_id": "a", "feature_id": "messages"], at: "feature_id"),
        row(
            "CreateEntity", ["entity_id": "a", "feature_id": "users", "name": long], at: "name"),
        row(
            "CreateEntity",
            [
                "entity_id": "a", "feature_id": "users",
                "controls": ["spend_limits": [["feature_id": "messages", "overage_limit": -1]]],
            ], at: "spend_limits[0].overage_limit"),
        row("UpdateEntity", ["entity_id": "a b"], at: "entity_id"),
        row("UpdateEntity", ["entity_id": "a", "name": long], at: "name"),
        row("DeleteEntity", ["entity_id": ""], at: "entity_id"),
        row("GetEntity", [:], at: "entity_id"),
        row("ListEntities", ["page_size": 101], at: "page_size"),
        row("ListEntities", ["page_token": long], at: "page_token"),
        row("UpdateControls", ["entity_id": "a b"], at: "entity_id"),
        row(
            "UpdateControls", controls("spend_limits", ["feature_id": "a b"]),
            at: "spend_limits[0].feature_id"),
        row(
            "UpdateControls", controls("spend_limits", ["overage_limit": 5]),
            at: "spend_limits[0].feature_id"),
        row(
            "UpdateControls",
            controls("usage_limits", ["feature_id": "messages", "limit": 5]),
            at: "usage_limits[0].interval"),
        row(
            "UpdateControls",
            controls("usage_limits", ["feature_id": "messages", "limit": -1, "interval": "day"]),
            at: "usage_limits[0].limit"),
        row("UpdateControls", controls("usage_alerts", messages), at: "usage_alerts[0].measure"),
        row(
            "UpdateControls",
            [
                "overage_permissions": [
                    "items": [["feature_id": "messages"], ["feature_id": "messages"]]
                ]
            ], at: "overage_permissions[1].feature_id"),
        topUp([:], at: "quantity"), topUp(["quantity": 0.5], at: "quantity"),
        topUp(["quantity": 1, "threshold": -1], at: "threshold"),
        topUp(["quantity": 1, "purchase_limit": ["limit": 1]], at: "purchase_limit.interval"),
        topUp(
            ["quantity": 1, "purchase_limit": ["limit": 1, "interval": "year"]],
            at: "purchase_limit.interval"),
        topUp(
            ["quantity": 1, "purchase_limit": ["limit": 0, "interval": "day"]],
            at: "purchase_limit.limit"),
        topUp(
            [
                "quantity": 1,
                "purchase_limit": ["limit": 1, "interval": "day", "interval_count": 1001],
            ], at: "purchase_limit.interval_count"),
        topUp(["feature_id": "dashboard", "quantity": 1], at: "feature_id"),
        row(
            "UpdateControls",
            [
                "auto_topups": [
                    "items": [
                        ["feature_id": "messages", "quantity": 1],
                        ["feature_id": "messages", "quantity": 1],
                    ]
                ]
            ], at: "auto_topups[1].feature_id"),
    ]

    private static func topUp(_ fields: JSONObject, at path: String) -> Row {
        var item = fields
        if item["feature_id"] == nil { item.append("feature_id", .string("messages")) }
        return row(
            "UpdateControls", controls("auto_topups", .object(item)),
            at: "auto_topups[0].\(path)")
    }

    private static let trial: JSONValue = ["duration_length": 1, "duration_type": "day"]

    private static let customers = [
        row("GetOrCreateCustomer", ["name": long], at: "name"),
        row("GetOrCreateCustomer", ["email": long], at: "email"),
        row("GetOrCreateCustomer", ["metadata": ["": "x"]], at: "metadata"),
        row("UpdateCustomer", ["name": long], at: "name"),
        row("UpdateCustomer", ["address": ["line1": "1 Main St"]], at: "address.country"),
        row("UpdateCustomer", ["address": ["country": "Germany"]], at: "address.country"),
        row(
            "UpdateCustomer", ["address": ["city": long, "country": "DE"]], at: "address.city"),
        row(
            "UpdateCustomer", ["metadata": ["a": "x"], "remove_metadata_keys": ["a"]],
            at: "remove_metadata_keys"),
        row("ListCustomers", ["page_size": -1], at: "page_size"),
        row("ListCustomers", ["page_token": "no"], at: "page_token"),
        row("ListCustomers", ["search": long], at: "search"),
        row("ListCustomers", ["plan_id": "a b"], at: "plan_id"),
        row("Attach", ["plan_id": "free", "success_url": "javascript:1"], at: "success_url"),
        row("Attach", ["plan_id": "free", "entity_id": "a b"], at: "entity_id"),
        row(
            "Attach",
            [
                "plan_id": "free",
                "quantities": [
                    ["feature_id": "messages", "quantity": 1],
                    ["feature_id": "messages", "quantity": 2],
                ],
            ], at: "quantities[1].feature_id"),
        row(
            "Attach",
            ["plan_id": "free", "quantities": [["feature_id": "messages", "quantity": 1e16]]],
            at: "quantities[0].quantity"),
        row("Attach", ["plan_id": "free", "version": 9], at: "version"),
        row(
            "Attach",
            ["plan_id": "free", "customize": ["free_trial": ["duration_length": 1]]],
            at: "customize.free_trial.duration_type"),
        row("MigrateCustomer", ["plan_id": "free", "to_version": 9], at: "to_version"),
        row(
            "Attach",
            [
                "plan_id": "free",
                "customize": ["remove_free_trial": true, "free_trial": trial],
            ], at: "customize.remove_free_trial"),
        row(
            "UpdateSubscription",
            ["plan_id": "free", "customize": ["price": ["amount": "x", "interval": "month"]]],
            at: "customize.price.amount"),
        row("PreviewAttach", [:], at: "attach"),
        row("PreviewUpdateSubscription", [:], at: "update"),
        row("UpdateSubscription", ["subscription_id": "1"], at: "subscription_id"),
        row("RefundInvoice", ["invoice_id": "1"], at: "invoice_id"),
        row("FinalizeInvoice", ["invoice_id": "1"], at: "invoice_id"),
        row("MarkInvoicePaid", ["invoice_id": ""], at: "invoice_id"),
        row("VoidInvoice", ["invoice_id": "inv_x"], at: "invoice_id"),
        row(
            "Attach", ["plan_id": "pro", "invoice_mode": sentLate],
            at: "invoice_mode.net_terms_days"),
        row(
            "UpdateSubscription", ["invoice_mode": sentLate],
            at: "invoice_mode.net_terms_days"),
        row(
            "Attach", ["plan_id": "pro", "custom_line_items": [["description": "x"]]],
            at: "custom_line_items[0].amount"),
        row(
            "Attach",
            [
                "plan_id": "pro",
                "custom_line_items": [["amount": ["currency": "usd", "minor_units": 1]]],
            ], at: "custom_line_items[0].description"),
        row(
            "UpdateSubscription",
            [
                "custom_line_items": [
                    ["amount": ["currency": "usd", "minor_units": 1], "description": "a\nb"]
                ]
            ], at: "custom_line_items[0].description"),
        row(
            "UpdateSubscription",
            [
                "custom_line_items": [
                    [
                        "amount": ["currency": "usd", "minor_units": -10_000_000_001],
                        "description": "x",
                    ]
                ]
            ], at: "custom_line_items[0].amount.minor_units"),
        row("RefundInvoice", ["invoice_id": "inv_1", "amount": [:]], at: "amount.currency"),
        row(
            "RefundInvoice",
            ["invoice_id": "inv_1", "amount": ["currency": "usd", "minor_units": 0]],
            at: "amount.minor_units"),
        row(
            "RefundInvoice",
            ["invoice_id": "inv_1", "amount": ["currency": "kwd", "minor_units": 5]],
            at: "amount.minor_units"),
        row("ReportPaymentEvent", ["invoice_id": "inv_1"], at: "refund"),
        row(
            "ReportPaymentEvent", ["invoice_id": "inv_1", "refund": ["refund_id": "r"]],
            at: "refund.amount"),
        row(
            "ReportPaymentEvent",
            [
                "invoice_id": "inv_1",
                "dispute": [
                    "dispute_id": "a b", "amount": ["currency": "usd", "minor_units": 1],
                ],
            ], at: "dispute.dispute_id"),
        row("SetupPayment", ["success_url": "javascript:1"], at: "success_url"),
        row("SetupPayment", ["plan_id": "free", "entity_id": "a b"], at: "entity_id"),
        row("SetupPayment", ["entity_id": "a"], at: "entity_id"),
        row("OpenCustomerPortal", ["return_url": "//x"], at: "return_url"),
    ]
}
