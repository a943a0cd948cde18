internal import Billing
internal import Entitlement
package import RPC
package import Repository
internal import Wire

/// `balances.check` as it is mostly asked: of a customer and a feature, with no more to it than how
/// much is needed. Answered on the event loop, with the bytes that the long way (`Exchange`) gives;
/// whatever isn't as plain as that goes there, and so does every error.
///
/// Confined to its loop.
package final class QuickChecks: QuickPages {
    private let access: AccessList
    private let settings: JSONSettings
    private let services: [EntitlementService]
    private let workspace = Workspace()

    /// nil: calls are counted, or told, one by one, which is the long way's.
    package init?(_ access: AccessList, _ settings: JSONSettings) {
        guard settings.limits == nil, settings.onEnd == nil else { return nil }
        self.access = access
        self.settings = settings
        services = access.environments.map { EntitlementService($0) }
    }

    package func isQuick(path: UnsafeRawBufferPointer) -> Bool {
        path.isEqual(to: "/v1/balances.check")
    }

    package func answer(
        _ request: borrowing QuickRequest, principal: Int, body: UnsafeRawBufferPointer,
        into reply: QuickReply
    ) -> Bool {
        let began = SystemClock.nanoseconds
        let caller = Access(rawValue: principal)
        guard caller.isSecret, caller.scopes.contains(.entitlementRead),
            QuickChecks.isPlain(request), let question = CheckBody(body),
            let customer = CustomerID(question.customer)
        else { return false }
        let names = access.environments[caller.environment].directory.current
        guard let feature = names.feature(question.feature) else { return false }
        workspace.reset()
        let query = CheckQuery(feature: feature, required: question.required)
        var size = 0
        do throws(ExecuteFault) {
            let written = try services[caller.environment].answer(
                query, of: customer, names: names, in: workspace
            ) { (answer, state, names) -> Bool in
                var text = CheckText(reserving: CheckText.size(of: answer)) { reply.reserve($0) }
                let isPlain = text.write(answer, of: state, id: question.customer, names)
                size = text.count
                return isPlain
            }
            guard written == true else { return false }
        } catch {
            return false
        }
        reply.commit(size)
        settings.meter?.countCheck(nanoseconds: SystemClock.nanoseconds - began)
        return true
    }

    /// No field asks for anything special.
    private static func isPlain(_ request: borrowing QuickRequest) -> Bool {
        var isPlain = true
        request.walk { name, value in
            switch name.count {
            case 6 where name.isEqual(to: "origin"): isPlain = false
            case 12 where name.isEqual(to: "content-type"):
                if !value.isEqual(to: "application/json") { isPlain = false }
            case 13 where name.isEqual(to: "x-api-version"):
                if !value.isEqual(to: "2.3.0"), !value.isEqual(to: "2.3") { isPlain = false }
            case 15 where name.isEqual(to: "idempotency-key"): isPlain = false
            // A cookie says who calls.
            case 19 where name.isEqual(to: "x-tally-environment"): isPlain = false
            default: break
            }
        }
        return isPlain
    }
}

extension UnsafeRawBufferPointer {
    func isEqual(to text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let base = baseAddress else { return false }
        return UnsafeRawBufferPointer(start: text.utf8Start, count: count).elementsEqual(
            UnsafeRawBufferPointer(start: base, count: count))
    }
}
