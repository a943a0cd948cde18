internal import Billing
internal import Repository
internal import Wire

/// Reads the whole log at the end, record by record, and adds up what may happen only once.
struct Audit {
    /// Their records tell of a request twice: when it came, and when it was paid.
    private static let purchases = [Method.attach, .updateSubscription].map(\.rawValue)

    private let world: World
    private var requested: Set<String> = []
    private var settled: Set<String> = []
    private var refunds: Set<String> = []
    private var requests: [String: Int64] = [:]
    private var accounts: [CustomerID: MoneyAccount] = [:]
    private var kinds: Set<String> = []

    init(_ world: World) {
        self.world = world
    }

    func run(_ process: Process) throws {
        var audit = self
        for partition in process.partitions {
            var rebuilt = RebuiltCustomers()
            let arena = Arena()
            for payload in partition.history.submitted {
                arena.reset()
                let record = try payload.withUnsafeBytes {
                    try RecordDecoder(arena: arena, seals: partition.keys).record($0)
                }
                try audit.add(record)
                rebuilt.add(record)
            }
            guard rebuilt.dump() == partition.repository.dump() else {
                throw world.fail("the state isn't what the records make")
            }
        }
        world.coverage.add(audit.kinds)
        for (customer, account) in audit.accounts where !account.isBalanced {
            throw world.fail("\(customer.text) has \(account)")
        }
        guard audit.requested.isSuperset(of: world.ledger.answers.keys),
            audit.refunds.isSuperset(of: world.ledger.refunds.keys)
        else {
            throw world.fail("the provider was asked for what was lost")
        }
    }

    private mutating func add(_ record: CustomerRecord) throws {
        if let request = record.request, !Audit.purchases.contains(request.method) {
            let key = "\(record.customer.text) \(request.method) \(request.id.text)"
            if let time = requests[key],
                record.time.milliseconds - time < Machine.requestSpan
            {
                throw world.fail("\(key) is in the log twice")
            }
            requests[key] = record.time.milliseconds
        }
        for fact in record.facts {
            kinds.insert(Mirror(reflecting: fact).children.first?.label ?? "\(fact)")
            try add(fact)
            accounts[record.customer, default: MoneyAccount()].add(fact)
        }
    }

    private mutating func add(_ fact: Fact) throws {
        switch fact {
        case .effectRequested(let effect):
            guard requested.insert(effect.id).inserted else {
                throw world.fail("effect \(effect.id) was requested twice")
            }
        case .effectSettled(let id, _):
            guard requested.contains(id), settled.insert(id).inserted else {
                throw world.fail("effect \(id) was settled twice, or without a request")
            }
        case .refundSet(let refund): refunds.insert(refund.id)
        default: break
        }
    }
}

/// What a customer's cards paid, against its invoices.
private struct MoneyAccount {
    private var orders: [String: (kind: Effect.Kind, due: Int64)] = [:]
    private var cards: Int64 = 0
    private var invoiced: Int64 = 0
    private var balance: Int64 = 0

    /// Refunds that failed: what they were of is the customer's.
    private var kept: Int64 = 0

    /// What goes back to a card leaves the account and the invoice alike.
    var isBalanced: Bool { balance == cards - invoiced + kept }

    mutating func add(_ fact: Fact) {
        switch fact {
        case .effectRequested(let effect):
            orders[effect.id] = (effect.kind, effect.order.due.minorUnits)
        case .effectSettled(let id, .done):
            // What a page sells is paid when it is closed.
            if let order = orders[id], order.kind == .collect { cards += order.due }
        case .checkoutClosed(let session, paid: true, _, .some): cards += orders[session]?.due ?? 0
        case .invoiceRaised(let invoice) where invoice.status == .paid:
            invoiced += invoice.total.minorUnits
        case .creditChanged(let credit): balance = credit.minorUnits
        case .refundSet(let refund) where refund.status == .failed:
            kept += refund.amount.minorUnits
        case .customerDeleted: (cards, invoiced, balance, kept) = (0, 0, 0, 0)
        default: break
        }
    }
}

/// What the records make of the customers, one after the other, without snapshots and the fast ways
/// of a replay.
private struct RebuiltCustomers {
    private var customers: [CustomerID: CustomerState] = [:]
    private var sequence: UInt64 = 0

    mutating func add(_ record: CustomerRecord) {
        sequence += 1
        var customer = customers[record.customer] ?? CustomerState(id: record.customer)
        customer.apply(record.facts)
        if record.key != 0 { customer.key = record.key }
        customer.sequence = sequence
        customers[record.customer] = customer
    }

    /// As `CustomerRepository.dump`.
    func dump() -> [UInt8] {
        let arena = Arena()
        return customers.values.sorted { $0.id < $1.id }.flatMap { customer in
            arena.reset()
            let state = Array(RecordWriter(arena: arena).state(customer))
            return withUnsafeBytes(of: UInt32(state.count).littleEndian) { Array($0) } + state
        }
    }
}
