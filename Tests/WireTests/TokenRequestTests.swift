import CTallyProto
import Testing

@testable import Billing
@testable import Wire

@Suite("Requests about tokens")
struct TokenRequestTests {
    private let arena = Arena()
    private let names: PricingNames

    init() {
        names = PricingNames(
            PricingState.empty.publishing(
                PricingDraft(
                    currency: "usd",
                    features: [Feature(id: "ai", name: "AI", kind: .aiCreditSystem)],
                    plans: [])))
    }

    private func call(
        _ change: (inout Tally__V1__TrackTokensRequest) -> Void = { _ in }
    ) throws -> TokensCall {
        let message = arena.make(tally__v1__track_tokens_request__init)
        message.pointee.customer_id = arena.string("acme")
        message.pointee.model_id = arena.string("openai/gpt-5")
        message.pointee.request_id = arena.string("r-1")
        message.pointee.input_tokens = 1
        change(&message.pointee)
        return try RequestReader(arena: arena, names: names, fingerprintKey: 1)
            .trackTokens(arena.pack(message))
    }

    @Test("Each count goes to its kind")
    func counts() throws {
        let call = try call {
            ($0.input_tokens, $0.output_tokens, $0.cache_read_tokens) = (1, 2, 3)
            ($0.cache_write_tokens, $0.audio_input_tokens) = (4, 5)
            ($0.audio_output_tokens, $0.reasoning_tokens) = (6, 7)
        }
        #expect(TokenKind.allCases.map { call.calls[0].counts[$0] } == [1, 2, 3, 4, 5, 6, 7])
        #expect(call.calls[0].feature == nil)
    }

    private typealias Change = @Sendable (inout Tally__V1__TrackTokensRequest, Arena) -> Void

    private static let changes: [Change] = [
        { _, _ in },
        { request, arena in request.model_id = arena.string("openai/gpt-4") },
        { request, _ in request.input_tokens = 2 },
        { request, _ in (request.input_tokens, request.output_tokens) = (0, 1) },
        { request, _ in request.reasoning_tokens = 1 },
        { request, arena in request.feature_id = arena.string("ai") },
        { request, arena in request.entity_id = arena.string("ada") },
        { request, _ in
            request.overage_behavior = TALLY__V1__OVERAGE_BEHAVIOR__OVERAGE_BEHAVIOR_REJECT
        },
        { request, _ in request.refuse_late = 1 },
        { request, arena in
            request.event_time = arena.make(google__protobuf__timestamp__init)
        },
    ]

    @Test("Different calls have different fingerprints; what a model costs isn't part of it")
    func fingerprints() throws {
        let calls = try Self.changes.map { change in try call { change(&$0, arena) } }
        #expect(Set(calls.compactMap(\.request?.fingerprint)).count == Self.changes.count)
        let cheap = ModelPrices(["openai/gpt-5": TokenPrices(input: .zero, output: .zero)])
        guard case .trackTokens(let priced) = calls[0].command(at: cheap),
            case .trackTokens(let unknown) = calls[0].command(at: .empty)
        else {
            Issue.record("a single call is a single command")
            return
        }
        #expect(priced.prices == cheap["openai/gpt-5"] && unknown.prices == nil)
    }

    @Test(
        "What is wrong is named by its field",
        arguments: [
            "", "gpt", "/gpt", "openai/", "openai/gpt 5", String(repeating: "a/", count: 65),
        ])
    func models(id: String) throws {
        let fault = #expect(throws: CallFault.self) { try call { $0.model_id = arena.string(id) } }
        guard case .invalid(let violations) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(violations.allSatisfy { $0.path == "model_id" })
    }

    @Test("A count has its limit")
    func limit() throws {
        #expect(throws: CallFault.self) { try call { $0.output_tokens = 1_000_000_000_001 } }
        _ = try call { $0.output_tokens = 1_000_000_000_000 }
    }

    @Test("The reply, as the generated code reads it")
    func reply() throws {
        let draw = Draw(
            bucket: 4, feature: FeatureNumber(rawValue: 1), amount: Quantity(raw: 625_000_000))
        let reply = TokenReply(
            feature: FeatureNumber(rawValue: 1),
            track: TrackReply(value: Quantity(raw: 625_000_000), balance: nil, draws: [draw]))
        let bytes = ReplyWriter(arena: arena, names: names).message(.trackTokens(reply))
        let json = try MessageJSON.decode(Array(bytes), as: MessageKind("TrackTokensResponse"))
        #expect(json["cost"] == .number("0.0625") && json["feature_id"] == .string("ai"))
        guard case .array(let draws)? = json["deductions"] else {
            Issue.record("no deductions")
            return
        }
        #expect(draws.map { $0["value"] } == [.number("0.0625")])
        let marked = Array(bytes) + replayedMark(of: .trackTokens)
        #expect(
            try MessageJSON.decode(marked, as: MessageKind("TrackTokensResponse"))["replayed"]
                == .bool(true))
    }
}
