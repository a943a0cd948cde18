package import Billing
package import Repository
internal import Wire

/// Turns the records of one partition's log into what is to be told.
package struct NotificationReader {
    /// A notification of a record, which is the `index`th of that record.
    package struct Told {
        package var index: Int
        package var notification: Notification
        package var body: [UInt8]
    }

    /// Records of a customer that are looked through at most for how a subscription stood.
    private static let hopLimit = 50_000

    private let environment: TallyEnvironment
    private let customers: CustomerRepository
    private let arena = Arena(cap: 16 << 20)

    package init(_ environment: TallyEnvironment, partition: Int) {
        self.environment = environment
        customers = environment.partitions[partition].customers
    }

    /// - Returns: the customer, and what is told of it; nil: nothing.
    package func read(
        _ bytes: UnsafeRawBufferPointer, kinds: Set<Notification.Kind>
    ) throws -> (customer: CustomerID, told: [Told])? {
        guard NotificationScan.concerns(bytes) else { return nil }
        arena.reset()
        let record = try decoder.record(bytes)
        let pricing = pricing(for: record)
        let wanted = PlanChanges(record.facts, at: record.time, pricing: pricing).wanted
        let before = try subscriptions(wanted, from: record.previousPosition, of: record.customer)
        let all = Notification.all(
            in: record.facts, at: record.time, before: before, pricing: pricing)
        let chosen = all.enumerated().filter { kinds.contains($0.element.kind) }
        guard !chosen.isEmpty else { return nil }
        let body = NotificationBody(
            customer: record.customer, environment: environment.name, time: record.time,
            pricing: pricing, entities: entities(of: record.customer, in: all),
            subscriptions: plans(of: record.customer, in: all))
        return (
            record.customer,
            chosen.map {
                Told(index: $0.offset, notification: $0.element, body: body.bytes($0.element))
            }
        )
    }

    /// With plans of the customer's own, where there are some.
    private func pricing(for record: CustomerRecord) -> PricingState {
        let names = environment.directory.current
        let isOwn = record.facts.contains { $0.subscription?.plan.isCustom ?? false }
        guard isOwn else { return names.pricing }
        let answer = try? customers.read(record.customer, names: names, in: Workspace()) {
            $1.pricing.with(plansOf: $0)
        }.answer
        return answer ?? names.pricing
    }

    /// Nothing that is told is personal.
    private var decoder: RecordDecoder { RecordDecoder(arena: arena, seals: ClosedSeals()) }

    /// How subscriptions stood before a record, from the customer's earlier ones; as far as they
    /// are still there.
    private func subscriptions(
        _ numbers: [UInt32], from position: UInt64, of customer: CustomerID
    ) throws -> [Subscription] {
        var found: [Subscription] = []
        var position = position
        var hops = 0
        while position != 0, found.count < numbers.count, hops < Self.hopLimit {
            guard let bytes = try record(at: position) else { break }
            hops += 1
            try bytes.withUnsafeBytes { bytes in
                position = NotificationScan.previous(bytes)
                guard NotificationScan.changesPlans(bytes) else { return }
                let facts = try decoder.record(bytes).facts
                for number in numbers where !found.contains(where: { $0.number == number }) {
                    found +=
                        facts.reversed().lazy.compactMap(\.subscription)
                        .first { $0.number == number }.map { [$0] } ?? []
                }
            }
        }
        return found
    }

    /// nil: it is no longer there.
    private func record(at position: UInt64) throws -> [UInt8]? {
        do throws(LogFault) {
            return try customers.log.read(at: LogPosition(rawValue: position))
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    /// The customer's plans as they are by now; none, if nobody is told of a plan.
    private func plans(of customer: CustomerID, in told: [Notification]) -> [Subscription] {
        guard told.contains(where: { $0.kind == .productsUpdated }) else { return [] }
        let answer = try? customers.read(
            customer, names: environment.directory.current, in: Workspace()
        ) { state, _ in state.subscriptions }.answer
        return answer ?? []
    }

    /// Ids of the entities that are told of, by number.
    private func entities(of customer: CustomerID, in told: [Notification]) -> [UInt32: String] {
        let numbers = told.flatMap(\.entities).filter { $0 != 0 }
        guard !numbers.isEmpty else { return [:] }
        let answer = try? customers.read(
            customer, names: environment.directory.current, in: Workspace()
        ) { state, _ in
            numbers.map { number in
                (number, state.buckets.extras.entities.entity(number)?.id.text ?? "")
            }
        }.answer
        return Dictionary(answer ?? []) { first, _ in first }.filter { !$0.value.isEmpty }
    }
}

extension Fact {
    fileprivate var subscription: Subscription? {
        if case .subscriptionChanged(let subscription) = self { subscription } else { nil }
    }
}

extension Notification {
    /// The numbers of the entities that it is about; 0 is the customer.
    fileprivate var entities: [UInt32] {
        switch self {
        case .limitReached(_, _, let entity), .usageAlert(_, _, let entity),
            .ahead(.trialEnding(_, _, let entity, _)):
            [entity]
        case .productsUpdated(_, let subscription): [subscription.entity]
        case .billingUpdated(let changes, _): changes.map(\.subscription.entity)
        case .invoicePaid, .invoiceCreated, .invoiceVoided, .invoiceOverdue, .paymentFailed,
            .ahead(.methodExpiring), .topUpSucceeded, .topUpFailed:
            []
        }
    }
}
