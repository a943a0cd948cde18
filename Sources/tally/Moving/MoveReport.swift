internal import Glibc
internal import Wire

/// What was brought in, or would be, and why the rest isn't.
struct MoveReport {
    let system: String
    let applies: Bool
    private(set) var outcomes: [MoveOutcome] = []

    mutating func add(_ outcome: MoveOutcome) { outcomes.append(outcome) }

    mutating func replace(_ index: Int, _ outcome: MoveOutcome) { outcomes[index] = outcome }

    private var parts: [MoveOutcome.Part] { outcomes.flatMap(\.parts) }

    var isWhole: Bool {
        outcomes.allSatisfy { $0.customer.reason.isEmpty }
            && parts.allSatisfy { $0.part.reason.isEmpty && $0.takeover != "ended" }
            && !(applies && outcomes.contains(where: \.isPending))
    }

    private func revenue(_ of: (MoveOutcome.Part) -> MonthlyRevenue?) -> MonthlyRevenue {
        parts.reduce(into: MonthlyRevenue()) { sum, part in
            if let more = of(part) { sum.add(more) }
        }
    }

    private var before: MonthlyRevenue {
        revenue { $0.state == .left ? nil : $0.part.revenue }
    }
    private var after: MonthlyRevenue { revenue { $0.state == .left ? nil : $0.after } }
    private var left: MonthlyRevenue { revenue { $0.state == .left ? $0.part.revenue : nil } }

    private func count(_ state: MoveOutcome.State) -> (customers: Int, subscriptions: Int) {
        (outcomes.count { $0.state == state }, parts.count { $0.state == state })
    }

    // MARK: For people

    var text: String {
        var lines: [String] = []
        for outcome in outcomes {
            let name =
                outcome.customer.id == outcome.customer.source
                ? outcome.customer.id : "\(outcome.customer.id) (\(outcome.customer.source))"
            if !outcome.customer.reason.isEmpty {
                lines.append("left alone  \(name): \(outcome.customer.reason)")
            }
            lines += outcome.customer.notes.map { "note        \(name): \($0)" }
            for part in outcome.parts where outcome.customer.reason.isEmpty {
                let id = part.part.id
                if !part.part.reason.isEmpty {
                    lines.append("left alone  \(id) of \(name): \(part.part.reason)")
                }
                if part.takeover == "ended" {
                    lines.append(
                        "ended       \(id) of \(name): it was over at \(system) before it was "
                            + "taken over")
                }
                lines += part.part.notes.map { "note        \(id) of \(name): \($0)" }
            }
        }
        let verb = applies ? "brought in" : "to bring in"
        for (word, state) in [
            (verb, MoveOutcome.State.brought), ("here already", .unchanged), ("left alone", .left),
        ] {
            let (customers, subscriptions) = count(state)
            lines.append(
                "\(word.padded(13)) \(customers) customers, \(subscriptions) subscriptions")
        }
        let pending = parts.count { $0.takeover == "pending" }
        if applies, pending > 0 {
            lines.append(
                "pending       \(pending) subscriptions are still charged by \(system): the server "
                    + "goes on telling it; run this again to see")
        }
        lines.append("monthly revenue of what isn't left alone")
        lines.append("  before      \(before.text)")
        lines.append("  after       \(after.text)\(before == after ? "" : "  differs")")
        lines.append("  left alone  \(left.text)")
        if !applies { lines.append("nothing was changed: --apply does it") }
        return lines.joined(separator: "\n")
    }

    // MARK: For programs

    var json: JSONValue {
        func counts(_ state: MoveOutcome.State) -> JSONValue {
            let (customers, subscriptions) = count(state)
            return .object([
                "customers": .number(customers), "subscriptions": .number(subscriptions),
            ])
        }
        return .object([
            "applied": .bool(applies), "brought": counts(.brought),
            "unchanged": counts(.unchanged), "left": counts(.left),
            "pending": .number(parts.count { $0.takeover == "pending" }),
            "monthly_revenue": .object([
                "before": before.json, "after": after.json, "left": left.json,
                "equal": .bool(before == after),
            ]),
            "customers": .array(outcomes.map { object($0) }),
        ])
    }

    private func object(_ outcome: MoveOutcome) -> JSONValue {
        .object([
            "customer_id": .string(outcome.customer.id),
            "source_id": .string(outcome.customer.source),
            "outcome": .string(outcome.state.rawValue),
            "reason": .string(outcome.customer.reason),
            "notes": .array(outcome.customer.notes.map { .string($0) }),
            "subscriptions": .array(
                outcome.parts.map { part in
                    .object([
                        "source_id": .string(part.part.id),
                        "outcome": .string(part.state.rawValue),
                        "plan_ids": .array(part.plans.map { .string($0) }),
                        "reason": .string(part.part.reason),
                        "notes": .array(part.part.notes.map { .string($0) }),
                        "takeover": .string(part.takeover),
                    ])
                }),
        ])
    }
}

/// For people who watch: how far it is.
struct MoveProgress: Sendable {
    private let isShown = isatty(STDERR_FILENO) != 0

    func note(_ what: String, _ count: Int) {
        if isShown { say("\r\(count) \(what)…\u{1B}[K") }
    }

    func end() {
        if isShown { say("\r\u{1B}[K") }
    }

    private func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
