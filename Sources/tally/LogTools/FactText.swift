internal import Billing
internal import Wire

/// Facts with names for numbers.
struct FactText {
    let names: LogNames

    /// "deducted bucket=1 amount=2".
    static func line(_ fact: JSONObject) -> String {
        fact.members.map { member in
            let value =
                switch member.value {
                case .string(let text): text.isEmpty ? "-" : text
                case .number(let text): text
                case .null, .bool, .array, .object: JSONWriter.text(member.value)
                }
            return member.key == "fact" ? value : "\(member.key)=\(value)"
        }.joined(separator: " ")
    }

    func object(_ fact: Fact) -> JSONObject {
        switch fact {
        case .deducted(let bucket, let amount, let entity):
            of(
                entity,
                [
                    "fact": .string("deducted"), "bucket": .number(bucket),
                    "amount": Self.quantity(amount),
                ])
        case .usageRecorded(let feature, let value, let label):
            used(
                label,
                [
                    "fact": .string("usage_recorded"), "feature": .string(names.text(feature)),
                    "value": Self.quantity(value),
                ])
        case .bucketReset(let bucket, let balance, let nextReset, let entity):
            of(
                entity,
                [
                    "fact": .string("bucket_reset"), "bucket": .number(bucket),
                    "balance": Self.quantity(balance), "next_reset": Self.instant(nextReset),
                ])
        case .bucketClosed(let bucket, let entity):
            of(entity, ["fact": .string("bucket_closed"), "bucket": .number(bucket)])
        case .bucketOpened(let bucket, let entity): of(entity, grant(bucket, "bucket_opened"))
        case .bucketChanged(let bucket, let entity): of(entity, grant(bucket, "bucket_changed"))
        case .customerCreated(let name, let email, _):
            ["fact": .string("customer_created"), "name": .string(name), "email": .string(email)]
        case .profileChanged(let name, let email):
            ["fact": .string("profile_changed"), "name": .string(name), "email": .string(email)]
        case .subscriptionChanged(let subscription): changed(subscription)
        case .subscriptionDropped(let number):
            ["fact": .string("subscription_dropped"), "subscription": .number(number)]
        case .effectRequested, .effectSettled, .checkoutOpened, .checkoutClosed, .methodSaved,
            .invoiceRaised, .invoiceDropped, .invoiceChanged, .debtSet, .creditChanged,
            .customerErased, .metadataChanged, .customerDeleted, .reminded, .customPlanSet,
            .customPlanDropped, .zoneSet, .currencySet, .receivableSet,
            .invoiceOverdue:
            account(fact)
        case .detailSet, .entityCreated, .entityClaimed, .entityChanged, .entityDeleted,
            .controlsSet, .poolingSet, .windowCounted, .holdOpened, .holdExtended, .holdClosed,
            .notified, .clockMoved, .topUpSet:
            extra(fact)
        case .refundSet, .refundDropped, .invoiceReturned, .disputeSet, .disputeDropped:
            returned(fact)
        case .discountsSet, .codeRedeemed, .referralSet, .referralCodeSet, .fingerprintSet:
            rewarded(fact)
        case .payerSet, .taxRateSet, .methodRemoved, .takeoverSet, .trialUsed, .schedulesSet,
            .phaseBegan, .profileOwed, .addressSet, .externalInvoiceSet, .taxesFound:
            arranged(fact)
        }
    }

