import Billing
import Testing

@testable import JSONFace
@testable import Repository
@testable import RPC
@testable import Wire

/// The short way of `balances.check` says what the long one says, to the byte, or nothing.
@Suite("A check answered at once")
struct QuickTests {
    /// What the short way writes; nil: it leaves the call to the long way.
    private func quick(_ stand: Stand, _ body: String) throws -> String? {
        let bytes = Array(body.utf8)
        return try bytes.withUnsafeBytes { bytes -> String? in
            guard let question = CheckBody(bytes), let id = CustomerID(question.customer) else {
                return nil
            }
            let names = stand.environment.directory.current
            guard let feature = names.feature(question.feature) else { return nil }
            let query = CheckQuery(feature: feature, required: question.required)
            guard let state = stand.environment.state(of: id) else { return nil }
            let now = stand.environment.customerTime
            let answer = try state.customer.check(query, pricing: names.pricing, now: now)
            let size = CheckText.size(of: answer)
            let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
            defer { memory.deallocate() }
            var text = CheckText(reserving: size) { _ in memory }
            guard text.write(answer, of: state.customer, id: question.customer, names) else {
                return nil
            }
            let written = UnsafeRawBufferPointer(start: memory, count: text.count)
            return String(decoding: written, as: UTF8.self)
        }
    }

    private static let features = [
        "messages", "calls", "seats", "images", "credits", "sso", "audit",
    ]

    @Test("for every feature, whatever was bought and used")
    func same() async throws {
        let stand = try await Stand()
        try await stand.customer("plain")
        try await stand.customer("payer", buying: "metered", "once")
        try await stand.customer("extra", buying: "metered")
        let uses = [
            #"{"customer_id": "plain", "feature_id": "messages", "value": 0.1}"#,
            #"{"customer_id": "plain", "feature_id": "messages", "value": 150}"#,
            #"{"customer_id": "plain", "feature_id": "images", "value": 3}"#,
            #"{"customer_id": "payer", "feature_id": "calls", "value": 17.25}"#,
            #"{"customer_id": "payer", "feature_id": "seats", "value": 2}"#,
        ]
        try await agree(stand)
        for use in uses {
            #expect(try await stand.post("balances.track", use).status == 200)
            try await agree(stand)
        }
        for feature in ["messages", "audit", "images"] {
            let what = #""feature_id": "\#(feature)", "included_grant": 7"#
            let body = #"{"customer_id": "extra", \#(what)}"#
            _ = try await stand.post("balances.create", body)
            try await agree(stand)
        }
    }

    private func agree(_ stand: Stand) async throws {
        var told = 0
        for customer in ["plain", "payer", "extra"] {
            for feature in QuickTests.features {
                for required in ["", #", "required_balance": 0"#, #", "required_balance": 60.0"#] {
                    let body = """
                        {"customer_id": "\(customer)", "feature_id": "\(feature)"\(required)}
                        """
                    let long = await stand.face.respond(
                        to: PageRequest(
                            method: "POST", target: "/v1/balances.check",
                            headers: [("authorization", "Bearer " + stand.key)],
                            body: Array(body.utf8)))
                    guard let short = try quick(stand, body) else { continue }
                    told += 1
                    #expect(short == String(decoding: long?.body ?? [], as: UTF8.self))
                    #expect(long?.status == 200)
                }
            }
        }
        #expect(told > 40, "most of them are told at once")
    }

    @Test(
        "only what is as plain as can be is read",
        arguments: [
            (#"{"customer_id":"a","feature_id":"f"}"#, "1"),
            (" {\n\t\"feature_id\" : \"f\" ,\r \"customer_id\":\"a:B-_9\" } ", "1"),
            (#"{"customer_id":"a","feature_id":"f","required_balance":0}"#, "0"),
            (#"{"customer_id":"a","feature_id":"f","required_balance":120.0}"#, "120"),
            (#"{"customer_id":"a","feature_id":"f","required_balance":1.5}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":1.05}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":1e3}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":01}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":-1}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":"1"}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":1234567890123456}"#, nil),
            (
                #"{"customer_id":"a","feature_id":"f","required_balance":1,"required_balance":1}"#,
                nil
            ),
            (#"{"customer_id":"a","customer_id":"a","feature_id":"f"}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","send_event":false}"#, nil),
            (#"{"customer_id":"a","feature_id":"f","entity_id":null}"#, nil),
            (#"{"customer_id":"a","feature_id":null}"#, nil),
            (#"{"customer_id":"a","feature_id":""}"#, nil),
            (#"{"customer_id":"a\u0062","feature_id":"f"}"#, nil),
            (#"{"customer_id":"a b","feature_id":"f"}"#, nil),
            (#"{"customer_id":"a","feature_id":"f"}}"#, nil),
            (#"{"customer_id":"a","feature_id":"f",}"#, nil),
            (#"{"customer_id":"a","feature_id":"f""#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":1"#, nil),
            (#"{"customer_id":"a","feature_id":"f","required_balance":"#, nil),
            (#"{"customer_id":"a"}"#, nil), (#"["a"]"#, nil), ("{}", nil), ("{", nil), ("", nil),
        ] as [(String, String?)])
    func bodies(text: String, required: String?) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { bytes in
            let body = CheckBody(bytes)
            #expect(body.map { DecimalText.text($0.required.raw, digits: 10) } == required)
        }
    }

    @Test("cut short anywhere, or with any byte changed, it is read right or not at all")
    func changed() throws {
        let whole = Array(
            #"{"customer_id":"acme","feature_id":"messages","required_balance":25}"#.utf8)
        func read(_ bytes: [UInt8]) -> (String, String, Quantity)? {
            bytes.withUnsafeBytes { bytes in
                CheckBody(bytes).map {
                    (
                        String(decoding: $0.customer, as: UTF8.self),
                        String(decoding: $0.feature, as: UTF8.self), $0.required
                    )
                }
            }
        }
        for length in 0..<whole.count { #expect(read(Array(whole[..<length])) == nil) }
        for place in whole.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = whole
                bytes[place] = byte
                guard let (customer, feature, required) = read(bytes) else { continue }
                let value = try JSONParser.parse(bytes)
                #expect(value["customer_id"] == .string(customer))
                #expect(value["feature_id"] == .string(feature))
                let literal = value["required_balance"]
                #expect(literal == .number(DecimalText.text(required.raw, digits: 10)))
            }
        }
    }
}
