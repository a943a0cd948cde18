import Testing

@testable import Billing

/// A row that is told step by step, from an empty customer: what is done, and what is to be seen.
struct Story: RuleRow {
    let rule: String
    let steps: [Step]

    init(_ rule: String, _ steps: Step...) {
        self.rule = rule
        self.steps = steps
    }

    init(_ rule: String, after start: [Step], _ steps: Step...) {
        self.rule = rule
        self.steps = start + steps
    }
}

/// One step of a story: a command, or something to be seen.
indirect enum Step: Sendable {
    case attach(String)
    /// With a card on file.
    case buy(String)
    case open(Grant)
    case entity(String, InlineText, controls: Controls = .none)
    case deleteEntity(InlineText)
    case track(
        String, Quantity, of: InlineText = .empty, OverageBehavior = .cap, [EventProperty] = [])
    /// One event that feeds several features.
    case event([String], Quantity)
    case batch([(String, Quantity)], OverageBehavior = .cap)
    case setUsage(String, Quantity, of: InlineText = .empty)
    case deduct(String, Quantity, of: InlineText = .empty, CheckReason)
    case hold(String, Quantity, of: InlineText = .empty, id: String = "h", [EventProperty] = [])
    case holdTrack(String, Quantity, id: String = "h")
    /// nil keeps what was held; 0 gives all back.
    case settle(Quantity?, id: String = "h")
    case update(Pick, UpdateBalance.Amount? = nil, granted: Quantity? = nil)
    case moveReset(Pick, Timestamp)
    case moveExpiry(Pick, Timestamp)
    case delete(Pick, keepsUsage: Bool = false)
    case recalculate(Pick)
    case set(SetControls)
    case advance(to: Timestamp)

    /// The command is refused, and nothing changes.
    case refused(String, Step)
    case check(
        String, Quantity, of: InlineText = .empty, CheckReason, [EventProperty] = [])
    /// What is shown to be left, for the customer or an entity; nil: there is no balance.
    case left(String, Quantity?, of: InlineText = .empty)
    case used(String, Quantity, of: InlineText = .empty)
    case granted(String, Quantity, of: InlineText = .empty)
    /// Balances of the customer's own buckets, in order of opening.
    case balances([Quantity])
    case slices([Quantity], of: InlineText)
    case window(String, Quantity, of: InlineText = .empty)
    case events([Quantity])
    /// Since the story began.
    case notices(Int)
    case reset(String, at: Timestamp, of: InlineText = .empty)
    case holds(Int)
}

/// A loose balance to be opened.
struct Grant: Sendable {
    var featureID: String
    var amount: Quantity?
    var entity = InlineText.empty
    var reset: Cycle?
    var expires: Timestamp?
    var name = ""
    var rollover: Rollover?
    var unlimited = false
    var nextReset: Timestamp?

    init(
        _ featureID: String, _ amount: Quantity?, of entity: InlineText = .empty,
        each interval: Interval? = nil, expires: Timestamp? = nil, name: String = "",
        rollover: Rollover? = nil, unlimited: Bool = false, nextReset: Timestamp? = nil
    ) {
        self.featureID = featureID
        self.amount = amount
        self.entity = entity
        reset = interval.map { Cycle($0) }
        self.expires = expires
        self.name = name
        self.rollover = rollover
        self.unlimited = unlimited
        self.nextReset = nextReset
    }
}

/// Which balances a correction is about.
struct Pick: Sendable {
    var featureID: String?
    var entity: InlineText
    var id: String
    var interval: Interval?

    init(
        _ featureID: String?, of entity: InlineText = .empty, id: String = "",
        _ interval: Interval? = nil
    ) {
        self.featureID = featureID
        self.entity = entity
        self.id = id
        self.interval = interval
    }
}

extension Refusal {
    /// A word for it; of invalid arguments, the path of the first.
    var word: String {
        switch self {
        case .invalid(let violations): "invalid: \(violations[0].path)"
        case .insufficientBalance: "insufficient balance"
        case .entityNotFound: "entity not found"
        case .entityExists: "entity exists"
        case .entityIDRequired: "entity id required"
        case .balanceNotFound: "balance not found"
        case .balanceExists: "balance exists"
        case .balanceIsPaid: "balance is paid"
        case .holdNotFound: "hold not found"
        case .holdExists: "hold exists"
        case .featureLimitReached: "feature limit reached"
        default: "\(self)"
        }
    }
}

extension Story {
    /// Tells it, and checks that its facts alone lead to the same state.
    func run(_ pricing: PricingState, at start: Timestamp = .utc(2027, 1, 10)) throws {
        var desk = Desk(pricing, at: start)
        for (index, step) in steps.enumerated() {
            do {
                try desk.perform(step, "\(rule): step \(index + 1), \(step)")
            } catch {
                Issue.record("\(rule): step \(index + 1), \(step) was refused: \(error)")
                return
            }
        }
        var replayed = CustomerState(id: "customer")
        replayed.apply(desk.facts)
        #expect(StateView(replayed) == StateView(desk.customer), "\(rule): replayed")
    }
}
