internal import Billing
internal import Wire

/// One command becoming a commit, under its shard's lock.
struct Commit {
    let repository: CustomerRepository
    let id: CustomerID
    let hash: UInt64
    let request: RequestMark?
    let names: PricingNames
    let workspace: Workspace

    func run(
        _ command: Command, in shard: inout Shard, _ finished: inout Finished?
    ) throws(ExecuteFault) -> Execution {
        let wall = repository.now
        let time = wall.adding(milliseconds: repository.directory.clock.offset)
        guard let row = shard.find(id, hash: hash) else {
            guard command.makesCustomer else { throw .refused(.customerNotFound(id.text)) }
            return try runOnDraft(
                CustomerState(id: id), nil, command, at: wall, time, in: &shard, &finished)
        }
        let now = repository.customerTime(of: shard.rows.place(of: row), at: time)
        if command.isUsage, shard.rows[row].nextDue > now,
            !repository.hidesBuckets(of: shard.rows.place(of: row), names)
        {
            if let execution = try runInPlace(row, command, at: wall, now, in: &shard) {
                return execution
            }
        } else if shard.rows[row].marks.contains(.isDeleted) {
            guard command.makesCustomer else { throw .refused(.customerNotFound(id.text)) }
        }
        let customer = try repository.opened(shard.rows[row], workspace)
        return try runOnDraft(customer, row, command, at: wall, time, in: &shard, &finished)
    }

    /// The short way: nothing is due, and both the decision and its facts are about buckets only.
    /// nil: a hold is opened, which falls due, or something may have to be bought.
    ///
    /// - Parameter now: customer time, which is `wall` unless a test has moved a clock.
    private func runInPlace(
        _ row: Int, _ command: Command, at wall: Timestamp, _ now: Timestamp,
        in shard: inout Shard
    ) throws(ExecuteFault) -> Execution? {
        let place = shard.rows.place(of: row)
        let names = repository.current(self.names, for: place.pointee.catalogSequence)
        var decision: Decision
        do {
            decision = try decide(command, on: &place.pointee.buckets, names, now)
        } catch {
            if place.pointee.marks.contains(.topsUp),
                topsUp(command, [], row: place, names, now)
            {
                return nil
            }
            throw .refused(error)
        }
        if decision.facts.contains(where: { $0.opensHold }) { return nil }
        if place.pointee.buckets.areSeats(of: decision.facts) { return nil }
        if place.pointee.marks.contains(.topsUp),
            topsUp(command, decision.facts, row: place, names, now)
        {
            return nil
        }
        let message = ReplyWriter(arena: workspace.arena, names: names).message(decision.reply)
        if !decision.facts.isEmpty {
            if now != wall { decision.facts = decision.facts.map { $0.dated(at: now) } }
            let appended = try append(
                decision.facts, answering: request, message, wall, names,
                after: place.pointee.position, sealingWith: &place.pointee.key)
            for fact in decision.facts {
                let isApplied = place.pointee.buckets.apply(fact)
                precondition(isApplied, "what was decided on buckets alone is about them alone")
            }
            place.pointee.sequence = appended.sequence
            place.pointee.position = appended.position.rawValue
            place.pointee.catalogSequence = names.pricing.sequence
            if let request {
                repository.remember(request, customer: hash, at: appended.position, in: &shard)
            }
        }
        workspace.reply = decision.reply
        return .done(
            Outcome(message: message, point: repository.point(place.pointee.sequence)))
    }

    /// Little may be left once these facts are applied.
    @inline(never)
    private func topsUp(
        _ command: Command, _ facts: [Fact], row: UnsafeMutablePointer<CustomerRow>,
        _ names: PricingNames, _ now: Timestamp
    ) -> Bool {
        let buckets = row.pointee.buckets
        return buckets.topUps(for: command, names.pricing)
            .contains { buckets.calls(for: $0, after: facts, at: now) }
    }

    /// `inout`, as the compiler would copy what is borrowed.
    @inline(__always)
    private func decide(
        _ command: Command, on buckets: inout BucketSet, _ names: PricingNames, _ now: Timestamp
    ) throws(Refusal) -> Decision {
        try buckets.decide(command, pricing: names.pricing, now: now)
    }

