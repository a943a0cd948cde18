import Billing
import Testing

@testable import Wire

/// Everything wrong with a text, one line for each fault: "path: message".
private func faults(_ text: String, as kind: MessageKind) throws -> [String] {
    do {
        _ = try MessageJSON.encode(try JSONParser.parse(text), as: kind)
        return []
    } catch let faults as JSONFaults {
        return faults.violations.map { "\($0.path): \($0.message)" }
    }
}

@Suite struct JSONFaultTests {
    private static let features =
        "boolean, metered, allocated, credit_system, ai_credit_system, concurrency"

    static let cases: [(MessageKind, String, [String])] = [
        (.checkRequest, "null", [": must be an object, not null"]),
        (.checkRequest, "[]", [": must be an object, not an array"]),
        (
            .checkRequest, #"{"customer_id":true,"deduct":"yes","required_quantity":"1"}"#,
            [
                "customer_id: must be a string, not a boolean",
                "deduct: must be true or false, not a string",
                "required_quantity: must be a number, not a string",
            ]
        ),
        (
            .checkRequest, #"{"plan_id":"p","feature_id":"f"}"#,
            [#"feature_id: must not be set together with "plan_id""#]
        ),
        (
            .checkRequest, #"{"customerId":"a","requiredQuantity":1,"colour":null,"a b":{}}"#,
            [
                #"customerId: is not a known field; did you mean "customer_id"?"#,
                #"requiredQuantity: is not a known field; did you mean "required_quantity"?"#,
                "colour: is not a known field",
                #"["a b"]: is not a known field"#,
            ]
        ),
        (.checkRequest, #"{"customer_id":"a\u0000b"}"#, ["customer_id: must not contain U+0000"]),
        (
            .checkRequest, #"{"required_quantity":1e999}"#,
            ["required_quantity: must be a number of at most about 1.8e308"]
        ),
        (
            .trackRequest, #"{"overage_behavior":"regect"}"#,
            [#"overage_behavior: must be one of cap, reject, overflow; did you mean "reject"?"#]
        ),
        (
            .trackRequest, #"{"overage_behavior":7}"#,
            ["overage_behavior: must be one of cap, reject, overflow"]
        ),
        (
            .pricingCatalog,
            #"""
            {"currency": {}, "featurs": [], "features": [{"type": "metred"}, {"type": false}, null],
             "plans": [{"revision": -1}, {"price": {"amount": []}, "items": [
                {"included": "ten", "reset": {"interval_count": 1.5}},
                {"usage_price": 5, "reset": {"interval_count": 4294967296}}]},
                {"revision": 2.0, "items": {}}]}
            """#,
            [
                "currency: must be a string, not an object",
                #"featurs: is not a known field; did you mean "features"?"#,
                #"features[0].type: must be one of \#(features); did you mean "metered"?"#,
                "features[1].type: must be one of \(features), not a boolean",
                "features[2]: must be an object, not null",
                "plans[0].revision: must be a whole number from 0 to 4294967295",
                "plans[1].price.amount: must be a string, not an array",
                "plans[1].items[0].included: must be a number, not a string",
                "plans[1].items[0].reset.interval_count: "
                    + "must be a whole number from 0 to 4294967295",
                "plans[1].items[1].usage_price: must be an object, not a number",
                "plans[1].items[1].reset.interval_count: "
                    + "must be a whole number from 0 to 4294967295",
                "plans[2].items: must be an array, not an object",
            ]
        ),
        (
            .attachResponse,
            #"{"subscription":{"start_time":"tomorrow","end_time":5},"#
                + #""invoice":{"total":{"minor_units":9223372036854775808}}}"#,
            [
                "subscription.start_time: "
                    + #"must be an RFC 3339 time such as "2026-01-31T09:30:00Z""#,
                "subscription.end_time: "
                    + #"must be an RFC 3339 time such as "2026-01-31T09:30:00Z", not a number"#,
                "invoice.total.minor_units: must be a whole number from -9223372036854775808 "
                    + "to 9223372036854775807",
            ]
        ),
    ]

    @Test(arguments: cases)
    func everyFaultIsNamed(_ kind: MessageKind, _ text: String, _ expected: [String]) throws {
        #expect(try faults(text, as: kind) == expected)
    }

    @Test func theListIsBounded() throws {
        let text = "{\"plans\":[" + String(repeating: "1,", count: 5000) + "1]}"
        let found = try faults(text, as: .pricingCatalog)
        #expect(found.count == FaultList.limit + 1)
        #expect(found.last == ": has more faults than are listed")
    }

    @Test func longKeysAreCutShort() throws {
        let text = "{\"" + String(repeating: "k", count: 100_000) + "\":1}"
        let found = try faults(text, as: .pricingCatalog)
        #expect(found.count == 1)
        #expect(found[0].utf8.count < 100)
    }

    @Test(arguments: [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2024-02-29t23:59:59.123456789z", "2024-02-29T23:59:59.123456789Z"),
        ("2026-03-01T00:30:00.120+01:00", "2026-02-28T23:30:00.120Z"),
        ("2025-12-31T23:30:00.0001-00:45", "2026-01-01T00:15:00.000100Z"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ])
    func timesAreReadAndWritten(_ text: String, _ utc: String) throws {
        let time = try #require(TimestampText(text))
        #expect(time.text == utc)
        let read = try time.fields.withUnsafeBytes { try TimestampText(fields: $0) }
        #expect(read == time)
    }

    @Test(arguments: [
        "", "2026-03-01", "2026-03-01T12:00:00", "2026-03-01 12:00:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00ZZ", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "+026-01-01T00:00:00Z",
    ])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(TimestampText(text) == nil)
    }

    @Test func suggestionsStayNear() {
        let names = ["plan_id", "name", "id", "items"]
        #expect(NearName.find("planId", among: names) == "plan_id")
        #expect(NearName.find("itmes", among: names) == "items")
        #expect(NearName.find("nam", among: names) == "name")
        #expect(NearName.find("x", among: names) == nil)
        #expect(NearName.find("price", among: names) == nil)
        #expect(NearName.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
    }
}
