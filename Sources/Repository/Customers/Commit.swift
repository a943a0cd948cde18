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

    func result(
        of command: Command, in shard: inout Shard, _ finished: inout Finished?
    ) -> Result<Execution, ExecuteFault> {
        do throws(ExecuteFault) {
            return .success(try run(command, in: &shard, &finished))
        } catch {
            return .failure(error)
        }
    }

    private func run(
        _ command: Command, in shard: inout Shard, _ finished: inout Finished?
    ) throws(ExecuteFault) -> Execution {
        let now = repository.now
        guard let row = shard.find(id, hash: hash) else {
            guard case .create = command else { throw .refused(.customerNotFound(id.text)) }
            return try runOnDraft(
                CustomerState(id: id), nil, command, now: now, in: &shard, &finished)
        }
        if shard.rows[row].nextDue > now {
            switch command {
            case .track(let usage):
                return try runInPlace(row, now, &shard) { (buckets, pricing) throws(Refusal) in
                    try buckets.decideTrack(usage, pricing: pricing, now: now)
                }
            case .checkAndDeduct(let query):
                return try runInPlace(row, now, &shard) { (buckets, pricing) throws(Refusal) in
                    try buckets.decideCheckAndDeduct(query, pricing: pricing)
                }
            case .create, .attach, .settle, .completeCheckout, .advance: break
            }
        }
        let customer = try repository.opened(shard.rows[row], workspace)
        return try runOnDraft(customer, row, command, now: now, in: &shard, &finished)
    }

    /// The short way: nothing is due, and both the decision and its facts are about buckets only.
    private func runInPlace(
        _ row: Int, _ now: Timestamp, _ shard: inout Shard,
        _ decide: (borrowing BucketSet, PricingState) throws(Refusal) -> Decision
    ) throws(ExecuteFault) -> Execution {
        let names = repository.current(self.names, for: shard.rows[row].catalogSequence)
        let decision: Decision
        do {
            decision = try shard.withBuckets(row) { (buckets) throws(Refusal) in
                try decide(buckets, names.pricing)
            }
        } catch {
            throw .refused(error)
        }
        let message = ReplyWriter(arena: workspace.arena, names: names).message(decision.reply)
        if !decision.facts.isEmpty {
            let appended = try append(
                decision.facts, answering: request, message, now, names,
                after: shard.rows[row].position)
            for fact in decision.facts {
                let isApplied = shard.rows[row].buckets.apply(fact)
                precondition(isApplied, "what was decided on buckets alone is about them alone")
            }
            shard.rows[row].sequence = appended.sequence
            shard.rows[row].position = appended.position.rawValue
            shard.rows[row].catalogSequence = names.pricing.sequence
            if let request {
                repository.remember(request, customer: hash, at: appended.position, in: &shard)
            }
        }
        workspace.reply = decision.reply
        return .done(
            Outcome(message: message, point: repository.point(shard.rows[row].sequence)))
    }

    /// The general way: on a copy, which takes the row's place once its record is in the log.
    private func runOnDraft(
        _ customer: CustomerState, _ row: Int?, _ command: Command, now: Timestamp,
        in shard: inout Shard, _ finished: inout Finished?
    ) throws(ExecuteFault) -> Execution {
        var draft = customer
        let names = repository.current(self.names, for: customer.catalogSequence)
        var facts = draft.advance(
            to: now, pricing: names.pricing, effectID: repository.newEffectID())
        for fact in facts { draft.apply(fact) }
        let decision: Decision
        var refusal: Refusal?
        do {
            decision = try draft.decide(command, pricing: names.pricing, now: now)
        } catch {
            // What was due has happened, whatever becomes of the command.
            refusal = error
            decision = Decision()
        }
        for fact in decision.facts { draft.apply(fact) }
        facts += decision.facts
        let writer = ReplyWriter(arena: workspace.arena, names: names)
        var message = writer.message(decision.reply)
        if case .created(let created) = decision.reply {
            message = writer.getOrCreateCustomer(draft, created: created)
        }
        if !facts.isEmpty {
            let mark = decision.facts.isEmpty ? nil : decision.settlesRequest ?? request
            let appended = try append(
                facts, answering: mark, message, now, names, after: customer.position)
            draft.sequence = appended.sequence
            draft.position = appended.position.rawValue
            draft.catalogSequence = names.pricing.sequence
            shard.put(CustomerRow(draft, arena: workspace.arena), at: row, hash: hash)
            if let mark {
                repository.remember(mark, customer: hash, at: appended.position, in: &shard)
            }
            finished = .effects(facts, sequence: appended.sequence)
        }
        if let refusal { throw .refused(refusal) }
        workspace.reply = decision.reply
        return .done(Outcome(message: message, point: repository.point(draft.sequence)))
    }

    private func append(
        _ facts: [Fact], answering request: RequestMark?, _ message: UnsafeRawBufferPointer,
        _ now: Timestamp, _ names: PricingNames, after previousPosition: UInt64
    ) throws(ExecuteFault) -> Appended {
        let record = CustomerRecord(
            customer: id, time: now, catalogSequence: names.pricing.sequence,
            previousPosition: previousPosition, facts: facts, request: request)
        let bytes = RecordWriter(arena: workspace.arena).record(record, reply: message)
        do {
            let appended = try repository.log.append(bytes)
            repository.raiseFloor(to: now)
            return appended
        } catch {
            throw .unavailable(error)
        }
    }
}
