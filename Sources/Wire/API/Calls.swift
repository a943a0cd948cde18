package import Billing

/// The API's methods that change something, as the scope of request ids. Stored: never renumbered.
package enum Method: UInt32, Sendable {
    case track = 1
    case check = 2
    case attach = 3
    case getOrCreateCustomer = 4
    case eraseCustomer = 5
    case updateCustomer = 6
    case deleteCustomer = 7
    case updateSubscription = 8
    case settleHold = 20
    case extendHold = 21
    case batchTrack = 22
    case createBalance = 23
    case updateBalance = 24
    case deleteBalance = 25
    case recalculateBalances = 26
    case updateControls = 27
    case createEntity = 28
    case updateEntity = 29
    case deleteEntity = 30
    case trackTokens = 31
    case batchTrackTokens = 32
    case advanceTestClock = 60
    case refundInvoice = 40
    case setupPayment = 50
    case applyDiscount = 65
    case removeDiscount = 66
    case redeemCode = 67
    case migrateCustomer = 80
    case multiAttach = 110
    case createSchedule = 130
    case deleteSchedule = 131
    case finalizeInvoice = 120
    case markInvoicePaid = 121
    case voidInvoice = 122
    case recordExternalInvoices = 160
    case createReferralCode = 100
    case redeemReferralCode = 101
}

extension Method {
    /// Its reply shows the customer or an entity, with name and email, or the address of a page
    /// that does.
    package var namesSomebody: Bool {
        switch self {
        case .getOrCreateCustomer, .updateCustomer, .createBalance, .updateBalance, .deleteBalance,
            .recalculateBalances, .updateControls, .createEntity, .updateEntity, .deleteEntity,
            .applyDiscount, .removeDiscount, .redeemCode, .recordExternalInvoices:
            true
        case .track, .check, .attach, .updateSubscription, .eraseCustomer, .deleteCustomer,
            .settleHold, .extendHold, .batchTrack, .trackTokens, .batchTrackTokens,
            .advanceTestClock, .refundInvoice, .setupPayment, .migrateCustomer, .multiAttach,
            .createSchedule, .deleteSchedule, .finalizeInvoice, .markInvoicePaid, .voidInvoice,
            .createReferralCode, .redeemReferralCode:
            false
        }
    }
}

/// Why a request could not be made sense of.
package enum CallFault: Error, Sendable {
    /// Not a message of the method's type.
    case malformed
    /// Unpacking it would take more memory than one call may use.
    case tooLarge
    case invalid([Violation])
    case refused(Refusal)
}

/// A check, ready to be answered.
package struct CheckCall: Sendable {
    package enum Subject: Sendable {
        case feature(CheckQuery)
        case plan(PlanNumber)
    }

    package var customer: CustomerID
    package var subject: Subject
    package var deduct: Bool
    package var request: RequestMark?
}

/// A check that is to be explained.
package struct ExplainCall: Sendable {
    package var customer: CustomerID
    package var query: CheckQuery
}

/// Several checks of one customer.
package struct BatchCheckCall: Sendable {
    package var customer: CustomerID
    package var subjects: [CheckCall.Subject]
}

/// A command that changes a customer at once, ready to be executed.
package struct ChangeCall: Sendable {
    package var customer: CustomerID
    package var command: Command
    package var request: RequestMark?
}

/// A move of a customer to a version of a plan.
package struct MigrateCall: Sendable {
    package var customer: CustomerID
    package var migrate: MigrateCustomer
    /// It is only said what would be done.
    package var isDryRun: Bool
}

/// An entity, to be shown.
package struct EntityCall: Sendable {
    package var customer: CustomerID
    package var entity: InlineText
}

/// A page of a customer's entities.
package struct EntityListCall: Sendable {
    package var customer: CustomerID
    /// The last one of the page before; empty: the first page.
    package var after: InlineText
    package var size: Int
}

/// A track, ready to be executed.
package struct TrackCall: Sendable {
    package var customer: CustomerID
    package var usage: TrackUsage
    package var request: RequestMark?
}

/// A discount or a code, ready to be executed.
package struct RewardCall: Sendable {
    package enum Deed: Sendable {
        case apply(ApplyDiscount)
        case remove(RemoveDiscount)
        case redeem(RedeemCode)
    }

    package var customer: CustomerID
    package var deed: Deed
    package var request: RequestMark?

    /// The code that it names.
    package var code: String? {
        switch deed {
        case .apply(let apply): apply.discount.code
        case .remove: nil
        case .redeem(let redeem): redeem.code
        }
    }

    /// - Parameter reserved: redemptions by code.
    package func command(redeeming reserved: [String: String]) -> Command {
        switch deed {
        case .apply(var apply):
            apply.discount = [apply.discount].redeeming(reserved)[0]
            return .applyDiscount(apply)
        case .remove(let remove): return .removeDiscount(remove)
        case .redeem(var redeem):
            redeem.redemption = reserved[redeem.code] ?? ""
            return .redeemCode(redeem)
        }
    }
}

extension [AskedDiscount] {
    fileprivate func redeeming(_ reserved: [String: String]) -> [AskedDiscount] {
        map { asked in
            var asked = asked
            asked.redemption = asked.code.flatMap { reserved[$0] } ?? ""
            return asked
        }
    }
}

