package import Billing
package import Repository
package import Wire

/// Decides whether a customer may.
package struct EntitlementService: Sendable {
    private let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// A plain check reads; with `deduct` it commits when it is allowed.
    package func check(
        _ call: CheckCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let customers = environment.customers(of: call.customer)
        switch call.subject {
        case .feature(let query) where call.deduct:
            return try customers.execute(
                .checkAndDeduct(query), for: call.customer, request: call.request, names: names,
                in: workspace)
        case .feature(let query) where query.wantsPreview:
            return try asked(call.customer, names, workspace) {
                (customer, names, now) throws(Refusal) in
                shown(
                    try customer.check(query, pricing: names.pricing, now: now), names, workspace)
            }
        case .feature(let query):
            return .done(
                try customers.readBuckets(
                    call.customer, names: names, in: workspace
                ) { (buckets, names, now) throws(Refusal) in
                    // In place: an answer is large.
                    var answer = CheckAnswer(to: query)
                    try buckets.check(
                        query, pricing: names.pricing, now: now, answering: &answer)
                    return shown(answer, names, workspace)
                })
        case .plan(let plan):
            let (message, point) = try customers.read(
                call.customer, names: names, in: workspace
            ) { customer, names in
                ReplyWriter(arena: workspace.arena, names: names).of(customer)
                    .check(customer.check(plan: plan, pricing: names.pricing))
            }
            return .done(Outcome(message: message, point: point))
        }
    }

    /// The answer to a plain check as it is, with the customer it is about; nil: what it depends on
    /// isn't durable yet.
    package func answer<Shown>(
        _ query: CheckQuery, of id: CustomerID, names: PricingNames, in workspace: Workspace,
        _ show: (borrowing CheckAnswer, borrowing CustomerState, PricingNames) -> Shown
    ) throws(ExecuteFault) -> Shown? {
        let customers = environment.customers(of: id)
        let time = customers.environmentTime
        let (shown, point) = try customers.read(id, names: names, in: workspace) {
            (customer, names) -> Shown? in
            let now = customer.buckets.clock.time(at: time)
            guard let answer = try? customer.check(query, pricing: names.pricing, now: now) else {
                return nil
            }
            return show(answer, customer, names)
        }
        guard customers.log.durableSequence >= point.sequence else { return nil }
        return shown
    }

    /// How the answer to a check comes about.
    package func explain(
        _ call: ExplainCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try asked(call.customer, names, workspace) { (customer, names, now) throws(Refusal) in
            ReplyWriter(arena: workspace.arena, names: names).explained(
                try customer.explain(call.query, pricing: names.pricing, now: now), of: customer)
        }
    }

    /// A read that may be refused.
    private func asked(
        _ id: CustomerID, _ names: PricingNames, _ workspace: Workspace,
        _ body: (borrowing CustomerState, PricingNames, Timestamp) throws(Refusal)
            -> UnsafeRawBufferPointer
    ) throws(ExecuteFault) -> Execution {
        let customers = environment.customers(of: id)
        let time = customers.environmentTime
        let (result, point) = try customers.read(id, names: names, in: workspace) {
            (customer, names) -> Result<UnsafeRawBufferPointer, Refusal> in
            do throws(Refusal) {
                let now = customer.buckets.clock.time(at: time)
                return .success(try body(customer, names, now))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let message): return .done(Outcome(message: message, point: point))
        case .failure(let refusal): throw .refused(refusal)
        }
    }

    /// All of them of the same moment.
    package func check(
        _ call: BatchCheckCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try asked(call.customer, names, workspace) { (customer, names, now) throws(Refusal) in
            var answers: [CheckAnswer] = []
            for subject in call.subjects {
                switch subject {
                case .plan(let plan):
                    answers.append(customer.check(plan: plan, pricing: names.pricing))
                case .feature(let query):
                    answers.append(try customer.check(query, pricing: names.pricing, now: now))
                }
            }
            return ReplyWriter(arena: workspace.arena, names: names).of(customer)
                .batchCheck(answers)
        }
    }

    /// What ends or extends a hold.
    package func change(
        _ call: ChangeCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            call.command, for: call.customer, request: call.request, names: names, in: workspace)
    }

    private func shown(
        _ answer: borrowing CheckAnswer, _ names: PricingNames, _ workspace: Workspace
    ) -> UnsafeRawBufferPointer {
        ReplyWriter(arena: workspace.arena, names: names).check(answer)
    }

    /// A nudge as soon as what there is of the customer is durable, and one for each durable change
    /// from now on, several in a row perhaps as one; ends when the server stops.
    package func changes(of customer: CustomerID) -> AsyncStream<Void> {
        let (changes, continuation) = AsyncStream<Void>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let environment = self.environment
        // Before anything is looked at, so that no change falls in between.
        let nudges = environment.changes(of: customer)
        let task = Task {
            var nudges = nudges.makeAsyncIterator()
            repeat {
                guard await environment.settled(customer) else { break }
                continuation.yield()
            } while await nudges.next() != nil
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return changes
    }

    /// What a watcher is shown, and when it may be.
    package func watched(
        _ customer: CustomerID, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> (message: UnsafeRawBufferPointer, point: CommitPoint) {
        let (message, point) = try environment.customers(of: customer).read(
            customer, names: names, in: workspace
        ) { customer, names in
            ReplyWriter(arena: workspace.arena, names: names).watchCustomer(customer)
        }
        return (message, point)
    }
}
