internal import Billing
internal import Events
package import Repository
package import Wire

/// What a plan would have earned. Takes as long as reading usage does: not for event loops.
extension CatalogService {
    /// Events of one customer that a simulation takes.
    private static let eventLimit = 100_000

    /// A page of customers on a plan.
    ///
    /// - Parameter checkpoint: called now and then; what it throws ends the simulation.
    package func simulate(
        _ call: SimulateCall, checkpoint: () throws -> Void
    ) throws(ExecuteFault) -> [UInt8] {
        do {
            let trial = try Trial(call, on: environment.directory.current.pricing)
            let (customers, next) = try subjects(of: call, checkpoint)
            try refuseFuture(call.times.upperBound, customers)
            let arena = Arena(cap: .max)
            var page = SimulationPage(
                ReplyWriter(arena: arena, names: PricingNames(trial.pricing)))
            for (index, customer) in customers.enumerated() {
                page.add(try simulated(customer, trial, call, checkpoint))
                guard page.isFull, index + 1 < customers.count else { continue }
                let last = CustomerCursor(
                    created: customer.account.created.milliseconds, id: customer.id)
                return page.response(next: last.token(mark: call.list.mark))
            }
            return page.response(next: next?.token(mark: call.list.mark))
        } catch let fault as EventFault {
            throw .damaged("\(fault)")
        } catch {
            throw ExecuteFault(ofReading: error)
        }
    }

    /// The latest that any of them has come to.
    private func refuseFuture(_ end: Timestamp, _ customers: [CustomerState]) throws(Refusal) {
        let now = environment.customerTime
        let latest = customers.map { $0.buckets.clock.time(at: now) }.reduce(now, max)
        guard end <= latest else {
            throw .invalid([Violation(path: "end_time", message: "must not be in the future")])
        }
    }

    private func subjects(
        of call: SimulateCall, _ checkpoint: () throws -> Void
    ) throws -> (customers: [CustomerState], next: CustomerCursor?) {
        guard let id = call.customer else {
            var customers: [CustomerState] = []
            let next = try environment.list(call.list, checkpoint: checkpoint) { customer, _ in
                customers.append(copy customer)
                return true
            }
            return (customers, next)
        }
        let repository = environment.customers(of: id)
        let (customer, point) = try repository.read(
            id, names: environment.directory.current, in: Workspace()
        ) { customer, _ in copy customer }
        try repository.log.waitUntilDurable(point.sequence)
        return ([customer], nil)
    }

    private func simulated(
        _ customer: CustomerState, _ trial: Trial, _ call: SimulateCall,
        _ checkpoint: () throws -> Void
    ) throws -> SimulatedCustomer {
        let start = max(call.times.lowerBound, customer.account.created)
        let actual = try environment.invoices(
            of: customer, in: call.times, checkpoint: checkpoint)
        var result = SimulatedCustomer(
            id: customer.id, start: start, outcome: .failure(.init(.tooYoung)),
            actual: actual.invoices, isActualWhole: actual.isWhole)
        guard start < call.times.upperBound else { return result }
        let times = start..<call.times.upperBound
        let events = try environment.events.ask { parts -> [Use]? in
            try self.events(of: customer.id, in: times, parts, checkpoint)
        }
        guard let events else {
            result.outcome = .failure(.init(.tooManyEvents))
            return result
        }
        do {
            result.outcome = .success(
                try trial.run(customer, events: events, in: times, checkpoint))
        } catch let fault as SimulatedCustomer.SkipFault {
            result.outcome = .failure(fault)
        }
        return result
    }

