internal import Attach
internal import Catalog
internal import Clocks
internal import Customers
internal import Entitlement
internal import NIOCore
internal import RPC
internal import Repository
internal import Usage
internal import Wire

/// The handlers: decode and validate, call the service, and let the caller map what comes back.
extension GRPCDispatcher {
    /// nil: the call has left the loop and comes back by its token.
    func run(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        _ scopes: Scopes, token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let (names, workspace) = (loop.names, self.workspace)
        switch route {
        case .check:
            let call = try decoded { () throws(CallFault) in try reader.check(message) }
            if call.deduct { try scopes.require(.usageWrite) }
            return try served { () throws(ExecuteFault) in
                try loop.entitlement.check(call, names: names, in: workspace)
            }
        case .track:
            let call = try decoded { () throws(CallFault) in try reader.track(message) }
            return try served { () throws(ExecuteFault) in
                try loop.usage.track(call, names: names, in: workspace)
            }
        case .getOrCreateCustomer, .updateCustomer:
            return try runProfile(route, message, loop, token: token)
        case .getCustomer:
            let id = try decoded { () throws(CallFault) in try reader.getCustomer(message) }
            return try served { () throws(ExecuteFault) in
                try loop.customers.get(id, names: names, in: workspace)
            }
        case .deleteCustomer, .eraseCustomer:
            return try runErasure(route, message, loop, token: token)
        case .attach, .updateSubscription, .previewAttach, .previewUpdateSubscription,
            .setupPayment, .multiAttach, .previewMultiAttach, .createSchedule,
            .previewCreateSchedule, .deleteSchedule:
            return try runPurchase(route, message, loop, token: token)
        case .refundInvoice, .reportPaymentEvent:
            return try runRefund(route, message, loop, token: token)
        case .finalizeInvoice, .markInvoicePaid, .voidInvoice, .recordExternalInvoices:
            return try runInvoice(route, message, loop, token: token)
        case .getCatalog, .publishCatalog, .migrateCustomer, .openCustomerPortal:
            return try runPlans(route, message, loop, token: token)
        case .applyDiscount, .removeDiscount, .redeemCode, .getPromotionCode,
            .createReferralCode, .redeemReferralCode:
            return try runReward(route, message, loop, token: token)
        case .getStatus: return try runStatus(message, loop, token: token)
        case .importCustomer: return try runImport(message, loop, token: token)
        case .advanceTestClock, .getTestClock:
            return try runClock(route, message, loop, token: token)
        case .trackTokens, .batchTrackTokens: return try runTokens(route, message, loop)
        case .batchCheck, .explainCheck, .settleHold, .extendHold, .batchTrack:
            return try runBatchOrHold(route, message, loop)
        case .createBalance, .updateBalance, .deleteBalance, .recalculateBalances,
            .updateControls, .createEntity, .getEntity, .listEntities, .updateEntity,
            .deleteEntity:
            return try runOnHoldings(route, message, loop)
        case .streamTrack, .watchCustomer, .listCustomers, .listEvents, .healthCheck, .healthWatch,
            .listWebhookEndpoints, .replayWebhooks, .aggregateEvents, .getCustomerAsOf,
            .simulatePlan, .countPlanCustomers, .reflection, .reflectionAlpha, .createKey,
            .listKeys, .rotateKey,
            .revokeKey, .mintCustomerKey, .refreshCustomerKey, .revokeCustomerKeys:
            preconditionFailure("answered before, or opened instead of called")
        }
    }

    /// A fingerprint waits for the directory, and so leaves the loop.
    private func runProfile(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let service = loop.customers
        if route == .getOrCreateCustomer {
            let call = try decoded { () throws(CallFault) in
                try reader.getOrCreateCustomer(message)
            }
            guard call.fingerprint.isEmpty else {
                try leave(token) { () throws(ExecuteFault) in
                    try await service.getOrCreateKnown(call)
                }
                return nil
            }
            return try served { () throws(ExecuteFault) in
                try service.getOrCreate(call, names: loop.names, in: workspace)
            }
        }
        let call = try decoded { () throws(CallFault) in try reader.updateCustomer(message) }
        guard call.fingerprint == nil else {
            try leave(token) { () throws(ExecuteFault) in try await service.updateKnown(call) }
            return nil
        }
        return try served { () throws(ExecuteFault) in
            try service.update(call, names: loop.names, in: workspace)
        }
    }

    private func runErasure(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let service = loop.customers
        if route == .eraseCustomer {
            let call = try decoded { () throws(CallFault) in try reader.eraseCustomer(message) }
            try leave(token) { () throws(ExecuteFault) in try await service.erase(call) }
        } else {
            let call = try decoded { () throws(CallFault) in try reader.deleteCustomer(message) }
            try leave(token) { () throws(ExecuteFault) in try await service.delete(call) }
        }
        return nil
    }

    /// Waits for the log.
    private func runImport(
        _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop, token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let service = loop.customers
        let call = try decoded { () throws(CallFault) in try reader.importCustomer(message) }
        try leave(token) { () throws(ExecuteFault) in try await service.importCustomer(call) }
        return nil
    }

    private func runClock(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let service = loop.clock
        guard route == .advanceTestClock else {
            let customer = try decoded { () throws(CallFault) in
                try reader.getTestClock(message)
            }
            return try served { () throws(ExecuteFault) in
                try service.get(customer, names: loop.names, in: workspace)
            }
        }
        let call = try decoded { () throws(CallFault) in try reader.advanceTestClock(message) }
        try leave(token) { () throws(ExecuteFault) in try await service.advance(call) }
        return nil
    }

    func decoded<Call>(
        _ read: () throws(CallFault) -> Call
    ) throws(RPCStatus) -> Call {
        do throws(CallFault) { return try read() } catch { throw RPCStatus(error) }
    }

    func served(
        _ serve: () throws(ExecuteFault) -> Execution
    ) throws(RPCStatus) -> Execution {
        do throws(ExecuteFault) { return try serve() } catch { throw RPCStatus(error) }
    }

    /// Runs a call that waits for others (a payment provider, the log) off the loop, and finishes
    /// it back on it.
    func leave(
        _ token: CallToken,
        _ body: @escaping @Sendable () async throws(ExecuteFault) -> [UInt8]
    ) throws(RPCStatus) {
        try away(body) { [self] in
            switch $0 {
            case .success(let message): message.withUnsafeBytes { port.finish(token, message: $0) }
            case .failure(let status): port.finish(token, status: status)
            }
        }
    }

    /// Does something off the loop, and goes on back on it.
    func away<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(ExecuteFault) -> Value,
        then: @escaping @Sendable (Result<Value, RPCStatus>) -> Void
    ) throws(RPCStatus) {
        guard awayCalls < GRPCDispatcher.maxAwayCalls else {
            throw .refused(
                .resourceExhausted, "TOO_MANY_CALLS", "too many such calls are under way",
                retryAfterMilliseconds: 1000)
        }
        awayCalls += 1
        Task {
            let result: Result<Value, RPCStatus>
            do throws(ExecuteFault) {
                result = .success(try await body())
            } catch {
                result = .failure(RPCStatus(error))
            }
            port.eventLoop.execute {
                self.awayCalls -= 1
                then(result)
                self.port.flushFinished()
            }
        }
    }
}
