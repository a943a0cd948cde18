import CProtobufC
import Testing

@testable import Wire

/// The message as protobuf-c reads it and writes it again: its own order, its own defaults.
private func repacked(_ bytes: [UInt8], as kind: MessageKind) throws -> [UInt8] {
    let message = bytes.withUnsafeBufferPointer { buffer in
        var nothing: UInt8 = 0
        return withUnsafePointer(to: &nothing) { empty in
            protobuf_c_message_unpack(
                kind.descriptor, nil, buffer.count, buffer.baseAddress ?? empty)
        }
    }
    let read = try #require(message)
    defer { protobuf_c_message_free_unpacked(read, nil) }
    var packed = [UInt8](repeating: 0, count: protobuf_c_message_get_packed_size(read))
    let size = packed.withUnsafeMutableBufferPointer { buffer in
        var nothing: UInt8 = 0
        return withUnsafeMutablePointer(to: &nothing) { empty in
            protobuf_c_message_pack(read, buffer.baseAddress ?? empty)
        }
    }
    #expect(size == packed.count)
    return packed
}

@Suite struct JSONMessageTests {
    /// JSON in, and what comes back when the bytes are read: short names and all defaults.
    static let roundTrips: [(MessageKind, String, String)] = [
        (.getCatalogRequest, "{}", #"{"all_versions":false}"#),
        (
            .checkRequest,
            #"{"customer_id":"c1","feature_id":"seats","required_quantity":0,"deduct":true}"#,
            #"{"customer_id":"c1","feature_id":"seats","required_quantity":0,"deduct":true,"#
                + #""request_id":"","entity_id":"","properties":{},"with_preview":false}"#
        ),
        (
            .checkRequest, #"{"plan_id":"","customer_id":null}"#,
            #"{"customer_id":"","plan_id":"","deduct":false,"request_id":"","#
                + #""entity_id":"","properties":{},"with_preview":false}"#
        ),
        (
            .trackRequest, #"{"value":-0.25,"overage_behavior":"OVERAGE_BEHAVIOR_REJECT"}"#,
            #"{"customer_id":"","feature_id":"","value":-0.25,"request_id":"","#
                + #""overage_behavior":"reject","properties":{},"#
                + #""entity_id":"","event_name":"","set_usage":false,"refuse_late":false}"#
        ),
        (
            .trackRequest, #"{"value":-0.0}"#,
            #"{"customer_id":"","feature_id":"","value":0,"request_id":"","#
                + #""overage_behavior":"unspecified","properties":{},"#
                + #""entity_id":"","event_name":"","set_usage":false,"refuse_late":false}"#
        ),
        (
            .trackRequest, #"{"overage_behavior":1.0,"request_id":12345678901234567890123}"#,
            #"{"customer_id":"","feature_id":"","request_id":"12345678901234567890123","#
                + #""overage_behavior":"cap","properties":{},"#
                + #""entity_id":"","event_name":"","set_usage":false,"refuse_late":false}"#
        ),
        (
            .updateCustomerRequest,
            #"{"metadata":{"b":"2","a":""},"remove_metadata_keys":["x"],"email":""}"#,
            #"{"customer_id":"","email":"","metadata":{"a":"","b":"2"},"#
                + #""remove_metadata_keys":["x"],"request_id":""}"#
        ),
        (
            .getCatalogResponse, #"{"catalog":{},"catalog_sequence":18446744073709551615}"#,
            #"{"catalog":{"currency":"","features":[],"plans":[],"coupons":[],"feature_grants":[],"#
                + #""plan_gifts":[],"referral_programmes":[],"deleted_feature_ids":[],"#
                + #""deleted_plan_ids":[],"tax_rates":[]},"#
                + #""catalog_sequence":18446744073709551615}"#
        ),
        (
            .pricingCatalog,
            #"{"plans":[{"items":[{"included":2.0,"reset":{"interval":"month"},"usage_price":"#
                + #"{"amount":0.010,"billing_units":1e3,"tiers":[{"up_to":5,"amount":1},{}]}}],"price":{"amount":20,"interval":6},"#
                + #""plan_id":"é","revision":4294967295}],"features":[{"type":"credit_system","#
                + #""credit_costs":[{"feature_id":"a","credits":"0.2"},{}]}]}"#,
            #"{"currency":"","features":[{"feature_id":"","name":"","type":"credit_system","#
                + #""credit_costs":[{"feature_id":"a","credits":"0.2"},"#
                + #"{"feature_id":"","credits":""}],"event_names":[],"shadow":false,"#
                + #""default_markup":0,"provider_markups":[],"model_markups":[],"archived":false}],"plans":[{"#
                + #""plan_id":"é","name":"","#
                + #""group":"","add_on":false,"auto_enable":false,"#
                + #""price":{"amount":"20","interval":"month","interval_count":0,"#
                + #""additional_currencies":[]},"#
                + #""items":[{"feature_id":"","#
                + #""included":2,"unlimited":false,"reset":{"interval":"month","#
                + #""interval_count":0},"usage_price":{"amount":"0.010","billing_units":1000,"#
                + #""tiers":[{"up_to":5,"amount":"1","flat_amount":""},"#
                + #"{"amount":"","flat_amount":""}],"additional_currencies":[]},"#
                + #""entity_feature_id":""}],"#
                + #""revision":4294967295,"version":0,"archived":false}],"coupons":[],"feature_grants":[],"#
                + #""plan_gifts":[],"referral_programmes":[],"deleted_feature_ids":[],"#
                + #""deleted_plan_ids":[],"tax_rates":[]}"#
        ),
        (
            .attachResponse,
            #"{"outcome":"active","subscription":{"start_time":"2026-02-28T23:59:59.5+02:00","#
                + #""end_time":"1970-01-01T00:00:00Z","status":"past_due"},"#
                + #""invoice":{"total":{"currency":"usd","minor_units":-1999}}}"#,
            #"{"outcome":"active","payment_url":"","subscription":{"subscription_id":"","#
                + #""plan_id":"","plan_revision":0,"status":"past_due","add_on":false,"#
                + #""start_time":"2026-02-28T21:59:59.500Z","end_time":"1970-01-01T00:00:00Z","#
                + #""entity_id":"","quantities":[],"discounts":[],"plan_version":0,"#
                + #""net_terms_days":0,"tax_rate_id":""},"#
                + #""invoice":{"invoice_id":"","status":"unspecified","lines":[],"#
                + #""total":{"currency":"usd","minor_units":-1999},"url":"","taxes":[]},"#
                + #""decline_code":"","#
                + #""replayed":false}"#
        ),
    ]

    @Test(arguments: roundTrips)
    func messagesAgreeWithProtobufC(_ kind: MessageKind, _ text: String, _ full: String) throws {
        let bytes = try MessageJSON.encode(try JSONParser.parse(text), as: kind)
        #expect(try repacked(bytes, as: kind) == bytes)
        let value = try MessageJSON.decode(bytes, as: kind)
        #expect(JSONWriter.text(value) == full)
        #expect(try MessageJSON.encode(value, as: kind) == bytes)
    }

    /// Reading every descriptor proves that the API has nothing JSON is not built for.
    @Test(arguments: MessageKind.allCases)
    func everyKindHasASchema(_ kind: MessageKind) throws {
        #expect(kind.schema.name == "tally.v1." + kind.rawValue)
        #expect(try MessageJSON.encode(.object([:]), as: kind) == [])
        #expect(throws: Never.self) { try MessageJSON.decode([], as: kind) }
    }

    @Test func optionalFieldsAreOneofsOfTheirOwn() throws {
        let fields = MessageKind.checkRequest.schema.fields
        let groups = Dictionary(grouping: fields.filter { $0.oneof != nil }) { $0.oneof }
        #expect(
            Set(groups.values.map { $0.map(\.name) })
                == [["feature_id", "plan_id"], ["required_quantity"]])
    }

