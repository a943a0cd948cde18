internal import Billing
internal import CTallyProto

extension RecordWriter {
    func fact(_ fact: Fact) -> UnsafeMutablePointer<Tally__Disk__V1__Fact> {
        let message = arena.make(tally__disk__v1__fact__init)
        if taxFact(fact, message) { return message }
        switch fact {
        case .deducted(let bucket, let amount, let entity):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DEDUCTED
            message.pointee.deducted = arena.make(tally__disk__v1__deducted__init)
            message.pointee.deducted.pointee.bucket = bucket
            message.pointee.deducted.pointee.entity = entity
            (message.pointee.deducted.pointee.whole, message.pointee.deducted.pointee.fraction) =
                amount.parts
        case .usageRecorded(let feature, let value, let label):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_USAGE_RECORDED
            let usage = arena.make(tally__disk__v1__usage_recorded__init)
            usage.pointee.feature = feature.rawValue
            (usage.pointee.whole, usage.pointee.fraction) = value.parts
            if let label { self.label(label, on: usage) }
            message.pointee.usage_recorded = usage
        case .bucketReset(let bucket, let balance, let nextReset, let entity):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_BUCKET_RESET
            let reset = arena.make(tally__disk__v1__bucket_reset__init)
            reset.pointee.bucket = bucket
            reset.pointee.balance = quantity(balance)
            reset.pointee.next_reset = stored(nextReset)
            reset.pointee.entity = entity
            message.pointee.bucket_reset = reset
        case .bucketClosed(let bucket, let entity):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_BUCKET_CLOSED
            message.pointee.bucket_closed = arena.make(tally__disk__v1__bucket_closed__init)
            message.pointee.bucket_closed.pointee.bucket = bucket
            message.pointee.bucket_closed.pointee.entity = entity
        case .bucketOpened(let bucket, let entity):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_BUCKET_OPENED
            message.pointee.bucket_opened = self.bucket(bucket, of: entity)
        case .subscriptionChanged(let subscription): changed(subscription, message)
        case .subscriptionDropped(let number):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_SUBSCRIPTION_DROPPED
            message.pointee.subscription_dropped =
                arena.make(tally__disk__v1__subscription_dropped__init)
            message.pointee.subscription_dropped.pointee.subscription = number
        case .invoiceDropped(let number):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_INVOICE_DROPPED
            message.pointee.invoice_dropped = arena.make(tally__disk__v1__invoice_dropped__init)
            message.pointee.invoice_dropped.pointee.number = number
        case .customerErased, .customerDeleted: goneFact(fact, message)
        case .customerCreated, .profileChanged, .metadataChanged, .effectRequested, .effectSettled,
            .checkoutOpened, .checkoutClosed, .methodSaved, .invoiceRaised, .creditChanged,
            .invoiceChanged, .debtSet:
            accountFact(fact, message)
        case .customPlanSet, .customPlanDropped, .zoneSet, .currencySet, .taxRateSet, .reminded:
            ownFact(fact, message)
        case .bucketChanged, .detailSet, .entityCreated, .entityClaimed, .entityChanged,
            .entityDeleted, .controlsSet, .poolingSet, .windowCounted, .holdOpened, .holdExtended,
            .holdClosed, .notified, .clockMoved, .topUpSet:
            extraFact(fact, message)
        case .refundSet, .refundDropped, .invoiceReturned, .disputeSet, .disputeDropped:
            refundFact(fact, message)
        case .discountsSet, .codeRedeemed: rewardFact(fact, message)
        case .receivableSet, .invoiceOverdue: receivableFact(fact, message)
        case .referralSet, .referralCodeSet, .fingerprintSet: referralFact(fact, message)
        case .schedulesSet, .phaseBegan, .payerSet, .methodRemoved, .takeoverSet, .trialUsed,
            .profileOwed, .addressSet, .externalInvoiceSet, .taxesFound:
            scheduleFact(fact, message)
        }
        return message
    }

    private func goneFact(
        _ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) {
        switch fact {
        case .customerErased(let key):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CUSTOMER_ERASED
            message.pointee.customer_erased = arena.make(tally__disk__v1__customer_erased__init)
            message.pointee.customer_erased.pointee.key = key
        case .customerDeleted:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CUSTOMER_DELETED
            message.pointee.customer_deleted = arena.make(tally__disk__v1__customer_deleted__init)
        default: break
        }
    }

    /// Older binaries would leave something out, and must refuse it.
    private func changed(
        _ subscription: Subscription, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) {
        if subscription.isPaused {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_PAUSED_SUBSCRIPTION_CHANGED
            message.pointee.paused_subscription_changed = self.subscription(subscription)
        } else if subscription.netDays != 0 {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_INVOICED_SUBSCRIPTION_CHANGED
            message.pointee.invoiced_subscription_changed = self.subscription(subscription)
        } else if !subscription.isWhole {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_FULL_SUBSCRIPTION_CHANGED
            message.pointee.full_subscription_changed = self.subscription(subscription)
        } else if subscription.isPlain {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_SUBSCRIPTION_CHANGED
            message.pointee.subscription_changed = self.subscription(subscription)
        } else {
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_WHOLE_SUBSCRIPTION_CHANGED
            message.pointee.whole_subscription_changed = self.subscription(subscription)
        }
    }

