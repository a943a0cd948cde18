@testable import Billing
@testable import Wire

/// The bytes of request messages. The first byte chooses the reader; above those that there are it
/// stands for the message's way to JSON and back, and the second chooses the message.
final class RequestTarget: FuzzTarget {
    private static let conversion: UInt8 = 192
    private let reader: RequestReader
    private let reflection = ReflectionIndex(others: ["grpc.health.v1.Health"])

    init() throws {
        reader = RequestReader(
            arena: Arena(cap: 4 << 20), names: try SamplePricing.names(), fingerprintKey: 1)
    }

    func run(_ input: FuzzInput) {
        var input = input
        let choice = Int(input.byte())
        reader.arena.reset()
        if choice < Int(Self.conversion) {
            read(input.rest, choice % 38)
        } else {
            let kinds = MessageKind.allCases
            convert(input.rest, kinds[Int(input.byte()) % kinds.count])
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer, _ choice: Int) {
        do {
            switch choice {
            case 0: _ = try reader.check(bytes)
            case 1: _ = try reader.track(bytes)
            case 2: _ = try reader.attach(bytes)
            case 3: _ = try reader.getOrCreateCustomer(bytes)
            case 4: _ = try reader.getCustomer(bytes)
            case 5: try publish(bytes)
            case 6: _ = try reader.streamTrack(bytes)
            case 7: _ = try reader.watchCustomer(bytes)
            case 8: _ = try reader.eraseCustomer(bytes)
            case 9: _ = try reader.updateCustomer(bytes)
            case 10: _ = try reader.listCustomers(bytes)
            case 11: _ = try reader.deleteCustomer(bytes)
            case 12: _ = try reader.explain(bytes)
            case 13: _ = try reader.getCustomerAsOf(bytes)
            case 14: _ = try reader.simulatePlan(bytes)
            case 15: reflect(bytes)
            case 16: _ = try reader.previewAttach(bytes)
            case 17: _ = try reader.setupPayment(bytes)
            case 18: _ = try reader.refundInvoice(bytes)
            case 19: _ = try reader.migrateCustomer(bytes)
            case 20: _ = try reader.applyDiscount(bytes)
            case 21: _ = try reader.redeemCode(bytes)
            case 22: _ = try reader.createBalance(bytes)
            case 23: _ = try reader.updateBalance(bytes)
            case 24: _ = try reader.createEntity(bytes)
            case 25: _ = try reader.updateControls(bytes)
            case 26: _ = try reader.trackTokens(bytes)
            case 27: _ = try reader.listEvents(bytes)
            case 28: _ = try reader.batchCheck(bytes)
            case 29: _ = try reader.batchTrack(bytes)
            case 30: _ = try reader.settleHold(bytes)
            case 31: _ = try reader.createReferralCode(bytes)
            case 32: _ = try reader.multiAttach(bytes)
            case 33: _ = try reader.previewMultiAttach(bytes)
            case 34: _ = try reader.redeemReferralCode(bytes)
            case 35: _ = try reader.createSchedule(bytes)
            case 36: _ = try reader.deleteSchedule(bytes)
            default: _ = try reader.replayWebhooks(bytes)
            }
        } catch CallFault.tooLarge {
            // Unpacking takes at most some 50 bytes for each one.
            expect(bytes.count > 32_768, "\(bytes.count) bytes are too large")
        } catch {}
    }

    private func publish(_ bytes: UnsafeRawBufferPointer) throws {
        let (call, violations) = try reader.publish(bytes)
        guard violations.isEmpty, call.draft.validate(onto: .empty).isEmpty else { return }
        _ = PricingNames(PricingState.empty.publishing(call.draft))
    }

    private func reflect(_ bytes: UnsafeRawBufferPointer) {
        let answer = reflection.answer(bytes)
        expect(answer.withUnsafeBytes { textFields(of: $0) } != nil, "a malformed answer")
    }

    private func convert(_ bytes: UnsafeRawBufferPointer, _ kind: MessageKind) {
        guard let value = try? MessageJSON.decode(bytes, as: kind) else { return }
        expect((try? JSONParser.parse(JSONWriter.bytes(value))) == value, "no JSON was written")
        guard let again = try? MessageJSON.encode(value, as: kind) else { return }
        expect((try? MessageJSON.decode(again, as: kind)) == value, "\(kind) there and back")
    }

    func seeds() throws -> [[UInt8]] {
        let id = #""customer_id":"c1","request_id":"r1""#
        let texts: [(UInt8, MessageKind, String)] = [
            (0, .checkRequest, "{\(id),\"feature_id\":\"seats\",\"required_quantity\":2.5}"),
            (0, .checkRequest, "{\(id),\"plan_id\":\"pro\",\"deduct\":true}"),
            (
                1, .trackRequest,
                "{\(id),\"feature_id\":\"messages\",\"value\":-3,\"overage_behavior\":\"reject\"}"
            ),
            (
                2, .attachRequest,
                "{\(id),\"plan_id\":\"pro\",\"success_url\":\"https://x.example\"}"
            ),
            (
                3, .getOrCreateCustomerRequest,
                "{\(id),\"name\":\"Acmé\",\"email\":\"a@example.com\"}"
            ),
            (4, .getCustomerRequest, #"{"customer_id":"a:b-c_d"}"#),
            (5, .publishCatalogRequest, #"{"catalog":\#(SamplePricing.json)}"#),
        ]
        var seeds: [[UInt8]] = []
        for (choice, kind, text) in texts {
            let bytes = try MessageJSON.encode(try JSONParser.parse(text), as: kind)
            seeds.append([choice] + bytes)
            // A stream's report is a track in a field; a watch begins like a get.
            if choice == 1 { seeds.append([6, 10, UInt8(bytes.count)] + bytes) }
            if choice == 4 { seeds.append([7] + bytes + [18, 2, 49, 122]) }
            if choice == 4 { seeds.append([8] + bytes + [18, 2, 49, 122]) }
            guard let index = MessageKind.allCases.firstIndex(of: kind) else { continue }
            seeds.append([Self.conversion, UInt8(index)] + bytes)
        }
        let symbol = Array("tally.v1.UsageService".utf8)
        return seeds + [[15, 34, UInt8(symbol.count)] + symbol, [15, 58, 0]]
    }
}
