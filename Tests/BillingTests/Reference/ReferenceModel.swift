@testable import Billing

/// The entitlements spec once more, as plainly as it can be said: lists that are walked from end to
/// end, one amount after the other, no thought for speed. It shares with the core the values of
/// commands and catalogs and nothing else, so that a slip in one of the two shows.
struct ReferenceModel {
    /// Ten-billionths of a unit.
    typealias Amount = Int128

    static let unit: Amount = 10_000_000_000

    /// One bucket, of the customer or of one of its entities.
    struct Balance {
        var number: UInt32
        var feature: UInt32
        /// 0: the customer's own.
        var entity: UInt32 = 0
        /// 0: granted outside plans.
        var subscription: UInt32 = 0
        var plan: UInt32?
        var granted: Amount
        var balance: Amount
        var isUnlimited = false
        var isPriced = false
        var most: Amount?
        var isFlag = false
        var isAllocated = false
        var isAddOn = false
        var isSlice = false
        /// Of a rollover: the bucket that it went over from.
        var parent: UInt32 = 0
        var isRollover: Bool { parent != 0 }
        var name = ""
        var adjustment: Amount = 0
        var rollover: Rollover?
        var interval = Interval.oneOff
        var count: UInt16 = 1
        var anchor: Int64
        /// nil: never.
        var nextReset: Int64?
        var expires: Int64?
        var created: Int64

        var usage: Amount { granted - balance }
        var rest: Amount { max(0, balance) }
        var overage: Amount { max(0, -balance) }
    }

    struct Member {
        var number: UInt32
        var id: String
        var feature: UInt32
        var controls: Controls
    }

    struct Contract {
        var number: UInt32
        /// By catalog order, from 1.
        var plan: UInt32
        var anchor: Int64
    }

    struct Counter {
        var key: WindowKey
        var start: Int64
        var end: Int64
        var used: Amount
    }

    /// One change of one bucket, in the order in which they happened.
    struct Receipt {
        var bucket: UInt32
        var entity: UInt32
        var feature: UInt32
        var own: Amount
        var units: Amount
        /// Raw credits for a unit; nil: the feature's own bucket.
        var cost: Amount?
    }

    struct OpenHold {
        var id: String
        var feature: UInt32
        var entity: UInt32
        var expires: Int64
        var receipts: [Receipt]
        var counted: [(key: WindowKey, amount: Amount)]
        var properties: [EventProperty]

        var value: Amount { receipts.reduce(0) { $0 + $1.units } }
    }

    let features: [Feature]
    let plans: [Plan]
    let keepsFreeOverage: Bool
    /// What never resets before what does, longer cycles first.
    let reversesOrder: Bool

    var now: Int64
    /// In order of number.
    var balances: [Balance] = []
    /// In order of id.
    var members: [Member] = []
    /// Those in use.
    var contracts: [Contract] = []
    var controls = Controls.none
    var counters: [Counter] = []
    var holds: [OpenHold] = []
    var notices: [Notice] = []
    var isPoolingDisabled = false
    var isCreated = false
    var lastBalance: UInt32 = 0
    var lastMember: UInt32 = 0
    var lastContract: UInt32 = 0

    init(
        features: [Feature], plans: [Plan], keepsFreeOverage: Bool, reversesOrder: Bool,
        now: Timestamp
    ) {
        self.reversesOrder = reversesOrder
        self.features = features
        self.plans = plans
        self.keepsFreeOverage = keepsFreeOverage
        self.now = now.milliseconds
    }
}

/// Why something is refused: a kind, and the field.
struct ReferenceRefusal: Error, Equatable {
    var kind: String

    init(_ kind: String) {
        self.kind = kind
    }
}

/// What is shown of one feature.
struct ReferenceFigures: Equatable {
    var feature: UInt32
    var granted: Int128 = 0
    var remaining: Int128 = 0
    var usage: Int128 = 0
    var overage: Int128 = 0
    var isUnlimited = false
    var overageAllowed = false
    var maxPurchase: Int128?
    var nextReset: Int64?
}

struct ReferenceTrack: Equatable {
    var value: Int128
    var figures: ReferenceFigures?
    var draws: [Draw]
}

struct ReferenceAnswer: Equatable {
    var reason: CheckReason
    var required: Int128
    var figures: ReferenceFigures?
    var hasFlag = false
    /// Denied, and allowed all the same.
    var isShadow = false
}

enum ReferenceReply: Equatable {
    case none
    case created(Bool)
    case tracks([ReferenceTrack])
    case check(ReferenceAnswer)
    case attached
}

// MARK: Commands

