package import Billing
package import Repository
package import Wire

/// Sells plans.
package struct AttachService: Sendable {
    private let environment: TallyEnvironment

    /// How often a purchase that finds another one in progress waits for it.
    private static let patience = 8

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// Buys, and waits for what the provider says when a charge is due. Purchases of one customer
    /// queue: one that finds another under way waits for it, then decides anew.
    ///
    /// The wait ends with the caller's deadline, which cancels the task; the purchase goes on.
    package func attach(_ call: AttachCall) async throws(ExecuteFault) -> [UInt8] {
        let pricing = environment.directory.current.pricing
        guard environment.provider != nil || pricing.plan(pricing.latest(call.plan)).isFree else {
            throw .refused(.paymentProviderMissing)
        }
        for _ in 0..<AttachService.patience {
            let effectID = environment.newEffectID()
            let command = Command.attach(
                AttachPlan(
                    plan: call.plan, successURL: call.successURL, effectID: effectID,
                    request: call.request))
            do {
                let (reply, message, replayed) = try await environment.commit(
                    command, for: call.customer, request: call.request)
                if replayed { return try await finished(call, message) }
                guard case .attach(let attach) = reply, attach.outcome == .processing else {
                    return message
                }
                let outcome = try await environment.outcome(
                    of: effectID, customer: call.customer)
                return outcome ?? message
            } catch .refused(.purchaseInProgress) {
                guard let open = environment.openEffect(of: call.customer) else { continue }
                _ = try await environment.outcome(of: open.id, customer: call.customer)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// A retry that comes while the first call's charge is under way waits for its outcome too.
    private func finished(
        _ call: AttachCall, _ message: [UInt8]
    ) async throws(ExecuteFault) -> [UInt8] {
        guard let request = call.request,
            let open = environment.openEffect(of: call.customer), open.request == request
        else { return message }
        guard
            let outcome = try await environment.outcome(of: open.id, customer: call.customer)
        else { return message }
        return outcome + replayedMark(of: .attach)
    }

    /// What a payment page shows; nil: it is paid, replaced or never was.
    package func page(_ session: String) -> (customer: CustomerID, name: String, order: Order)? {
        environment.checkout(session).map { ($0.customer, $0.name, $0.checkout.order) }
    }

    /// The plan's name, for people.
    package func planName(_ reference: PlanReference) -> String {
        environment.directory.current.pricing.plan(reference).name
    }

    /// A payment page was paid with a method that the provider accepted.
    package func completeCheckout(
        _ session: String, customer: CustomerID, method: PaymentMethod
    ) async throws(ExecuteFault) {
        _ = try await environment.commit(
            .completeCheckout(CompleteCheckout(session: session, method: method)), for: customer,
            request: nil)
    }
}
