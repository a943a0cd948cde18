@testable import Wire

/// JSON text, and JSON as each message that people write. The first byte chooses the message.
final class JSONTarget: FuzzTarget {
    init() {}

    func run(_ input: FuzzInput) {
        var input = input
        let kinds = MessageKind.allCases
        let kind = kinds[Int(input.byte()) % kinds.count]
        guard let value = try? JSONParser.parse(input.rest) else { return }
        for layout in [JSONWriter.Layout.compact, .pretty] {
            let again = try? JSONParser.parse(JSONWriter.bytes(value, layout))
            expect(again == value, "what was written doesn't read as it was")
        }
        guard let bytes = try? MessageJSON.encode(value, as: kind) else { return }
        guard let read = try? MessageJSON.decode(bytes, as: kind) else {
            fatalError("a \(kind) that was written doesn't read")
        }
        expect((try? MessageJSON.encode(read, as: kind)) == bytes, "\(kind) there and back")
    }

    func seeds() -> [[UInt8]] {
        let texts: [(MessageKind, String)] = [
            (
                .checkRequest,
                #"{"customer_id":"c1","feature_id":"seats","required_quantity":0,"deduct":true}"#
            ),
            (.trackRequest, #"{"value":-0.25,"overage_behavior":"OVERAGE_BEHAVIOR_REJECT"}"#),
            (.trackRequest, #"{"overage_behavior":1.0,"request_id":12345678901234567890123}"#),
            (.getCatalogResponse, #"{"catalog":{},"catalog_sequence":18446744073709551615}"#),
            (.publishCatalogRequest, #"{"catalog":\#(SamplePricing.json),"validate_only":true}"#),
            (.pricingCatalog, SamplePricing.json),
            (
                .attachResponse,
                #"{"outcome":"active","subscription":{"start_time":"2026-02-28T23:59:59.5+02:00","#
                    + #""end_time":"1970-01-01T00:00:00Z","status":"past_due"},"#
                    + #""invoice":{"total":{"currency":"usd","minor_units":-1999}}}"#
            ),
            (.checkResponse, #"[1.5e3,"x\u00e9\ud83d\ude00",true,null,{"b":{"c":-0}}]"#),
        ]
        return texts.compactMap { kind, text in
            MessageKind.allCases.firstIndex(of: kind).map { [UInt8($0)] + Array(text.utf8) }
        }
    }
}