    /// The general way: on a copy, which takes the row's place once its record is in the log.
    ///
    /// - Parameter time: the environment's, which is `wall` unless a test has moved its clock.
    private func runOnDraft(
        _ customer: CustomerState, _ row: Int?, _ command: Command, at wall: Timestamp,
        _ time: Timestamp, in shard: inout Shard, _ finished: inout Finished?
    ) throws(ExecuteFault) -> Execution {
        var draft = customer
        var spare = try prepareErasure(command, of: &draft)
        let names = repository.current(self.names, for: customer.catalogSequence)
        var (facts, now) = advanced(draft, to: time, names, isMoved: time != wall)
        draft.apply(facts)
        // A clock is moved on from what it shows, however far the customer has come.
        if case .moveClock = command { now = draft.buckets.clock.reading(at: time) }
        var decision: Decision
        var refusal: Refusal?
        var awaited: Awaited?
        let wanted = draft.topUps(for: command, names.pricing)
        do {
            (decision, awaited) = try decide(command, on: draft, names, now)
        } catch {
            // What was due has happened, whatever becomes of the command.
            refusal = error
            decision = Decision()
            if let key = spare {
                repository.keys?.giveBack(key)
                (spare, draft.key) = (nil, 0)
            }
        }
        draft.apply(decision.facts)
        facts += now == wall ? decision.facts : decision.facts.map { $0.dated(at: now) }
        if awaited == nil { facts += topUp(wanted, of: &draft, names, now) }
        // Of what is due, too, nothing personal outlives the erasure: it would get a new key.
        if command.isErasing { facts = facts.map(\.withoutPersonalParts) }
        if !facts.isEmpty, needsClosed(draft, customer, in: shard, names) {
            if let spare { repository.keys?.giveBack(spare) }
            throw .unavailable(
                .unavailable("a plan or feature of it is being deleted, or was: try again"))
        }
        let message = message(decision.reply, of: draft, names)
        if !facts.isEmpty {
            // What waits is asked again.
            let isDone = !decision.facts.isEmpty && awaited == nil
            let mark = isDone ? decision.settlesRequest ?? request : nil
            let appended: Appended
            do {
                appended = try append(
                    facts, answering: mark, message, wall, names, after: customer.position,
                    sealingWith: &draft.key)
            } catch {
                if let spare { repository.keys?.giveBack(spare) }
                throw error
            }
            note(facts, appended)
            draft.sequence = appended.sequence
            draft.position = appended.position.rawValue
            draft.catalogSequence = names.pricing.sequence
            shard.put(
                CustomerRow(draft, arena: workspace.arena, seals: repository.seals), at: row,
                hash: hash)
            shard.list(draft, at: row ?? shard.rows.count - 1, after: facts)
            if let mark {
                repository.remember(mark, customer: hash, at: appended.position, in: &shard)
            }
            finished = .effects(facts, sequence: appended.sequence)
        }
        if let refusal { throw .refused(refusal) }
        // Under the lock, so that its outcome can't be missed.
        if let awaited { return .awaiting(repository.wait(for: awaited.id, isOwn: awaited.isOwn)) }
        workspace.reply = decision.reply
        return .done(Outcome(message: message, point: repository.point(draft.sequence)))
    }

    /// An effect that a command waits for.
    private struct Awaited {
        var id: String
        /// It is for what the command takes.
        var isOwn: Bool
    }

    /// What a command comes to; where something has to be paid or asked first, that in its place.
    private func decide(
        _ command: Command, on draft: borrowing CustomerState, _ names: PricingNames,
        _ now: Timestamp
    ) throws(Refusal) -> (Decision, Awaited?) {
        let question: Effect?
        if case .completeCheckout(let paid) = command {
            question = draft.taxQuestion(
                after: paid, pricing: names.pricing, now: now, effectID: repository.newEffectID())
        } else {
            question = try draft.taxQuestion(
                for: command, pricing: names.pricing, now: now, effectID: repository.newEffectID())
        }
        if let question {
            var decision = Decision()
            decision.facts = [.effectRequested(question)]
            return (decision, Awaited(id: question.id, isOwn: false))
        }
        var decision = try draft.decide(command, pricing: names.pricing, now: now)
        let awaited = try payingSeats(for: command, of: draft, &decision, names, now)
        return (decision, awaited)
    }

    /// Seats that a decision takes are paid for before it; what it frees is settled with it.
    ///
    /// - Returns: what is waited for, in place of the decision.
    private func payingSeats(
        for command: Command, of draft: borrowing CustomerState, _ decision: inout Decision,
        _ names: PricingNames, _ now: Timestamp
    ) throws(Refusal) -> Awaited? {
        guard command.takesSeats else { return nil }
        let change = try draft.seatChange(
            by: decision.facts, pricing: names.pricing, now: now, token: repository.newEffectID())
        let open = draft.openEffect
        switch change {
        case .none: return nil
        case .settled(let facts) where open == nil:
            decision.facts += facts
            return nil
        case .owed, .settled: break
        }
        let id = open?.id ?? repository.newEffectID()
        var facts: [Fact] = []
        if open == nil, case .owed(let order) = change {
            guard draft.account.method != nil else {
                throw .seatsDeclined(code: "payment_method_missing")
            }
            facts = draft.facts(
                charging: order, pricing: names.pricing, now: now, effectID: id)
        }
        decision = Decision()
        decision.facts = facts
        return Awaited(id: id, isOwn: open == nil)
    }

