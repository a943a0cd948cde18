extension CustomerState {
    /// Facts that one record takes; what is due beyond them comes with the next.
    private static let stepFacts = 4_000
    /// Cycles that end within so many milliseconds collapse into one reset, as after an outage.
    private static let step: Int64 = 86_400_000

    /// `advance` for a customer whose clock a test has moved: as if the time had passed by itself.
    /// Everything happens at its moment and sees the world of that moment, so that a year has
    /// twelve monthly resets and not one. While a charge is open, time stands still.
    ///
    /// - Parameter reading: what the customer's clock shows.
    /// - Returns: also customer time, which is behind the clock while something is left to do.
    package func advance(
        steppingTo reading: Timestamp, pricing: PricingState,
        effectID: @autoclosure () -> String
    ) -> (facts: [Fact], now: Timestamp) {
        let clock = buckets.clock
        var draft = self
        if clock.held != .never {
            guard openEffect == nil else { return ([], min(clock.held, reading)) }
            draft.buckets.changeExtras { $0.clock.held = .never }
            draft.refreshNextDue()
        }
        var facts: [Fact] = []
        var now = reading
        while draft.nextDue <= reading {
            let moment = draft.nextDue
            let wasWaiting = draft.openEffect != nil
            var sheet = FactSheet(draft, pricing: pricing, now: moment)
            sheet.advance(
                now: min(reading, moment.adding(milliseconds: CustomerState.step - 1)),
                effectID: effectID)
            precondition(!sheet.facts.isEmpty, "what is due changes something")
            facts += sheet.facts.map { $0.dated(at: moment) }
            draft = sheet.customer
            draft.refreshNextDue()
            let waits = draft.openEffect != nil && !wasWaiting
            if waits || facts.count >= CustomerState.stepFacts && draft.nextDue <= reading {
                now = moment
                break
            }
        }
        let held = now < reading ? now : .never
        if held != clock.held {
            facts.append(.clockMoved(TestClock(offset: clock.offset, held: held)))
        }
        return (facts, now)
    }

    /// Moves the clock (`now` is what it shows). What falls due on the way is done by who asks
    /// next.
    func decideMoveClock(_ move: ClockMove, now: Timestamp) throws(Refusal) -> Decision {
        let target = try move.target(from: now)
        var clock = buckets.clock
        clock.offset += target.milliseconds - now.milliseconds
        return Decision(
            facts: clock == buckets.clock ? [] : [.clockMoved(clock)], reply: .clock(target))
    }
}

extension Fact {
    /// Usage under a moved clock says when it was: the log's own time is the machine's.
    package func dated(at now: Timestamp) -> Fact {
        guard case .usageRecorded(let feature, let value, let label) = self, label?.time == nil
        else { return self }
        return .usageRecorded(
            feature: feature, value: value,
            label: EventLabel(time: now, properties: label?.properties ?? []))
    }
}
