// Balances that are brought in as they stand.
extension FactSheet {
    mutating func take(_ asked: ImportedBalance, at path: String) throws(Refusal) {
        let entity = try customer.buckets.scope(of: asked.entity).entity
        guard let plan = asked.plan else { return try open(asked, at: path) }
        let cycle = asked.reset ?? Cycle(.oneOff)
        var grants: [Bucket] = []
        customer.buckets.each { bucket, owner in
            guard owner == entity, bucket.feature == asked.feature, bucket.plan == plan,
                asked.isOfAnyCycle || bucket.cycle.isAsLong(as: cycle)
            else { return }
            grants.append(bucket)
        }
        if asked.isOfAnyCycle, grants.count > 1 {
            throw .unfit(
                "\(path).reset", "is required: the plan grants the feature in several ways")
        }
        let found = grants.first
        guard var bucket = found else {
            throw .unfit(
                path, "the customer has no such grant of \(pricing.feature(asked.feature).id)")
        }
        guard !bucket.flags.contains(.boolean), !bucket.flags.contains(.unlimited) else { return }
        bucket.balance =
            asked.isWhole
            ? asked.remaining : bucket.granted - (asked.granted - asked.remaining)
        if let next = asked.nextReset, bucket.nextReset != .never {
            guard next > now else {
                throw .unfit("\(path).next_reset_time", "must be in the future")
            }
            bucket.nextReset = next
        }
        guard bucket != found else { return }
        emit(.bucketChanged(bucket, entity: entity))
    }

    private mutating func open(_ asked: ImportedBalance, at path: String) throws(Refusal) {
        var open = OpenBalance(feature: asked.feature)
        open.entity = asked.entity
        let isFlag = pricing.kind(of: asked.feature) == .boolean
        open.granted = asked.unlimited || isFlag ? nil : asked.granted
        open.unlimited = asked.unlimited
        open.reset = asked.reset
        open.nextReset = asked.nextReset
        open.expires = asked.expires
        let opened: Decision
        do {
            opened = try customer.decideOpenBalance(open, pricing: pricing, now: now)
        } catch {
            throw error.within(path)
        }
        for var fact in opened.facts {
            if case .bucketOpened(var bucket, let entity) = fact, !asked.unlimited, !isFlag {
                bucket.balance = asked.remaining
                fact = .bucketOpened(bucket, entity: entity)
            }
            emit(fact)
        }
    }
}

extension Refusal {
    /// What is wrong lies in this part of the request.
    fileprivate func within(_ path: String) -> Refusal {
        guard case .invalid(let violations) = self else { return self }
        return .invalid(
            violations.map { Violation(path: "\(path).\($0.path)", message: $0.message) })
    }
}