    /// Something begins to need what is deleted from the catalog, by whoever hasn't seen that yet.
    private func needsClosed(
        _ draft: borrowing CustomerState, _ before: borrowing CustomerState,
        in shard: borrowing Shard, _ names: PricingNames
    ) -> Bool {
        let closed = shard.closed.closed(to: self.names.pricing.sequence)
        guard !closed.isEmpty else { return false }
        let needed = draft.needs(closed, names.pricing)
        return !needed.isEmpty && before.needs(closed, names.pricing).isEmpty
    }

    /// What a decision says, some of it with the customer as it is then.
    private func message(
        _ reply: Reply, of draft: CustomerState, _ names: PricingNames
    ) -> UnsafeRawBufferPointer {
        let writer = ReplyWriter(arena: workspace.arena, names: names)
        return switch reply {
        case .created(let created): writer.getOrCreateCustomer(draft, created: created)
        case .updated: writer.updateCustomer(draft)
        case .customer: writer.changed(draft)
        case .entity(let number): writer.changed(number, of: draft)
        case .redeemed(let grant): writer.redeemed(grant, by: draft)
        case .referralCode(let code): writer.referralCode(code, of: id)
        case .referred(let referral): writer.referred(referral, of: id)
        default: writer.message(reply)
        }
    }

    /// What is to be bought, as little is left.
    private func topUp(
        _ wanted: [AutoTopUp], of draft: inout CustomerState, _ names: PricingNames,
        _ now: Timestamp
    ) -> [Fact] {
        guard !wanted.isEmpty else { return [] }
        let facts = draft.facts(
            toppingUp: wanted, pricing: names.pricing, now: now,
            effectID: repository.newEffectID())
        draft.apply(facts)
        return facts
    }

    /// What is due, and customer time afterwards.
    private func advanced(
        _ customer: borrowing CustomerState, to time: Timestamp, _ names: PricingNames,
        isMoved: Bool
    ) -> (facts: [Fact], now: Timestamp) {
        let clock = customer.buckets.clock
        guard isMoved || clock != .unmoved else {
            let facts = customer.advance(
                to: time, pricing: names.pricing, effectID: repository.newEffectID())
            return (facts, time)
        }
        return customer.advance(
            steppingTo: clock.reading(at: time), pricing: names.pricing,
            effectID: repository.newEffectID())
    }

    private static let usualFacts = 1_000

    /// - Parameter key: the customer's, if it has one; after it, the one that was used.
    private func append(
        _ facts: [Fact], answering request: RequestMark?, _ message: UnsafeRawBufferPointer,
        _ now: Timestamp, _ names: PricingNames, after previousPosition: UInt64,
        sealingWith key: inout UInt32
    ) throws(ExecuteFault) -> Appended {
        var record = CustomerRecord(
            customer: id, time: now, catalogSequence: names.pricing.sequence,
            previousPosition: previousPosition, facts: facts, request: request)
        do {
            // In this order: most records hold nothing personal, and then nothing is touched.
            if facts.contains(where: { $0.isPersonal }), let keys = repository.keys {
                record.key = keys.isLive(key) ? key : try keys.allocate()
            } else if record.hidesReply, let keys = repository.keys, keys.isLive(key) {
                record.key = key
            }
        } catch {
            throw .unavailable(error)
        }
        let seals = record.key == 0 ? nil : repository.keys
        // A plan for each of thousands of entities makes a record that no call's memory holds.
        let arena = facts.count > Commit.usualFacts ? Arena(cap: .max) : workspace.arena
        defer { withExtendedLifetime(arena) {} }
        let bytes = RecordWriter(arena: arena, seals: seals).record(record, reply: message)
        do {
            let appended = try repository.log.append(bytes)
            repository.raiseFloor(to: now)
            if record.key != 0 { key = record.key }
            return appended
        } catch {
            if record.key != 0, record.key != key { repository.keys?.giveBack(record.key) }
            throw .unavailable(error)
        }
    }
}

/// What is personal going.
extension Commit {
    /// A customer that may be in day files by what records in the clear said has no key of which
    /// the erasure could be made out after a crash: it gets one, to be destroyed.
    private func prepareErasure(
        _ command: Command, of draft: inout CustomerState
    ) throws(ExecuteFault) -> UInt32? {
        guard command.isErasing else { return nil }
        guard let keys = repository.keys else { throw .refused(.erasureNeedsUpgrade) }
        guard draft.key == 0, keys.header.sealedAfter > 0 else { return nil }
        do {
            draft.key = try keys.allocate()
            return draft.key
        } catch {
            throw .unavailable(error)
        }
    }

    /// Under the shard's lock: no snapshot gets its name in between.
    private func note(_ facts: [Fact], _ appended: Appended) {
        for case .customerErased(let key) in facts where key != 0 {
            repository.erasures.begin(
                Erasures.Erasure(
                    customer: id, key: key, sequence: appended.sequence,
                    position: appended.position))
        }
    }
}