    @Test func readingFollowsProtobuf() throws {
        // Unknown fields of every wire type, then customer_id twice and both members of the oneof.
        let bytes: [UInt8] = [
            0xA0, 0x06, 0x01, 0xA1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xA5, 0x06, 1, 2, 3, 4,
            0xA2, 0x06, 0x01, 0xFF, 0x0A, 0x01, 0x61, 0x0A, 0x01, 0x62, 0x12, 0x01, 0x66,
            0x1A, 0x01, 0x70,
        ]
        let value = try MessageJSON.decode(bytes, as: .checkRequest)
        #expect(
            JSONWriter.text(value)
                == #"{"customer_id":"b","plan_id":"p","deduct":false,"request_id":"","entity_id":"","#
                + #""properties":{},"with_preview":false}"#)
        // A single message that comes twice is merged.
        let parts = try [#"{"catalog":{"currency":"usd"}}"#, #"{"catalog":{"plans":[{}]}}"#].map {
            try MessageJSON.encode(try JSONParser.parse($0), as: .getCatalogResponse)
        }
        let merged = try MessageJSON.decode(parts[0] + parts[1], as: .getCatalogResponse)
        #expect(merged["catalog", "currency"] == .string("usd"))
        #expect(merged["catalog", "plans"] != .array([]))
        // An enum number of a newer schema.
        let newer = try MessageJSON.decode([0x28, 0x63], as: .trackRequest)
        #expect(newer["overage_behavior"] == .number("99"))
    }

    @Test(
        arguments: [
            ([0x0A], "the message is cut off"),
            ([0x0A, 0x05, 0x61], "the message is cut off"),
            ([0x21, 1, 2, 3], "the message is cut off"),
            ([0x00], "an impossible field number"),
            ([0x0B], "an unsupported wire type"),
            ([0x08, 0x01], "customer_id has the wrong wire type"),
            ([0x2A, 0x01, 0x01], "deduct has the wrong wire type"),
            ([0x0A, 0x01, 0xFF], "customer_id is not valid UTF-8"),
            (
                [UInt8](repeating: 0xFF, count: 10) + [0x01],
                "a number of more than ten bytes"
            ),
            ([0x0A] + [UInt8](repeating: 0xFF, count: 9) + [0x01], "the message is cut off"),
        ] as [([UInt8], String)])
    func malformedBytesAreRefused(_ bytes: [UInt8], _ message: String) {
        #expect(throws: MalformedMessage(message: message)) {
            try MessageJSON.decode(bytes, as: .checkRequest)
        }
    }

    /// Any single byte changed or cut off gives JSON or an error, never a trap.
    @Test func damagedBytesNeverTrap() throws {
        for (kind, text, _) in JSONMessageTests.roundTrips {
            let bytes = try MessageJSON.encode(try JSONParser.parse(text), as: kind)
            for index in bytes.indices {
                _ = try? MessageJSON.decode(Array(bytes[..<index]), as: kind)
                for byte in UInt8.min...UInt8.max {
                    var damaged = bytes
                    damaged[index] = byte
                    _ = try? MessageJSON.decode(damaged, as: kind)
                }
            }
        }
    }
}