    private func label(
        _ label: EventLabel, on usage: UnsafeMutablePointer<Tally__Disk__V1__UsageRecorded>
    ) {
        usage.pointee.event_time = label.time?.milliseconds ?? 0
        (usage.pointee.n_properties, usage.pointee.properties) =
            arena.list(label.properties) { property($0) }
    }

    func property(_ property: EventProperty) -> UnsafeMutablePointer<Tally__Disk__V1__Property> {
        let message = arena.make(tally__disk__v1__property__init)
        message.pointee.key = arena.string(property.key)
        switch property.value {
        case .text(let text):
            message.pointee.value_case = TALLY__DISK__V1__PROPERTY__VALUE_TEXT
            message.pointee.text = arena.string(text)
        case .number(let bits):
            message.pointee.value_case = TALLY__DISK__V1__PROPERTY__VALUE_NUMBER
            message.pointee.number = bits
        case .boolean(let flag):
            message.pointee.value_case = TALLY__DISK__V1__PROPERTY__VALUE_BOOLEAN
            message.pointee.boolean = flag ? 1 : 0
        }
        return message
    }

    /// Facts of the account; the others are handled above.
    private func accountFact(
        _ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>
    ) {
        switch fact {
        case .customerCreated(let name, let email, let time):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CUSTOMER_CREATED
            let created = arena.make(tally__disk__v1__customer_created__init)
            created.pointee.name = arena.string(name)
            created.pointee.email = arena.string(email)
            created.pointee.create_time = time.milliseconds
            message.pointee.customer_created = created
        case .profileChanged(let name, let email):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_PROFILE_CHANGED
            let profile = arena.make(tally__disk__v1__profile_changed__init)
            profile.pointee.name = arena.string(name)
            profile.pointee.email = arena.string(email)
            message.pointee.profile_changed = profile
        case .metadataChanged(let metadata):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_METADATA_CHANGED
            let changed = arena.make(tally__disk__v1__metadata_changed__init)
            (changed.pointee.n_metadata, changed.pointee.metadata) =
                arena.list(metadata) { entry($0) }
            message.pointee.metadata_changed = changed
        case .effectRequested(let effect) where !effect.order.discounts.isEmpty:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DISCOUNTED_EFFECT_REQUESTED
            message.pointee.discounted_effect_requested = self.effect(effect)
        case .checkoutOpened(let checkout) where !checkout.order.discounts.isEmpty:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DISCOUNTED_CHECKOUT_OPENED
            message.pointee.discounted_checkout_opened = self.checkout(checkout)
        case .effectRequested(let effect):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_EFFECT_REQUESTED
            message.pointee.effect_requested = self.effect(effect)
        case .effectSettled(let id, let outcome):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_EFFECT_SETTLED
            message.pointee.effect_settled = settled(id, outcome)
        case .checkoutOpened(let checkout):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CHECKOUT_OPENED
            message.pointee.checkout_opened = self.checkout(checkout)
        case .checkoutClosed(let session, let paid, let payment, let due):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CHECKOUT_CLOSED
            let closed = arena.make(tally__disk__v1__checkout_closed__init)
            closed.pointee.session_id = arena.string(session)
            closed.pointee.paid = paid ? 1 : 0
            closed.pointee.payment_id = arena.string(payment)
            closed.pointee.currency = arena.string(due?.currency.code ?? "")
            closed.pointee.due = due?.minorUnits ?? 0
            message.pointee.checkout_closed = closed
        case .methodSaved(let method):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_METHOD_SAVED
            message.pointee.method_saved = self.method(method)
        case .invoiceRaised(let invoice) where !invoice.page.isEmpty,
            .invoiceChanged(let invoice) where !invoice.page.isEmpty:
            sentInvoice(fact, invoice, message)
        case .invoiceRaised(let invoice):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_INVOICE_RAISED
            message.pointee.invoice_raised = self.invoice(invoice)
        case .invoiceChanged(let invoice):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_INVOICE_CHANGED
            message.pointee.invoice_changed = self.invoice(invoice)
        case .debtSet(let debt):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_DEBT_SET
            message.pointee.debt_set = self.debt(debt)
        case .creditChanged(let credit):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CREDIT_CHANGED
            message.pointee.credit_changed = self.credit(credit)
        default:
            preconditionFailure("written by the caller")
        }
    }

    private func settled(
        _ id: String, _ outcome: EffectOutcome
    ) -> UnsafeMutablePointer<Tally__Disk__V1__EffectSettled> {
        let message = arena.make(tally__disk__v1__effect_settled__init)
        message.pointee.effect_id = arena.string(id)
        switch outcome {
        case .done: message.pointee.outcome = 1
        case .declined(let code):
            message.pointee.outcome = 2
            message.pointee.code = arena.string(code)
        }
        return message
    }
}