    /// What is planned, and what is known of other systems.
    private func arranged(_ fact: Fact) -> JSONObject {
        switch fact {
        case .payerSet(let reference):
            ["fact": .string("payer_set"), "reference": .string(reference)]
        case .taxRateSet(let id):
            ["fact": .string("tax_rate_set"), "tax_rate": .string(id)]
        case .methodRemoved: ["fact": .string("method_removed")]
        case .profileOwed(let turn):
            ["fact": .string("profile_owed"), "turn": .number(turn)]
        case .addressSet(let address): PostalAddress.text(address)
        case .externalInvoiceSet(let invoice): invoice.text
        case .taxesFound(let found):
            [
                "fact": .string("taxes_found"), "status": .string("\(found.status)"),
                "rate": found.rate.map { .string("\($0.name) \($0.percentage.text)%") } ?? .null,
                "code": .string(found.code), "time": Self.instant(found.time),
            ]
        case .takeoverSet(let takeover):
            [
                "fact": .string("takeover_set"), "source": .string(takeover.source),
                "subscriptions": .array(takeover.subscriptions.map { .number($0) }),
                "status": .string("\(takeover.status)"), "until": Self.instant(takeover.until),
            ]
        case .trialUsed(let mark):
            [
                "fact": .string("trial_used"), "plan": .string(names.text(mark.plan)),
                "entity": .number(mark.entity),
            ]
        case .schedulesSet(let schedules):
            [
                "fact": .string("schedules_set"),
                "schedules": .array(schedules.map { .object(Self.schedule($0)) }),
            ]
        case .phaseBegan(let time):
            ["fact": .string("phase_began"), "time": Self.instant(time)]
        default: [:]
        }
    }

    private static func schedule(_ schedule: PhaseSchedule) -> JSONObject {
        [
            "owners": .array(schedule.owners.map { .number($0) }),
            "phases": .array(
                schedule.phases.map { phase in
                    .object([
                        "start": instant(phase.start),
                        "begins": .array(phase.begins.map { .number($0) }),
                        "ends": .array(phase.ends.map { .number($0) }),
                    ])
                }),
        ]
    }

    /// Facts about money that goes back.
    private func returned(_ fact: Fact) -> JSONObject {
        switch fact {
        case .refundSet(let refund):
            [
                "fact": .string("refund_set"), "refund": .string(refund.id),
                "payment": .string(refund.payment), "invoice": .number(refund.invoice),
                "amount": .string(refund.amount.text), "reason": .string("\(refund.reason)"),
                "status": .string("\(refund.status)"), "code": .string(refund.failureCode),
            ]
        case .refundDropped(let id):
            ["fact": .string("refund_dropped"), "refund": .string(id)]
        case .invoiceReturned(let number, let returns):
            [
                "fact": .string("invoice_returned"), "invoice": .number(number),
                "refunded": .number(returns.refunded), "credited": .number(returns.credited),
                "disputed": .number(returns.disputed),
            ]
        case .disputeSet(let dispute):
            [
                "fact": .string("dispute_set"), "dispute": .string(dispute.id),
                "payment": .string(dispute.payment), "invoice": .number(dispute.invoice),
                "amount": .string(dispute.amount.text), "status": .string("\(dispute.status)"),
            ]
        case .disputeDropped(let id):
            ["fact": .string("dispute_dropped"), "dispute": .string(id)]
        default: preconditionFailure("said by the caller")
        }
    }

    /// Facts about rewards.
    private func rewarded(_ fact: Fact) -> JSONObject {
        switch fact {
        case .discountsSet(let discounts):
            ["fact": .string("discounts_set"), "coupons": Self.coupons(discounts)]
        case .codeRedeemed(let redemption):
            [
                "fact": .string("code_redeemed"), "code": .string(redemption.code),
                "redemption": .string(redemption.id),
            ]
        case .referralSet(let referral):
            [
                "fact": .string("referral_set"), "redemption": .string(referral.id),
                "role": .string("\(referral.role)"), "code": .string(referral.code),
                "other": .string(referral.other.text), "reward": .string("\(referral.reward)"),
                "stage": .string("\(referral.stage)"), "told": .string("\(referral.told)"),
            ]
        case .referralCodeSet(let code):
            [
                "fact": .string("referral_code_set"), "programme": .string(code.programmeID),
                "code": .string(code.code),
            ]
        case .fingerprintSet(let mark):
            ["fact": .string("fingerprint_set"), "is_set": .bool(mark != nil)]
        default: preconditionFailure("said by the caller")
        }
    }