extension ReferenceModel {
    /// A refused command leaves everything as it was.
    mutating func run(_ command: Command) throws(ReferenceRefusal) -> ReferenceReply {
        var draft = self
        let reply = try draft.execute(command)
        self = draft
        return reply
    }

    private mutating func execute(
        _ command: Command
    ) throws(ReferenceRefusal) -> ReferenceReply {
        switch command {
        case .create: return .created(create())
        case .track(let usage): return .tracks(try trackEvent(usage))
        case .trackAll(let parts):
            var replies: [ReferenceTrack] = []
            for part in parts { replies += try trackEvent(part) }
            return .tracks(replies)
        case .trackTokens(let tokens): return .tracks([try trackTokens(tokens)])
        case .trackTokensAll(let parts): return .tracks(try trackTokens(parts))
        case .checkAndDeduct(let query): return .check(try checkAndDeduct(query))
        case .settleHold(let settle): return .tracks([try settleHold(settle)])
        case .extendHold(let extend): try extendHold(extend)
        case .openBalance(let open):
            _ = try openBalance(open)
            return .none
        case .updateBalance(let update): try updateBalance(update)
        case .deleteBalance(let delete): try deleteBalance(delete)
        case .recalculateBalances(let again): try recalculate(again)
        case .createEntity(let create): try createEntity(create)
        case .deleteEntity(let id): try deleteEntity(id)
        case .setControls(let set): try setControls(set)
        case .attach(let attach):
            try self.attach(attach.plan.rawValue)
            return .attached
        case .advance: break
        case .updateEntity, .settle, .completeCheckout, .update, .changeSubscription,
            .erase, .delete, .sealProfile, .moveClock, .refund, .setupPayment, .saveMethod,
            .applyDiscount, .removeDiscount, .redeemCode, .migrate, .attachSeveral, .createSchedule,
            .invoice,
            .noteReferralCode, .redeemReferral, .handOver, .provider, .importCustomer,
            .settleTakeover, .recordInvoices:
            preconditionFailure("the model knows nothing of this")
        }
        return .none
    }

    /// Rounded half to even.
    static func divided(_ a: Amount, by b: Amount) -> Amount {
        let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
        let (twice, whole) = (2 * rest.magnitude, b.magnitude)
        guard twice > whole || (twice == whole && quotient % 2 != 0) else { return quotient }
        return quotient + ((a < 0) == (b < 0) ? 1 : -1)
    }

    static func percent(_ part: Amount, of whole: Amount) -> Amount {
        divided(whole * part, by: 100 * unit)
    }

    func kind(_ feature: UInt32) -> FeatureKind { features[Int(feature) - 1].kind }

    func number(_ featureID: String) -> UInt32 {
        guard let index = features.firstIndex(where: { $0.id == featureID }) else {
            preconditionFailure("no feature \(featureID)")
        }
        return UInt32(index + 1)
    }

    /// The credit systems that a feature draws from, in catalog order.
    func pools(_ feature: UInt32) -> [(feature: UInt32, cost: Amount)] {
        var found: [(feature: UInt32, cost: Amount)] = []
        for (index, system) in features.enumerated() {
            for cost in system.creditCosts where number(cost.featureID) == feature {
                found.append((UInt32(index + 1), cost.credits.raw))
            }
        }
        return found
    }

    /// 0: the customer as a whole.
    func scope(_ entity: InlineText) throws(ReferenceRefusal) -> UInt32 {
        if entity.isEmpty { return 0 }
        guard let member = members.first(where: { $0.id == entity.text }) else {
            throw ReferenceRefusal("entityNotFound")
        }
        return member.number
    }

    /// Everything there is: the customer's own, then entity by entity.
    var allBalances: [Balance] {
        var found = balances.filter { $0.entity == 0 }
        for member in members { found += balances.filter { $0.entity == member.number } }
        return found
    }

    /// What may be drawn from (§1.3).
    func usable(_ scope: UInt32) -> [Balance] {
        allBalances.filter { balance in
            if scope == 0 { return balance.entity == 0 || balance.isSlice }
            if balance.entity == 0 { return !isPoolingDisabled }
            return balance.entity == scope
        }
    }

    mutating func change(_ number: UInt32, _ body: (inout Balance) -> Void) {
        guard let index = balances.firstIndex(where: { $0.number == number }) else {
            preconditionFailure("no bucket \(number)")
        }
        body(&balances[index])
    }

    @discardableResult
    mutating func add(_ balance: Balance) -> UInt32 {
        var balance = balance
        lastBalance += 1
        balance.number = lastBalance
        balances.append(balance)
        return lastBalance
    }

    mutating func remove(_ number: UInt32) {
        balances.removeAll { $0.number == number }
    }
}
