import CProtobufC
import CTallyProto
import Testing

@testable import Billing
@testable import Wire

/// What is written by hand is what the generated code would write.
@Suite("Replies by hand")
struct ReplyBytesTests {
    private static let longID = String(repeating: "f", count: 63)

    private let arena = Arena()
    private let writer: ReplyWriter

    init() {
        let features = ["m", Self.longID].map { Feature(id: $0, name: $0, kind: .metered) }
        let plans = ["p", "p" + Self.longID.dropLast()].map {
            Plan(id: $0, name: $0)
        }
        let draft = PricingDraft(currency: "usd", features: features, plans: plans)
        writer = ReplyWriter(
            arena: arena, names: PricingNames(PricingState.empty.publishing(draft)))
    }

    /// Of so many parts, each field with something in it or with nothing.
    private static func view(_ parts: Int, isFull: Bool) -> BalanceView {
        var view = BalanceView(feature: FeatureNumber(rawValue: isFull ? 2 : 1))
        if isFull {
            view.granted = Quantity(units: 100_000_000_000_000_000)
            view.remaining = Quantity(raw: -1)
            view.usage = Quantity(raw: 12_345_678_901_234_567_890)
            view.overage = Quantity(units: 3)
            view.unlimited = true
            view.overageAllowed = true
            view.maxPurchase = .zero
            view.nextReset = Timestamp(milliseconds: -1)
        }
        view.parts = (0..<parts).map { number in
            BalanceView.Part(
                bucket: isFull ? UInt32.max - UInt32(number) : UInt32(number),
                plan: isFull ? PlanNumber(rawValue: 2) : nil,
                granted: isFull ? Quantity(units: 7) : .zero,
                remaining: isFull ? Quantity(raw: 1) : .zero,
                usage: isFull ? Quantity(units: -7) : .zero, unlimited: isFull,
                cycle: isFull ? Cycle(.year, count: .max) : Cycle(.oneOff),
                nextReset: isFull ? Timestamp(milliseconds: 1_793_000_000_123) : .never,
                expires: isFull ? Timestamp(milliseconds: .max / 2) : .epoch,
                flags: isFull ? .rollover : [], isOfEntity: isFull)
        }
        if isFull {
            view.details = view.parts.prefix(2).map {
                BucketDetail(
                    bucket: $0.bucket, name: String(repeating: "n", count: 128),
                    prepaid: Quantity(units: 5))
            }
        }
        return view
    }

    @Test("The reply to a deletion has the fields of that to an erasure")
    func deletion() throws {
        for filesLeft in [nil, 3] {
            let bytes = writer.eraseCustomer(filesLeft: filesLeft, replayed: true)
            let erased = arena.make(tally__v1__erase_customer_response__init)
            let deleted = arena.make(tally__v1__delete_customer_response__init)
            for descriptor in [arena.descriptor(of: erased), arena.descriptor(of: deleted)] {
                let message = try #require(
                    arena.unpack(Tally__V1__DeleteCustomerResponse.self, descriptor, bytes))
                #expect(message.pointee.day_files_left == Int32(filesLeft ?? 0))
                #expect(message.pointee.replayed == 1)
                #expect(
                    message.pointee.state
                        == (filesLeft == nil
                            ? TALLY__V1__ERASURE_STATE__ERASURE_STATE_DONE
                            : TALLY__V1__ERASURE_STATE__ERASURE_STATE_RUNNING))
            }
        }
    }

    private static let views = [0, 1, 2, 40].flatMap { parts in
        [true, false].map { view(parts, isFull: $0) }
    }

    private static let subscription = Subscription(
        number: 3, plan: PlanReference(plan: PlanNumber(rawValue: 2), revision: 1), status: .active,
        addOn: true, start: .epoch, anchor: .epoch, periodStart: .epoch,
        periodEnd: Timestamp(milliseconds: 5))

    @Test(arguments: views)
    func check(_ view: BalanceView) throws {
        for isBare in [true, false] {
            var answer = CheckAnswer(
                isBare ? .notIncluded : .included, required: isBare ? .zero : Quantity(raw: 5))
            answer.balance = isBare ? nil : view
            answer.flag =
                isBare
                ? nil
                : FlagView(
                    feature: view.feature, plan: view.parts.isEmpty ? nil : PlanNumber(rawValue: 2))
            answer.subscription = isBare || view.parts.count == 1 ? nil : Self.subscription
            let bytes = writer.check(answer)
            let message = try #require(
                unpacked(bytes, tally__v1__check_response__init))
            #expect(arena.pack(message).elementsEqual(bytes))
            #expect((message.pointee.allowed != 0) == answer.allowed)
            #expect(message.pointee.reason.rawValue == UInt32(answer.reason.rawValue))
            #expect(message.pointee.required_quantity == answer.required.double)
            try expect(message.pointee.balance, shows: answer.balance)
            #expect((message.pointee.flag == nil) == (answer.flag == nil))
            #expect((message.pointee.subscription == nil) == (answer.subscription == nil))
        }
    }

    @Test(arguments: views)
    func track(_ view: BalanceView) throws {
        for draws in [0, 1, 9] {
            let reply = TrackReply(
                value: Quantity(raw: 25_000_000_000), balance: draws == 0 ? nil : view,
                draws: (0..<draws).map { number in
                    Draw(
                        bucket: UInt32(number) * 1_111_111, feature: view.feature,
                        amount: Quantity(units: number - 4))
                })
            let bytes = writer.track(reply)
            let message = try #require(unpacked(bytes, tally__v1__track_response__init))
            #expect(arena.pack(message).elementsEqual(bytes))
            #expect(message.pointee.value == 2.5)
            try expect(message.pointee.balance, shows: reply.balance)
            #expect(message.pointee.n_deductions == draws)
            for (index, draw) in reply.draws.enumerated() {
                let deduction = try #require(message.pointee.deductions[index]).pointee
                #expect(String(cString: deduction.balance_id) == "bal_\(draw.bucket)")
                #expect(deduction.value == draw.amount.double)
            }
        }
    }

    private func unpacked<Message>(
        _ bytes: UnsafeRawBufferPointer, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) -> UnsafeMutablePointer<Message>? {
        let descriptor = arena.descriptor(of: arena.make(initialize))
        return arena.unpack(Message.self, descriptor, bytes)
    }

    /// As `GetCustomer` shows it, which the generated code writes.
    private func expect(
        _ message: UnsafeMutablePointer<Tally__V1__Balance>?, shows view: BalanceView?
    ) throws {
        #expect((message == nil) == (view == nil))
        guard let message, let view else { return }
        #expect(arena.pack(message).elementsEqual(arena.pack(writer.balance(view))))
    }
}
