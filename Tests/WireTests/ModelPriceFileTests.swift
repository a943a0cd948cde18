import Testing

@testable import Billing
@testable import Wire

@Suite("Price lists of models")
struct ModelPriceFileTests {
    private func parse(_ text: String) throws(ModelPriceFault) -> ModelPrices {
        try ModelPriceFile.parse(Array(text.utf8))
    }

    @Test("Prices are exact, as numbers and as texts")
    func prices() throws {
        let list = try parse(
            """
            {"models": {
              "openai/gpt-5": {"input": 1.25, "output": "10", "cache_read": 0.125},
              "open/router/one": {"input": 1e-12, "output": 0, "cache_write": 3,
                                  "audio_input": 4, "audio_output": 5, "reasoning": 6}}}
            """)
        #expect(list.count == 2)
        let gpt = try #require(list["openai/gpt-5"])
        #expect(gpt[.input]?.text == "1.25" && gpt[.output]?.text == "10")
        #expect(gpt[.cacheRead]?.text == "0.125" && gpt[.reasoning] == nil)
        let other = try #require(list["open/router/one"])
        #expect(
            TokenKind.allCases.map { other[$0]?.text } == [
                "0.000000000001", "0", nil, "3", "4", "5", "6",
            ])
        #expect(list["openai/gpt-4"] == nil)
    }

    @Test(
        "What is wrong is named, with model and field",
        arguments: [
            ("[]", "must be an object with \"models\""),
            ("{}", "must be an object with \"models\""),
            ("{\"models\": []}", "must be an object with \"models\""),
            ("{\"models\": {}", "line 1, column 14"),
            ("{\"models\": {}, \"version\": 1}", "\"version\" is no field of a price list"),
            ("{\"models\": {\"gpt\": {\"input\": 1, \"output\": 1}}}", "model \"gpt\": its id"),
            ("{\"models\": {\"a/b\": 1}}", "model \"a/b\": must be an object of prices"),
            (
                "{\"models\": {\"a/b\": {\"input\": 1}}}",
                "model \"a/b\", field \"output\": is required"
            ),
            (
                "{\"models\": {\"a/b\": {\"input\": -1, \"output\": 1}}}",
                "model \"a/b\", field \"input\": must be a decimal"
            ),
            (
                "{\"models\": {\"a/b\": {\"input\": 1000001, \"output\": 1}}}",
                "model \"a/b\", field \"input\": must be a decimal"
            ),
            (
                "{\"models\": {\"a/b\": {\"input\": null, \"output\": 1}}}",
                "model \"a/b\", field \"input\": must be a decimal"
            ),
            (
                "{\"models\": {\"a/b\": {\"input\": 1, \"output\": 1, \"ouput\": 1}}}",
                "model \"a/b\", field \"ouput\": there is no such field"
            ),
            ("{\"models\": {\"a/b\": {}, \"a/b\": {}}}", "duplicate key"),
        ])
    func faults(text: String, expected: String) {
        let fault = #expect(throws: ModelPriceFault.self) { try parse(text) }
        #expect(fault?.description.contains(expected) == true, "\(String(describing: fault))")
    }

    @Test("All that is wrong is said at once")
    func several() {
        let fault = #expect(throws: ModelPriceFault.self) {
            try parse("{\"models\": {\"a/b\": {\"input\": 1}, \"c\": {\"output\": true}}}")
        }
        #expect(fault?.description.components(of: "; ") == 4)
    }
}

extension String {
    fileprivate func components(of separator: String) -> Int {
        split(separator: separator).count
    }
}
