package import Billing
package import Repository
package import Wire

/// Knows the customers.
package struct CustomersService: Sendable {
    let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    package func getOrCreate(
        _ call: CreateCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            .create(call.create), for: call.customer, request: call.request, names: names,
            in: workspace)
    }

    package func update(
        _ call: UpdateCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            .update(call.update), for: call.customer, request: call.request, names: names,
            in: workspace)
    }

    /// The same of a customer with a fingerprint, whose trials the directory knows.
    package func getOrCreateKnown(_ call: CreateCall) async throws(ExecuteFault) -> [UInt8] {
        guard let mark = try environment.mark(of: call.fingerprint) else {
            preconditionFailure("the caller has asked for one")
        }
        try environment.countTrials(of: call.customer, as: mark)
        let pricing = environment.directory.current.pricing
        let tried = pricing.autoEnabled.filter { pricing.plan($0).trial != nil }.map(\.plan)
        return try await environment.claiming(tried, mark, for: call.customer) {
            (claims) async throws(ExecuteFault) in
            var create = call.create
            create.fingerprint = mark
            create.trialClaims = claims
            return try await environment.commit(
                .create(create), for: call.customer, request: call.request
            ).message
        }
    }

    package func updateKnown(_ call: UpdateCall) async throws(ExecuteFault) -> [UInt8] {
        var update = call.update
        let mark = try environment.mark(of: call.fingerprint ?? "")
        update.fingerprint = mark.map { .set($0) } ?? .removed
        if let mark { try environment.countTrials(of: call.customer, as: mark) }
        let message = try await environment.commit(
            .update(update), for: call.customer, request: call.request
        ).message
        return message
    }

    /// Removes what is personal, and says how far that is.
    package func erase(_ call: EraseCall) async throws(ExecuteFault) -> [UInt8] {
        try await erase(call, by: .erase)
    }

    /// Removes the customer, and says how far what is personal is removed.
    package func delete(_ call: EraseCall) async throws(ExecuteFault) -> [UInt8] {
        try await erase(call, by: .delete)
    }

    private func erase(
        _ call: EraseCall, by command: Command
    ) async throws(ExecuteFault) -> [UInt8] {
        let (progress, replayed) = try await environment.erase(
            call.customer, by: command, request: call.request)
        let filesLeft: Int? = if case .rewriting(let files) = progress { files } else { nil }
        let workspace = Workspace()
        let writer = ReplyWriter(arena: workspace.arena, names: environment.directory.current)
        // The bytes are the workspace's.
        return withExtendedLifetime(workspace) {
            Array(writer.eraseCustomer(filesLeft: filesLeft, replayed: replayed))
        }
    }

    /// A page of customers. Takes as long as looking through all of them does: not for event loops.
    ///
    /// - Parameter checkpoint: called now and then; what it throws ends the question.
    package func list(
        _ call: ListCustomersCall, checkpoint: () throws -> Void
    ) throws(ExecuteFault) -> [UInt8] {
        let arena = Arena()
        var page = CustomerPage()
        do {
            let next = try environment.list(call, checkpoint: checkpoint) { customer, names in
                arena.reset()
                page.add(customer, ReplyWriter(arena: arena, names: names))
                return !page.isFull
            }
            return page.response(next: next?.token(mark: call.mark))
        } catch {
            throw ExecuteFault(ofReading: error)
        }
    }

    /// A customer or an entity at a moment in the past. Takes as long as reading the records
    /// between takes: not for event loops.
    ///
    /// - Parameter checkpoint: called now and then; what it throws ends the question.
    package func past(
        _ call: PastCall, checkpoint: () throws -> Void
    ) throws(ExecuteFault) -> [UInt8] {
        let arena = Arena()
        do {
            let (customer, names) = try environment.past(
                of: call.customer, at: call.time, checkpoint: checkpoint)
            let writer = ReplyWriter(arena: arena, names: names)
            // The bytes are the arena's.
            return try withExtendedLifetime(arena) { () throws(Refusal) in
                Array(try writer.getCustomerAsOf(customer, entity: call.entity))
            }
        } catch {
            throw ExecuteFault(ofReading: error)
        }
    }

    package func get(
        _ customer: CustomerID, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let (message, point) = try environment.customers(of: customer).read(
            customer, names: names, in: workspace
        ) { customer, names in
            ReplyWriter(arena: workspace.arena, names: names).getCustomer(customer)
        }
        return .done(Outcome(message: message, point: point))
    }

    /// What changes balances, entities or controls.
    package func change(
        _ call: ChangeCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        try environment.customers(of: call.customer).execute(
            call.command, for: call.customer, request: call.request, names: names, in: workspace)
    }

    package func entity(
        _ call: EntityCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        var refusal: Refusal?
        let (message, point) = try environment.customers(of: call.customer).read(
            call.customer, names: names, in: workspace
        ) { customer, names in
            do throws(Refusal) {
                return try ReplyWriter(arena: workspace.arena, names: names)
                    .getEntity(call.entity, of: customer)
            } catch {
                refusal = error
                return UnsafeRawBufferPointer(start: nil, count: 0)
            }
        }
        if let refusal { throw .refused(refusal) }
        return .done(Outcome(message: message, point: point))
    }

    package func entities(
        _ call: EntityListCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let (message, point) = try environment.customers(of: call.customer).read(
            call.customer, names: names, in: workspace
        ) { customer, names in
            ReplyWriter(arena: workspace.arena, names: names).listEntities(call, of: customer)
        }
        return .done(Outcome(message: message, point: point))
    }
}
