package import Billing
internal import CProtobufC
internal import CTallyProto

/// Turns replies into message bytes, in the arena: they are valid until it is reset.
package struct ReplyWriter {
    let arena: Arena
    let names: PricingNames
    /// With plans of a customer's own; nil: there are none.
    private var ownPricing: PricingState?

    package init(arena: Arena, names: PricingNames) {
        self.arena = arena
        self.names = names
    }

    var pricing: PricingState { ownPricing ?? names.pricing }

    /// For replies about a customer, who may have plans of its own.
    package func of(_ customer: borrowing CustomerState) -> ReplyWriter {
        with(customer.account.customPlans)
    }

    func with(_ plans: [CustomPlan]) -> ReplyWriter {
        guard !plans.isEmpty else { return self }
        var writer = self
        writer.ownPricing = names.pricing.with(plans)
        return writer
    }

    /// The message of a command's reply; none for those that show the customer as it is afterwards.
    package func message(_ reply: Reply) -> UnsafeRawBufferPointer {
        switch reply {
        case .none, .created, .updated, .customer, .entity, .paidLate, .redeemed, .referralCode,
            .referred:
            UnsafeRawBufferPointer(start: nil, count: 0)
        case .track(let track): self.track(track)
        case .trackFeatures(let tracks): list(tracks.map { self.track($0) }, field: 5)
        case .trackAll(let tracks): list(tracks.map { self.track($0) }, field: 1)
        case .trackTokens(let tokens): self.tokens(tokens)
        case .trackTokensAll(let parts): list(parts.map { self.tokens($0) }, field: 1)
        case .settled(let track): settled(track)
        case .check(let answer): check(answer)
        case .attach(let attach) where !attach.others.isEmpty:
            with(attach.customPlans).multiAttach(attach)
        case .attach(let attach) where !attach.changed.isEmpty:
            with(attach.customPlans).changedSeveral(attach)
        case .attach(let attach): with(attach.customPlans).attach(attach)
        case .migrated(let migrations): migrated(migrations)
        case .imported(let reply): imported(reply)
        case .clock(let time): movedClock(to: time)
        case .refunded(let refunded): self.refunded(refunded)
        case .reported(let invoice): reported(invoice)
        case .invoice(let invoice, let plans): with(plans).changed(invoice)
        case .recorded(let invoices): recorded(invoices)
        }
    }

    /// Messages in a repeated field.
    private func list(
        _ messages: [UnsafeRawBufferPointer], field: UInt32
    ) -> UnsafeRawBufferPointer {
        var writer = FieldWriter(
            arena, capacity: messages.reduce(16) { $0 + $1.count + 16 })
        for message in messages { writer.message(field) { $0.raw(message) } }
        return writer.written
    }

    /// The reply to `BatchCheck`.
    package func batchCheck(_ answers: [CheckAnswer]) -> UnsafeRawBufferPointer {
        list(answers.map { check($0) }, field: 1)
    }

    /// A track's message, whose value is the cost, and the feature.
    private func tokens(_ reply: TokenReply) -> UnsafeRawBufferPointer {
        let track = self.track(reply.track)
        let id = names.bytes(of: reply.feature)
        var writer = FieldWriter(arena, capacity: track.count + id.count + 16)
        writer.raw(track)
        writer.text(5, id)
        return writer.written
    }

    private func settled(_ reply: TrackReply) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__settle_hold_response__init)
        message.pointee.value = reply.value.double
        message.pointee.balance = reply.balance.map { balance($0) }
        return arena.pack(message)
    }

    /// The reply to calls that show the customer afterwards: all of them have it in field 1.
    package func changed(_ customer: borrowing CustomerState) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__create_balance_response__init)
        message.pointee.customer = self.customer(customer)
        return arena.pack(message)
    }

    /// The reply to calls that show an entity afterwards: all of them have it in field 1.
    package func changed(
        _ entity: UInt32, of customer: borrowing CustomerState
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__create_entity_response__init)
        message.pointee.entity = customer.buckets.extras.entities.entity(entity).map {
            self.entity($0, in: customer.usableBuckets(names.pricing))
        }
        return arena.pack(message)
    }

    private func attach(_ reply: AttachReply) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__attach_response__init)
        message.pointee.outcome = Tally__V1__AttachOutcome(UInt32(reply.outcome.rawValue))
        let page = reply.invoice.flatMap { $0.status == .open ? self.page(of: $0) : nil } ?? ""
        message.pointee.payment_url = arena.string(
            reply.paymentURL.isEmpty ? page : reply.paymentURL)
        message.pointee.subscription = reply.subscription.map { subscription($0) }
        if !reply.entity.isEmpty, let subscription = message.pointee.subscription {
            subscription.pointee.entity_id = reply.entity.withBytes { arena.string($0) }
        }
        message.pointee.invoice = reply.invoice.map { invoice($0) }
        message.pointee.decline_code = arena.string(reply.declineCode)
        message.pointee.refund = reply.refund.map { money($0) }
        return arena.pack(message)
    }

    func balance(_ view: BalanceView) -> UnsafeMutablePointer<Tally__V1__Balance> {
        let message = arena.make(tally__v1__balance__init)
        message.pointee.feature_id = names.id(view.feature)
        message.pointee.granted = view.granted.double
        message.pointee.remaining = view.remaining.double
        message.pointee.usage = view.usage.double
        message.pointee.overage = view.overage.double
        message.pointee.unlimited = view.unlimited ? 1 : 0
        message.pointee.overage_allowed = view.overageAllowed ? 1 : 0
        if let most = view.maxPurchase {
            message.pointee._max_purchase_case = TALLY__V1__BALANCE___MAX_PURCHASE_MAX_PURCHASE
            message.pointee.max_purchase = most.double
        }
        message.pointee.next_reset_time = time(view.nextReset)
        (message.pointee.n_parts, message.pointee.parts) = arena.list(view.parts) { part in
            self.part(part, view.details.first { $0.bucket == part.bucket })
        }
        return message
    }

    private func part(
        _ part: BalanceView.Part, _ detail: BucketDetail?
    ) -> UnsafeMutablePointer<Tally__V1__BalancePart> {
        let message = arena.make(tally__v1__balance_part__init)
        let name = detail?.name ?? ""
        message.pointee.balance_id = name.isEmpty ? balanceID(part.bucket) : arena.string(name)
        message.pointee.rollover = part.flags.contains(.rollover) ? 1 : 0
        message.pointee.entity_level = part.isOfEntity ? 1 : 0
        message.pointee.prepaid = (detail?.prepaid ?? .zero).double
        if let plan = part.plan { message.pointee.plan_id = names.id(plan) }
        message.pointee.granted = part.granted.double
        message.pointee.remaining = part.remaining.double
        message.pointee.usage = part.usage.double
        message.pointee.unlimited = part.unlimited ? 1 : 0
        message.pointee.reset_interval = Tally__V1__Interval(UInt32(part.cycle.interval.rawValue))
        message.pointee.reset_interval_count = UInt32(part.cycle.count)
        message.pointee.reset_time = time(part.nextReset)
        message.pointee.expire_time = time(part.expires)
        return message
    }

    func flag(_ flag: FlagView) -> UnsafeMutablePointer<Tally__V1__Flag> {
        let message = arena.make(tally__v1__flag__init)
        message.pointee.feature_id = names.id(flag.feature)
        if let plan = flag.plan { message.pointee.plan_id = names.id(plan) }
        return message
    }

    /// nil for "never".
    func time(_ time: Timestamp) -> UnsafeMutablePointer<Google__Protobuf__Timestamp>? {
        guard time != .never else { return nil }
        let message = arena.make(google__protobuf__timestamp__init)
        (message.pointee.seconds, message.pointee.nanos) = time.parts
        return message
    }

    /// "bal_" and the number, without a Swift string in between.
    private func balanceID(_ number: UInt32) -> UnsafeMutablePointer<CChar> {
        arena.numbered("bal_", number)
    }
}