    /// Facts about payments and the person.
    private func account(_ fact: Fact) -> JSONObject {
        switch fact {
        case .effectRequested(let effect):
            order(
                effect.order,
                after: [
                    "fact": .string("effect_requested"), "effect": .string(effect.id),
                    "kind": .string("\(effect.kind)"),
                ])
        case .effectSettled(let id, let outcome):
            [
                "fact": .string("effect_settled"), "effect": .string(id),
                "outcome": .string(Self.text(outcome)),
            ]
        case .checkoutOpened(let checkout):
            order(
                checkout.order,
                after: [
                    "fact": .string("checkout_opened"), "session": .string(checkout.session),
                    "url": .string(checkout.url),
                ])
        case .checkoutClosed(let session, let paid, let payment, _):
            [
                "fact": .string("checkout_closed"), "session": .string(session),
                "paid": .bool(paid), "payment": .string(payment),
            ]
        case .methodSaved(let method):
            [
                "fact": .string("method_saved"), "brand": .string(method.brand),
                "last4": .string(method.last4),
                "expiry": method.expiry.map { .string("\($0.month)/\($0.year)") } ?? .null,
            ]
        case .invoiceRaised(let invoice):
            [
                "fact": .string("invoice_raised"), "invoice": .number(invoice.number),
                "status": .string("\(invoice.status)"), "total": .string(invoice.total.text),
            ]
        case .invoiceDropped(let number):
            ["fact": .string("invoice_dropped"), "invoice": .number(number)]
        case .invoiceChanged(let invoice):
            [
                "fact": .string("invoice_changed"), "invoice": .number(invoice.number),
                "status": .string("\(invoice.status)"), "total": .string(invoice.total.text),
            ]
        case .debtSet(let debt): owed(debt)
        case .receivableSet(let receivable): sent(receivable)
        case .invoiceOverdue(let invoice):
            ["fact": .string("invoice_overdue"), "invoice": .number(invoice.number)]
        case .creditChanged(let credit):
            ["fact": .string("credit_changed"), "balance": .string(credit.text)]
        case .customPlanSet(let custom):
            [
                "fact": .string("custom_plan_set"), "number": .number(custom.number),
                "plan": .number(custom.base.plan.rawValue),
                "revision": .number(custom.base.revision),
            ]
        case .currencySet(let currency):
            ["fact": .string("currency_set"), "currency": .string(currency.code)]
        case .zoneSet(let zone): ["fact": .string("zone_set"), "zone": .string(zone.name)]
        case .customPlanDropped(let number):
            ["fact": .string("custom_plan_dropped"), "number": .number(number)]
        case .customerErased(let key):
            ["fact": .string("customer_erased"), "key": .number(key)]
        case .metadataChanged(let metadata): noted(metadata)
        case .customerDeleted: ["fact": .string("customer_deleted")]
        case .reminded(let reminder): reminded(reminder)
        default: preconditionFailure("said by the caller")
        }
    }

    private func owed(_ debt: Debt) -> JSONObject {
        [
            "fact": .string("debt_set"), "invoice": .number(debt.invoice),
            "attempts": .number(debt.attempts), "next": .string(debt.next.rfc3339 ?? ""),
        ]
    }

    private func sent(_ receivable: Receivable) -> JSONObject {
        [
            "fact": .string("receivable_set"), "invoice": .number(receivable.invoice),
            "given": .bool(receivable.isGiven),
            "next": .string(receivable.next == .never ? "" : receivable.next.rfc3339 ?? ""),
        ]
    }