    /// In order of commit, when each counted; nil: there are too many. Late usage counted when it
    /// was committed; where a test clock was ahead, an event's own time is the customer's.
    private func events(
        of customer: CustomerID, in times: Range<Timestamp>, _ parts: [EventPart],
        _ checkpoint: () throws -> Void
    ) throws -> [Use]? {
        var found: [Use] = []
        let filter = EventFilter(
            customer: customer, times: .min..<times.upperBound.milliseconds)
        try filter.forEach(over: parts, checkpoint: checkpoint) { event in
            let time = max(event.time, event.commitTime)
            if times.contains(time) { found.append((time, event)) }
            return found.count <= Self.eventLimit
        }
        guard found.count <= Self.eventLimit else { return nil }
        return found.sorted {
            ($0.event.cursor.sequence, $0.event.cursor.index)
                < ($1.event.cursor.sequence, $1.event.cursor.index)
        }
    }
}

/// An event, and when it counted.
private typealias Use = (time: Timestamp, event: UsageEvent)

/// A plan that is tried, in the catalog that it would be in.
private struct Trial {
    let pricing: PricingState
    let plan: PlanNumber
    let quantities: [AskedUnits]

    init(_ call: SimulateCall, on published: PricingState) throws {
        var pricing = published
        if let draft = call.draft {
            let faults = draft.validate(onto: published).map {
                Violation(path: "catalog." + $0.path, message: $0.message)
            }
            guard call.found.isEmpty, faults.isEmpty else {
                throw Refusal.invalid(call.found + faults)
            }
            pricing = published.publishing(draft)
        }
        guard let plan = pricing.plan(id: call.planID) else {
            throw Refusal.planNotFound(call.planID)
        }
        self.pricing = pricing
        self.plan = plan
        let packs = pricing.plan(pricing.latest(plan)).items.filter { $0.packPrice != nil }
        quantities = try call.quantities.enumerated().map { index, asked in
            guard let feature = pricing.feature(id: asked.featureID) else {
                throw Refusal.featureNotFound(asked.featureID)
            }
            guard packs.contains(where: { $0.featureID == asked.featureID }) else {
                throw Refusal.invalid([
                    Violation(
                        path: "quantities[\(index)].feature_id",
                        message: "isn't sold in packs by the plan")
                ])
            }
            return AskedUnits(feature: feature, total: asked.total)
        }
    }

    /// Replays a customer. What is thrown but `SkipFault` ends the question.
    func run(
        _ customer: CustomerState, events: [Use],
        in times: Range<Timestamp>, _ checkpoint: () throws -> Void
    ) throws -> PlanSimulation {
        var simulation = try PlanSimulation(
            of: customer.id, on: plan, quantities: quantities, pricing: pricing,
            at: times.lowerBound)
        var entities = customer.buckets.extras.entities.all.sorted { $0.created < $1.created }[...]
        func addEntities(until time: Timestamp) throws {
            while let entity = entities.first, entity.created <= time {
                try advance(&simulation, to: entity.created, checkpoint)
                simulation.add(entity)
                entities.removeFirst()
            }
        }
        for (time, event) in events {
            try checkpoint()
            try addEntities(until: time)
            try advance(&simulation, to: time, checkpoint)
            simulation.use(
                event.feature, event.value, by: event.entity,
                event.properties.filter {
                    $0.key != EventLabel.entityKey && $0.key != EventLabel.shadowKey
                })
        }
        let end = times.upperBound.adding(milliseconds: -1)
        try addEntities(until: end)
        try advance(&simulation, to: end, checkpoint)
        return simulation
    }

    private func advance(
        _ simulation: inout PlanSimulation, to time: Timestamp, _ checkpoint: () throws -> Void
    ) throws {
        try simulation.advance(to: time, checkpoint: checkpoint)
        guard simulation.invoices.count <= PlanSimulation.invoiceLimit else {
            throw SimulatedCustomer.SkipFault(.tooManyInvoices)
        }
    }
}

extension UsageEvent {
    /// Empty: the customer as a whole.
    fileprivate var entity: InlineText {
        for property in properties where property.key == EventLabel.entityKey {
            if case .text(let id) = property.value { return InlineText(id) ?? .empty }
        }
        return .empty
    }
}