extension PurchaseCall.Deed {
    /// With what the directory says of the plans' trials.
    package mutating func claim(_ claim: (PlanNumber) -> TrialClaim?) {
        switch self {
        case .attach(var attach):
            attach.trialClaim = claim(attach.plan)
            self = .attach(attach)
        case .several(var several):
            for index in several.plans.indices {
                several.plans[index].trialClaim = claim(several.plans[index].plan)
            }
            self = .several(several)
        case .schedule(var schedule):
            guard !schedule.phases.isEmpty else { return }
            for index in schedule.phases[0].plans.indices {
                let plan = schedule.phases[0].plans[index].plan
                schedule.phases[0].plans[index].trialClaim = claim(plan)
            }
            self = .schedule(schedule)
        case .change, .setup: break
        }
    }
}

/// A purchase or a change of one, ready to be executed or previewed.
package struct PurchaseCall: Sendable {
    package enum Deed: Sendable {
        case attach(AttachPlan)
        case change(ChangeSubscription)
        case setup(SetupPayment)
        case several(AttachSeveral)
        /// Without phases: what is planned is given up.
        case schedule(CreateSchedule)
    }

    package var customer: CustomerID
    package var deed: Deed

    package init(customer: CustomerID, deed: Deed) {
        self.customer = customer
        self.deed = deed
    }

    package var request: RequestMark? {
        switch deed {
        case .attach(let attach): attach.request
        case .change(let change): change.request
        case .setup(let setup): setup.request
        case .several(let several): several.request
        case .schedule(let schedule): schedule.request
        }
    }

    /// Promotion codes that it names.
    package var codes: [String] { discounts.compactMap(\.code) }

    private var discounts: [AskedDiscount] {
        switch deed {
        case .attach(let attach): attach.discounts
        case .change(let change): change.discounts
        case .setup: []
        case .several(let several): several.discounts
        case .schedule(let schedule): schedule.discounts
        }
    }

    /// - Parameter reserved: redemptions by code.
    package func redeeming(_ reserved: [String: String]) -> PurchaseCall {
        var call = self
        switch deed {
        case .attach(var attach):
            attach.discounts = discounts.redeeming(reserved)
            call.deed = .attach(attach)
        case .change(var change):
            change.discounts = discounts.redeeming(reserved)
            call.deed = .change(change)
        case .setup: break
        case .several(var several):
            several.discounts = discounts.redeeming(reserved)
            call.deed = .several(several)
        case .schedule(var schedule):
            schedule.discounts = discounts.redeeming(reserved)
            call.deed = .schedule(schedule)
        }
        return call
    }

    /// - Parameter effectID: of the effect, should there be one.
    package func command(effectID: String) -> Command {
        switch deed {
        case .attach(var attach):
            attach.effectID = effectID
            return .attach(attach)
        case .change(var change):
            change.effectID = effectID
            return .changeSubscription(change)
        case .setup(var setup):
            setup.effectID = effectID
            return .setupPayment(setup)
        case .several(var several):
            several.effectID = effectID
            return .attachSeveral(several)
        case .schedule(var schedule):
            schedule.effectID = effectID
            return .createSchedule(schedule)
        }
    }
}

/// A get-or-create, ready to be executed.
package struct CreateCall: Sendable {
    package var customer: CustomerID
    package var create: CreateCustomer
    package var request: RequestMark?
    /// As given; empty: none.
    package var fingerprint = ""
}

/// An update, ready to be executed.
package struct UpdateCall: Sendable {
    package var customer: CustomerID
    package var update: UpdateCustomer
    package var request: RequestMark?
    /// As given; empty: it goes; nil: it stays.
    package var fingerprint: String?
}

/// An erasure or a deletion, ready to be executed.
package struct EraseCall: Sendable {
    package var customer: CustomerID
    package var request: RequestMark?
}

/// A publication, not yet validated against the catalog.
package struct PublishCall: Sendable {
    package var draft: PricingDraft
    package var validateOnly: Bool
    package var requestID: String
    /// Of the catalog that the draft was made for; nil: whichever there is.
    package var expectedSequence: UInt64?

    package init(
        draft: PricingDraft, validateOnly: Bool, requestID: String,
        expectedSequence: UInt64? = nil
    ) {
        self.draft = draft
        self.validateOnly = validateOnly
        self.requestID = requestID
        self.expectedSequence = expectedSequence
    }
}

/// A keyed hash of a command's canonical form: the same command through any face gives the same.
struct Fingerprint {
    private(set) var value: UInt64

    init(key: UInt64, method: Method) {
        self.init(key: key, scope: UInt64(method.rawValue))
    }

    /// - Parameter scope: of a method, its number; of anything else, a number beyond them.
    init(key: UInt64, scope: UInt64) {
        value = InlineText.fold(key ^ scope, 0x9E37_79B9_7F4A_7C15)
    }

    mutating func add(_ number: UInt64) {
        value = InlineText.fold(value ^ number, 0xD6E8_FEB8_6659_FD93)
    }

    mutating func add(_ quantity: Quantity) {
        add(UInt64(truncatingIfNeeded: quantity.raw))
        add(UInt64(truncatingIfNeeded: quantity.raw >> 64))
    }

    mutating func add(_ time: Timestamp?) { add(UInt64(bitPattern: time?.milliseconds ?? 0)) }

    /// nil differs from everything else.
    mutating func add(_ quantity: Quantity?) {
        add(quantity == nil ? 0 : 1)
        if let quantity { add(quantity) }
    }

    mutating func add(_ id: InlineText) {
        for index in 0..<8 { add(id.words[index]) }
    }

    mutating func add(_ cycle: Cycle?) {
        add(UInt64(cycle?.interval.rawValue ?? 0) << 16 | UInt64(cycle?.count ?? 0))
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(UInt64(bytes.count))
        for byte in bytes { add(UInt64(byte)) }
    }

    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }
}