    private func reminded(_ reminder: Reminder) -> JSONObject {
        switch reminder {
        case .trialEnding(let subscription, let plan, let entity, let end):
            of(
                entity,
                [
                    "fact": .string("reminded"), "of": .string("trial"),
                    "subscription": .number(subscription),
                    "plan": .string(names.text(plan.plan)), "end": Self.instant(end),
                ])
        case .methodExpiring(let card, let expiry):
            [
                "fact": .string("reminded"), "of": .string("card"),
                "brand": .string(card.brand), "last4": .string(card.last4),
                "end": Self.instant(expiry.end),
            ]
        }
    }

    /// Facts about entities, limits and holds.
    private func extra(_ fact: Fact) -> JSONObject {
        switch fact {
        case .detailSet(let detail):
            [
                "fact": .string("detail_set"), "bucket": .number(detail.bucket),
                "name": .string(detail.name), "adjustment": Self.quantity(detail.adjustment),
                "parent": .number(detail.parent),
            ]
        case .entityCreated(let entity):
            [
                "fact": .string("entity_created"), "entity": .number(entity.number),
                "id": .string(entity.id.text), "feature": .string(names.text(entity.feature)),
                "name": .string(entity.name),
            ]
        case .entityClaimed(let number, let id):
            [
                "fact": .string("entity_claimed"), "entity": .number(number),
                "id": .string(id.text),
            ]
        case .entityChanged(let number, let name):
            [
                "fact": .string("entity_changed"), "entity": .number(number),
                "name": .string(name),
            ]
        case .entityDeleted(let number):
            ["fact": .string("entity_deleted"), "entity": .number(number)]
        case .controlsSet(let owned):
            ["fact": .string("controls_set"), "owner": .string("\(owned.owner)")]
        case .poolingSet(let isDisabled):
            ["fact": .string("pooling_set"), "disabled": .bool(isDisabled)]
        case .windowCounted(let window):
            of(
                window.key.entity,
                [
                    "fact": .string("window_counted"),
                    "feature": .string(names.text(window.key.feature)),
                    "start": Self.instant(window.start), "end": Self.instant(window.end),
                    "used": Self.quantity(window.used),
                ])
        case .holdOpened(let hold):
            of(
                hold.entity,
                [
                    "fact": .string("hold_opened"), "hold": .string(hold.id),
                    "feature": .string(names.text(hold.feature)),
                    "value": Self.quantity(hold.value), "expires": Self.instant(hold.expires),
                ])
        case .holdExtended(let id, let expires):
            [
                "fact": .string("hold_extended"), "hold": .string(id),
                "expires": Self.instant(expires),
            ]
        case .clockMoved(let clock):
            [
                "fact": .string("clock_moved"), "offset_ms": .number(clock.offset),
                "held": Self.instant(clock.held),
            ]
        case .holdClosed(let id): ["fact": .string("hold_closed"), "hold": .string(id)]
        case .notified(let notice):
            of(
                notice.entity,
                [
                    "fact": .string("notified"),
                    "feature": .string(names.text(notice.feature)),
                    "event": .string(Self.text(notice.event)),
                ])
        case .topUpSet(let record): toppedUp(record)
        default: preconditionFailure("said by the caller")
        }
    }

    private func toppedUp(_ record: TopUpRecord) -> JSONObject {
        [
            "fact": .string("top_up_set"), "feature": .string(names.text(record.feature)),
            "failures": .number(record.failures), "purchases": .number(record.purchases),
        ]
    }

    private static func text(_ event: Notice.Event) -> String {
        switch event {
        case .alert(let alert): "usage alert \(alert.name)"
        case .limitReached(let kind): "limit reached: \(kind)"
        case .toppedUp: "topped up"
        case .topUpFailed(_, let code, let isSuspended):
            "top-up failed: \(code)\(isSuspended ? ", suspended" : "")"
        }
    }

    /// Of the customer itself nothing is said.
    private func of(_ entity: UInt32, _ fact: JSONObject) -> JSONObject {
        var object = fact
        if entity != 0 { object.append("entity", .number(entity)) }
        return object
    }

