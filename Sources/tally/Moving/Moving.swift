internal import Billing
internal import RPC
internal import Wire

/// What another system has, as the API is to be asked for it.
enum Moving {
    /// A subscription there; several plans here, maybe.
    struct Part {
        var id: String
        /// For the API, one for each plan.
        var asked: [JSONObject]
        /// Why it is left alone; empty: it isn't.
        var reason = ""
        var notes: [String] = []
        /// What is charged there next; nil: it isn't known, or nothing is.
        var renewal: (minorUnits: Int64, currency: String)?
        /// What is charged there again and again.
        var revenue = MonthlyRevenue()

        init(id: String, asked: [JSONObject] = []) {
            self.id = id
            self.asked = asked
        }
    }

    struct Customer {
        /// Here and there.
        var id: String
        var source: String
        /// For the API, without subscriptions.
        var asked: JSONObject
        var parts: [Part] = []
        /// Why it is left alone; empty: it isn't.
        var reason = ""
        var notes: [String] = []

        init(id: String, source: String, asked: JSONObject) {
            self.id = id
            self.source = source
            self.asked = asked
        }

        func request(_ chosen: [Part], isDryRun: Bool) -> JSONObject {
            var request = asked
            request.append(
                "subscriptions", .array(chosen.flatMap { $0.asked.map { .object($0) } }))
            request.append("dry_run", .bool(isDryRun))
            return request
        }
    }
}

/// What became of what was asked for.
struct MoveOutcome {
    enum State: String {
        case brought, unchanged, left
    }

    struct Part {
        var part: Moving.Part
        var state = State.left
        /// How far the payment provider's side is, as the API says it; empty: it has none.
        var takeover = ""
        var plans: [String] = []
        var after = MonthlyRevenue()
    }

    var customer: Moving.Customer
    var state = State.left
    var takeover = ""
    var parts: [Part]

    var isPending: Bool {
        takeover == "pending" || parts.contains { $0.takeover == "pending" }
    }
}

/// Asks the server for one customer after the other.
struct Mover {
    let client: TallyClient
    /// Otherwise it is only said what would be done.
    let applies: Bool

    func move(_ customer: Moving.Customer) async throws -> MoveOutcome {
        var outcome = MoveOutcome(
            customer: customer, parts: customer.parts.map { MoveOutcome.Part(part: $0) })
        guard customer.reason.isEmpty else { return outcome }
        guard try await rehearse(&outcome) else { return outcome }
        if applies {
            let chosen = outcome.chosen
            note(
                try await client.call(
                    .importCustomer, customer.request(chosen, isDryRun: false)), &outcome)
        }
        return outcome
    }

    /// Whether it can be done, with what of it can be had; what can't is left alone.
    private func rehearse(_ outcome: inout MoveOutcome) async throws -> Bool {
        while true {
            let chosen = outcome.chosen
            let reply: JSONValue
            do {
                reply = try await client.call(
                    .importCustomer, outcome.customer.request(chosen, isDryRun: true))
            } catch let failure as CallFailure where failure.exit == .refused {
                guard failure.code != .unauthenticated, failure.code != .permissionDenied else {
                    throw failure
                }
                guard leave(failure, chosen, &outcome) else {
                    outcome.customer.reason = failure.reasonText
                    return false
                }
                continue
            }
            if !leaveUnequal(reply, chosen, &outcome) {
                note(reply, &outcome)
                return true
            }
        }
    }

    /// The subscription that is at fault is left alone; false: it is none of them.
    private func leave(
        _ failure: CallFailure, _ chosen: [Moving.Part], _ outcome: inout MoveOutcome
    ) -> Bool {
        for violation in failure.violations {
            guard violation.path.hasPrefix("subscriptions["),
                let end = violation.path.firstIndex(of: "]"),
                let index = Int(violation.path[..<end].dropFirst("subscriptions[".count))
            else { continue }
            let owners = chosen.flatMap { part in part.asked.map { _ in part.id } }
            guard owners.indices.contains(index) else { continue }
            let rest = violation.path[violation.path.index(after: end)...].drop { $0 == "." }
            outcome.leave(owners[index], "\(rest) \(violation.message)")
            return true
        }
        // A plan or feature that isn't there is told of by its name alone.
        let named = chosen.first { part in
            part.asked.contains { asked in
                let plan = JSONValue.object(asked).text("plan_id")
                return failure.code == .notFound && !plan.isEmpty
                    && failure.message.contains("\"\(plan)\"")
            }
        }
        guard let named else { return false }
        outcome.leave(named.id, failure.message)
        return true
    }

    /// What would be charged differently than before is left alone; false: nothing would.
    private func leaveUnequal(
        _ reply: JSONValue, _ chosen: [Moving.Part], _ outcome: inout MoveOutcome
    ) -> Bool {
        var found = false
        for part in chosen {
            let results = reply.list("subscriptions").filter { $0.text("source_id") == part.id }
            guard let before = part.renewal, !results.contains(where: { $0.flag("unchanged") })
            else { continue }
            let after = results.reduce(0) { sum, result in
                sum + (Int64(result["renewal"]?.text("minor_units") ?? "") ?? 0)
            }
            guard after != before.minorUnits else { continue }
            let there = HumanText.money(
                .object([
                    "currency": .string(before.currency),
                    "minor_units": .string(String(before.minorUnits)),
                ]))
            let here = HumanText.money(
                .object([
                    "currency": .string(before.currency),
                    "minor_units": .string(String(after)),
                ]))
            outcome.leave(
                part.id, "its next invoice would be \(here) here, and is \(there) there")
            found = true
        }
        return found
    }

    private func note(_ reply: JSONValue, _ outcome: inout MoveOutcome) {
        if outcome.state != .brought {
            outcome.state = reply.flag("changed") ? .brought : .unchanged
        }
        outcome.takeover = Self.state(reply.text("customer_state"))
        for index in outcome.parts.indices where outcome.parts[index].part.reason.isEmpty {
            let id = outcome.parts[index].part.id
            let results = reply.list("subscriptions").filter { $0.text("source_id") == id }
            let isKnown = results.allSatisfy { $0.flag("unchanged") }
            if outcome.parts[index].state != .brought {
                outcome.parts[index].state = isKnown ? .unchanged : .brought
            }
            outcome.parts[index].takeover = Self.state(results.first?.text("state") ?? "")
            outcome.parts[index].plans = results.map { $0.text("plan_id") }
            outcome.parts[index].after = MonthlyRevenue()
            for recurring in results.flatMap({ $0.list("recurring") }) {
                outcome.parts[index].after.add(recurring: recurring)
            }
        }
    }

    private static func state(_ text: String) -> String { text == "unspecified" ? "" : text }
}

extension MoveOutcome {
    /// What isn't left alone.
    fileprivate var chosen: [Moving.Part] { parts.map(\.part).filter(\.reason.isEmpty) }

    fileprivate mutating func leave(_ id: String, _ reason: String) {
        for index in parts.indices where parts[index].part.id == id {
            parts[index].part.reason = reason
            parts[index].state = .left
        }
    }
}

extension CallFailure {
    /// In one line.
    fileprivate var reasonText: String {
        guard !violations.isEmpty else { return message }
        return violations.map { "\($0.path) \($0.message)" }.joined(separator: "; ")
    }
}
