@testable import Billing

/// A seed's commands, or some of them.
struct ReferenceSequence {
    let seed: UInt64
    let catalog: ReferenceCatalog
    private var steps: [ReferenceStep]

    init(seed: UInt64, count: Int) {
        self.seed = seed
        var dice = Dice(seed: seed)
        catalog = ReferenceCatalog(&dice)
        steps = ReferenceCommands(catalog).steps(count, from: ReferenceRun.start, &dice)
    }

    /// The first step that goes wrong, and how.
    var fault: (step: Int, text: String)? {
        var run = ReferenceRun(catalog)
        for (index, step) in steps.enumerated() {
            if let text = run.take(step) { return (index, text) }
        }
        return nil
    }

    /// With all left out that the fault doesn't need.
    var shrunken: ReferenceSequence {
        var least = self
        guard let fault else { return self }
        least.steps = Array(steps[...fault.step])
        var size = least.steps.count / 2
        while size > 0 {
            var start = 0
            while start < least.steps.count {
                var shorter = least
                let end = min(start + size, least.steps.count)
                let pause = least.steps[start..<end].reduce(0) { $0 + $1.pause }
                shorter.steps.removeSubrange(start..<end)
                // Time goes by all the same.
                if start < shorter.steps.count { shorter.steps[start].pause += pause }
                if let found = shorter.fault {
                    shorter.steps = Array(shorter.steps[...found.step])
                    least = shorter
                } else {
                    start += size
                }
            }
            size /= 2
        }
        return least
    }

    /// What happened, for a reader.
    var trace: String {
        var lines = ["seed \(seed), with what isn't needed left out:"]
        lines += catalog.pricing.features.enumerated().map { "feature \($0 + 1) \($1)" }
        let bought = steps.compactMap { step -> UInt32? in
            guard case .attach(let attach) = step.command else { return nil }
            return attach.plan.rawValue
        }
        for (index, revisions) in catalog.pricing.plans.enumerated()
        where index == 0 || bought.contains(UInt32(index + 1)) {
            lines.append("plan \(index + 1) \(revisions[0].items) \(revisions[0].controls)")
        }
        for step in steps {
            lines.append("after \(step.pause) ms: \(step.command)")
            if let hold = step.command.hold {
                lines.append("  holding \(hold.id) until \(hold.expires, default: "a day on")")
            }
        }
        lines.append(fault?.text ?? "nothing goes wrong")
        return lines.joined(separator: "\n")
            .replacing("Billing.", with: "").replacing("BillingTests.", with: "")
    }

    /// The same commands with somebody looking all the time give the same.
    var isIndifferentToLooks: Bool {
        var dice = Dice(seed: ~seed)
        var plain = Desk(catalog.pricing, at: ReferenceRun.start)
        var watched = plain
        for step in steps {
            let now = plain.now.adding(milliseconds: step.pause)
            while watched.now < now, dice.chance(70) {
                let left = Double(now.milliseconds - watched.now.milliseconds)
                let part = Int64(left * Double(dice.roll(1...100)) / 100)
                watched.advance(to: watched.now.adding(milliseconds: part))
            }
            watched.advance(to: now)
            plain.advance(to: now)
            if StateView(plain.customer) != StateView(watched.customer) { return false }
            let replies = (
                try? plain.run(step.command).reply, try? watched.run(step.command).reply
            )
            if replies.0 != replies.1 { return false }
        }
        return StateView(plain.customer) == StateView(watched.customer)
    }
}

extension Command {
    fileprivate var hold: HoldRequest? {
        switch self {
        case .track(let usage): usage.hold
        case .checkAndDeduct(let query): query.hold
        default: nil
        }
    }
}