extension Arena {
    /// A short prefix and a number.
    func numbered(_ prefix: StaticString, _ number: UInt32) -> UnsafeMutablePointer<CChar> {
        var digits = 1
        var rest = number / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        let length = prefix.utf8CodeUnitCount + digits
        let text = require(length + 1).bindMemory(to: CChar.self, capacity: length + 1)
        for index in 0..<prefix.utf8CodeUnitCount {
            text[index] = CChar(bitPattern: prefix.utf8Start[index])
        }
        rest = number
        for index in stride(from: length - 1, through: length - digits, by: -1) {
            text[index] = CChar(bitPattern: UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        text[length] = 0
        return text
    }
}

/// The bytes that mark a stored reply as one given before: every mutation's response has
/// `bool replayed`, and a field may follow a message's others. Keyed by method, whose field numbers
/// differ.
package func replayedMark(of method: Method) -> [UInt8] {
    let field: UInt8 =
        switch method {
        case .track: 4
        case .check: 7
        case .attach, .updateSubscription, .setupPayment, .multiAttach, .createSchedule,
            .deleteSchedule:
            6
        case .getOrCreateCustomer, .eraseCustomer, .deleteCustomer, .refundInvoice: 3
        case .settleHold, .trackTokens: 4
        case .extendHold, .batchTrack, .batchTrackTokens, .updateCustomer, .createBalance,
            .updateBalance, .deleteBalance, .recalculateBalances, .updateControls, .createEntity,
            .updateEntity, .deleteEntity, .advanceTestClock, .applyDiscount, .removeDiscount,
            .redeemCode, .migrateCustomer, .finalizeInvoice, .markInvoicePaid, .voidInvoice,
            .createReferralCode, .redeemReferralCode, .recordExternalInvoices:
            2
        }
    return [field << 3, 1]
}