    private func noted(_ metadata: [MetadataEntry]) -> JSONObject {
        var object: JSONObject = ["fact": .string("metadata_changed")]
        for entry in metadata { object.append("metadata." + entry.key, .string(entry.value)) }
        return object
    }

    private func used(_ label: EventLabel?, _ fact: JSONObject) -> JSONObject {
        var object = fact
        if let time = label?.time { object.append("event_time", Self.instant(time)) }
        for property in label?.properties ?? [] {
            object.append("properties." + property.key, Self.value(property.value))
        }
        return object
    }

    private static func value(_ value: PropertyValue) -> JSONValue {
        switch value {
        case .text(let text): .string(text)
        case .number(let bits): .number("\(Double(bitPattern: bits))")
        case .boolean(let flag): .bool(flag)
        }
    }

    private func grant(_ bucket: Bucket, _ fact: String) -> JSONObject {
        var object: JSONObject = [
            "fact": .string(fact), "bucket": .number(bucket.number),
            "feature": .string(names.text(bucket.feature)),
            "subscription": .number(bucket.subscription),
        ]
        if bucket.flags.contains(.boolean) { return object }
        if bucket.flags.contains(.unlimited) {
            object.append("unlimited", .bool(true))
        } else {
            object.append("granted", Self.quantity(bucket.granted))
            object.append("balance", Self.quantity(bucket.balance))
        }
        object.append("next_reset", Self.instant(bucket.nextReset))
        object.append("expires", Self.instant(bucket.expires))
        return object
    }

    private func changed(_ subscription: Subscription) -> JSONObject {
        let object: JSONObject = [
            "fact": .string("subscription_changed"), "subscription": .number(subscription.number),
            "plan": .string(names.text(subscription.plan.plan)),
            "revision": .number(subscription.plan.revision),
            "status": .string("\(subscription.shownStatus)"),
            "period_end": Self.instant(subscription.periodEnd),
            "end": Self.instant(subscription.end),
        ]
        return object.with(subscription.discounts)
    }

    fileprivate static func coupons(_ discounts: [HeldDiscount]) -> JSONValue {
        .string(discounts.map(\.couponID).joined(separator: ","))
    }

    private func order(_ order: Order, after head: JSONObject) -> JSONObject {
        var object = head
        object.append("purpose", .string("\(order.purpose)"))
        if order.plan != .none { object.append("plan", .string(names.text(order.plan.plan))) }
        if !order.parts.isEmpty {
            object.append("plans", .array(order.parts.map { .string(names.text($0.plan.plan)) }))
        }
        if !order.removed.isEmpty {
            object.append("ends", .array(order.removed.map { .number($0) }))
        }
        object.append("total", .string(order.total.text))
        return object
    }

    private static func text(_ outcome: EffectOutcome) -> String {
        switch outcome {
        case .done: "done"
        case .declined(let code): "declined: \(code)"
        }
    }

    private static func quantity(_ quantity: Quantity) -> JSONValue {
        .number(DecimalText.text(quantity.raw, digits: 10))
    }

    static func instant(_ time: Timestamp) -> JSONValue {
        .string(time == .never ? "never" : Self.time(time))
    }

    /// RFC 3339 with milliseconds.
    static func time(_ time: Timestamp) -> String {
        let date = CivilDate(time)
        let seconds = date.timeOfDay / 1000
        let day = [padded(date.year, 4), padded(date.month, 2), padded(date.day, 2)]
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        return day.joined(separator: "-") + "T" + clock.joined(separator: ":") + "."
            + padded(date.timeOfDay % 1000, 3) + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

extension JSONObject {
    /// Most have none, and nothing is said of them.
    fileprivate func with(_ discounts: [HeldDiscount]) -> JSONObject {
        guard !discounts.isEmpty else { return self }
        var object = self
        object.append("coupons", FactText.coupons(discounts))
        return object
    }
}
