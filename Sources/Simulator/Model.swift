internal import Repository

/// A naive account of what customers have, written apart from the product: one number for each
/// feature of the plan that every customer starts with, and a list of what happened.
///
/// Amounts are in thousandths, times in milliseconds. What falls due is worked out when somebody
/// looks. Later plans' features aren't counted here: for them there is the state's digest, the
/// provider's ledger and the audit of the log.
package struct Model {
    package enum Feature: String, CaseIterable, Sendable {
        /// 1,000 for ever.
        case words
        /// 100 a day.
        case messages
        /// 5 that are held and given back; more may be held than there are.
        case seats

        var granted: Int {
            switch self {
            case .words: 1_000_000
            case .messages: 100_000
            case .seats: 5_000
            }
        }
    }

    struct Customer {
        var created: Int64
        var balances: [Feature: Int]
        var nextDay: Int64
        var hasPaidPlan = false
        /// It cancelled a plan, or may have.
        var hasCanceled = false
        /// Name and email are known; something personal is.
        var hasName = true
        var hasMetadata = false
        var isPersonal = true
        /// Names, by id.
        var entities: [String: String] = [:]
        /// Moments at which they are released, by id.
        var holds: [String: Int64] = [:]
        /// Of holds, open or not, that take slots.
        var slots: [String: Int] = [:]

        var keepsPlan: Bool { hasPaidPlan && !hasCanceled }

        func openHolds(at time: Int64) -> [String: Int64] { holds.filter { $0.value > time } }

        func openSlots(at time: Int64) -> Int {
            openHolds(at: time).keys.reduce(0) { $0 + (slots[$1] ?? 0) }
        }
    }

    enum Event {
        case created(String, time: Int64)
        case drew(String, Feature, Int, time: Int64)
        case bought(String)
        case canceled(String)
        case named(String)
        case updated(String)
        case said(String)
        case erased(String, at: UInt64)
        case deleted(String, at: UInt64)
        /// Without a name it is gone.
        case entity(String, id: String, name: String?)
        case slots(String, hold: String, Int)
        /// Without an end it is closed.
        case hold(String, id: String, expires: Int64?)
    }

    private static let day: Int64 = 86_400_000

    private(set) var customers: [String: Customer] = [:]
    /// The record that erased whoever had this id last.
    private(set) var erased: [String: UInt64] = [:]
    private var events: [(point: CommitPoint, event: Event)] = []

    mutating func add(_ event: Event, at point: CommitPoint) {
        events.append((point, event))
        apply(event)
    }

    /// Forgets what came after a record, of each partition.
    mutating func rollBack(to last: [UInt64]) {
        events.removeAll { $0.point.sequence > last[$0.point.partition] }
        (customers, erased) = ([:], [:])
        for (_, event) in events { apply(event) }
    }

    private mutating func apply(_ event: Event) {
        switch event {
        case .created(let id, let time):
            let all = Feature.allCases.map { ($0, $0.granted) }
            customers[id] = Customer(
                created: time, balances: Dictionary(uniqueKeysWithValues: all),
                nextDay: time + Model.day)
        case .drew(let id, let feature, let amount, let time):
            customers[id]?.look(time)
            customers[id]?.balances[feature, default: 0] -= amount
        case .bought(let id): customers[id]?.hasPaidPlan = true
        case .canceled(let id): customers[id]?.hasCanceled = true
        case .named(let id):
            customers[id]?.hasName = true
            customers[id]?.isPersonal = true
        case .updated(let id):
            customers[id]?.hasName = true
            customers[id]?.hasMetadata = true
            customers[id]?.isPersonal = true
        case .said(let id): customers[id]?.isPersonal = true
        case .erased(let id, let sequence):
            customers[id]?.hasName = false
            customers[id]?.hasMetadata = false
            customers[id]?.isPersonal = false
            erased[id] = sequence
            if let entities = customers[id]?.entities {
                customers[id]?.entities = entities.mapValues { _ in "" }
            }
        case .deleted(let id, let sequence):
            customers[id] = nil
            erased[id] = sequence
        case .entity(let customer, let id, let name): customers[customer]?.entities[id] = name
        case .slots(let customer, let hold, let count): customers[customer]?.slots[hold] = count
        case .hold(let customer, let id, let expires):
            customers[customer]?.holds[id] = expires
            if expires == nil { customers[customer]?.slots[id] = nil }
        }
    }

    /// Nil: there is no such customer.
    func balance(of feature: Feature, _ id: String, at time: Int64) -> Int? {
        guard var customer = customers[id] else { return nil }
        customer.look(time)
        return customer.balances[feature]
    }

    /// How much a use takes of the balance; nil: it is refused. What no balance covers is dropped,
    /// unless it must be refused; seats go below zero instead.
    func draw(_ value: Int, of feature: Feature, from balance: Int, refuses: Bool) -> Int? {
        if value < 0 { return max(value, min(0, balance - feature.granted)) }
        if value <= max(balance, 0) { return value }
        if refuses { return nil }
        return feature == .seats ? value : max(balance, 0)
    }
}

extension Model.Customer {
    /// The first look at a new day finds the day's grant whole.
    fileprivate mutating func look(_ time: Int64) {
        guard time >= nextDay else { return }
        while nextDay <= time { nextDay += 86_400_000 }
        balances[.messages] = Model.Feature.messages.granted
    }
}
