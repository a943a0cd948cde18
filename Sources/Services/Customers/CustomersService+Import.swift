internal import Billing
package import Repository
package import Wire

extension CustomersService {
    /// Brings in a customer of another system's, or says what that would do. What the payment
    /// provider has to be told, it is told once this is durable; nobody waits for it.
    package func importCustomer(_ call: ImportCall) async throws(ExecuteFault) -> [UInt8] {
        if call.asked.needsProvider, !environment.takesOver {
            throw .refused(.paymentProviderMissing)
        }
        guard call.isDryRun else {
            return try await environment.commit(
                .importCustomer(call.asked), for: call.customer, request: nil
            ).message
        }
        let state = environment.state(of: call.customer)
        let customer = state?.customer ?? CustomerState(id: call.customer)
        let names = environment.directory.current
        let now = customer.buckets.clock.time(
            at: environment.customers(of: call.customer).environmentTime)
        let workspace = Workspace()
        do throws(Refusal) {
            let reply = try customer.preview(call.asked, pricing: names.pricing, now: now)
            return withExtendedLifetime(workspace) {
                Array(
                    ReplyWriter(arena: workspace.arena, names: names)
                        .imported(reply, isDryRun: true))
            }
        } catch {
            throw .refused(error)
        }
    }
}
