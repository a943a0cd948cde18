import Billing
import Foundation
import Repository
import Testing
import Wire

@Suite("Tokens and price lists")
struct TokenCommitTests {
    private static func list(_ input: String) -> ModelPrices {
        ModelPrices([
            "openai/gpt-5": TokenPrices(input: Samples.price(input), output: Samples.price("15"))
        ])
    }

    private func bench(_ folder: TemporaryFolder, publish: Bool = true) async throws -> Bench {
        let bench = try await Bench(folder, publish: false)
        guard publish else { return bench }
        let draft = PricingDraft(
            currency: "usd",
            features: [
                Feature(id: "messages", name: "Messages", kind: .metered),
                Feature(id: "ai", name: "AI", kind: .aiCreditSystem),
            ],
            plans: [
                Plan(id: "free", name: "Free", autoEnable: true, items: [Samples.item("ai", 10)])
            ])
        _ = try await bench.environment.directory.publish(
            PublishCall(draft: draft, validateOnly: false, requestID: ""), found: [],
            time: bench.environment.now)
        return bench
    }

    private func track(_ bench: Bench, at prices: ModelPrices) async throws -> (
        reply: Reply, message: [UInt8], replayed: Bool
    ) {
        var tokens = TrackTokens(
            modelID: "openai/gpt-5", counts: TokenCounts(input: 5_000, output: 2_500),
            overage: .cap)
        tokens.prices = prices["openai/gpt-5"]
        let mark = RequestMark(
            id: bench.id("t-1"), method: Method.trackTokens.rawValue, fingerprint: 9)
        return try await bench.commit(.trackTokens(tokens), "acme", request: mark)
    }

    @Test("A retry gets the first answer, though prices changed and the model went; restarted, too")
    func retry() async throws {
        let folder = try TemporaryFolder()
        var first: [UInt8] = []
        do {
            let bench = try await bench(folder)
            try await bench.create("acme")
            first = try await track(bench, at: Self.list("5")).message
            for prices in [Self.list("50"), .empty] {
                let again = try await track(bench, at: prices)
                #expect(again.replayed && again.message == first + replayedMark(of: .trackTokens))
            }
            try bench.environment.close()
        }
        let bench = try await bench(folder, publish: false)
        let again = try await track(bench, at: .empty)
        #expect(again.message == first + replayedMark(of: .trackTokens))
        let json = try MessageJSON.decode(first, as: MessageKind("TrackTokensResponse"))
        #expect(json["cost"] == .number("0.0625"))
        #expect(json["balance", "remaining"] == .number("9.9375"))
        try bench.environment.close()
    }

    @Test("A price list is read again once it rests, and a bad one changes nothing")
    func reload() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/prices.json"
        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        #expect(throws: (any Error).self) { try PriceFile(path) }
        try write("{\"models\": {\"a/b\": {\"input\": 1, \"output\": 2}}}")
        let file = try PriceFile(path)
        #expect(file.list.current["a/b"]?[.input]?.text == "1")
        #expect(file.reload() == nil)
        try write("{\"models\": {\"a/b\": {\"input\": 33, \"output\": 2}}}")
        #expect(file.reload() == nil)
        guard case .success(1)? = file.reload() else {
            Issue.record("it rests, and is to be read")
            return
        }
        #expect(file.list.current["a/b"]?[.input]?.text == "33")
        #expect(file.reload() == nil)
        try write("{\"models\": {\"a/b\": {\"input\": \"x\", \"output\": 2}}}")
        guard case .failure(let fault)? = file.reload(force: true) else {
            Issue.record("it is told to read it")
            return
        }
        #expect("\(fault)".contains("model \"a/b\", field \"input\""))
        #expect(file.list.current["a/b"]?[.input]?.text == "33")
        try FileManager.default.removeItem(atPath: path)
        _ = file.reload()
        guard case .failure? = file.reload() else {
            Issue.record("it is gone")
            return
        }
        #expect(file.list.current.count == 1)
    }
}
