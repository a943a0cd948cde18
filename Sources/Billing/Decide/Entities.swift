/// Parts of a customer with balances of their own (entitlements §8.3).
extension CustomerState {
    func decideCreateEntity(
        _ create: CreateEntity, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let feature = pricing.feature(create.feature)
        guard feature.kind == .allocated else {
            throw .invalid([
                Violation(path: "feature_id", message: "must be an allocated feature")
            ])
        }
        try create.controls.checkEntity()
        let violations = create.controls.violations { pricing.kind(of: $0) }
        guard violations.isEmpty else { throw .invalid(violations) }
        let extras = buckets.extras
        let unnamed = extras.entities.unnamed(of: create.feature)
        if create.id.isEmpty {
            guard unnamed == nil else { throw .entityIDRequired(featureID: feature.id) }
        } else if extras.entities.find(create.id) != nil {
            throw .entityExists(create.id.text)
        } else if let unnamed {
            return claim(unnamed, create)
        }
        guard extras.entities.count < Entity.countLimit else {
            throw .tooMany("entities", limit: Entity.countLimit)
        }
        var sheet = FactSheet(self, pricing: pricing, now: now)
        let entity = Entity(
            number: extras.lastEntity + 1, id: create.id, feature: create.feature,
            name: create.name, created: now)
        sheet.emit(.entityCreated(entity))
        try sheet.takeSeat(of: create.feature)
        sheet.grantSlices(to: entity.number, of: create.feature)
        if !create.controls.isEmpty {
            sheet.emit(
                .controlsSet(
                    OwnedControls(owner: .entity(entity.number), controls: create.controls)))
        }
        return Decision(facts: sheet.facts, reply: .entity(entity.number))
    }

    /// The entity that was made without an id gets one: it has its seat and its grants already.
    private func claim(_ entity: Entity, _ create: CreateEntity) -> Decision {
        var facts: [Fact] = [.entityClaimed(number: entity.number, id: create.id)]
        if !create.name.isEmpty, create.name != entity.name {
            facts.append(.entityChanged(number: entity.number, name: create.name))
        }
        if !create.controls.isEmpty {
            facts.append(
                .controlsSet(
                    OwnedControls(owner: .entity(entity.number), controls: create.controls)))
        }
        return Decision(facts: facts, reply: .entity(entity.number))
    }

    func decideUpdateEntity(_ update: UpdateEntity) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: update.id)
        guard let name = update.name,
            name != buckets.extras.entities.entity(scope.entity)?.name
        else { return Decision(facts: [], reply: .entity(scope.entity)) }
        return Decision(
            facts: [.entityChanged(number: scope.entity, name: name)],
            reply: .entity(scope.entity))
    }

    func decideDeleteEntity(
        _ id: InlineText, pricing: PricingState, now: Timestamp
    ) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: id)
        guard let entity = buckets.extras.entities.entity(scope.entity) else {
            throw .entityNotFound(id.text)
        }
        // What is paid for it is for nobody else.
        if openEffect?.order.concerns(entity: entity.number) ?? false { throw .purchaseInProgress }
        var sheet = FactSheet(self, pricing: pricing, now: now)
        sheet.endPlans(of: entity.number)
        for bucket in sheet.customer.buckets.extras.entities.entity(entity.number)?.buckets ?? [] {
            sheet.emit(.bucketClosed(bucket: bucket.number, entity: entity.number))
        }
        sheet.emit(.entityDeleted(number: entity.number))
        sheet.giveSeat(of: entity.feature)
        return Decision(facts: sheet.facts, reply: .customer)
    }

    /// Replaces what is given, keeps the rest.
    func decideSetControls(
        _ set: SetControls, pricing: PricingState
    ) throws(Refusal) -> Decision {
        let scope = try buckets.scope(of: set.entity)
        let extras = buckets.extras
        let owner: ControlOwner = scope.isEntity ? .entity(scope.entity) : .customer
        let present =
            scope.isEntity
            ? extras.entities.entity(scope.entity)?.controls
            : extras.controls.first { $0.owner == .customer }?.controls
        var controls = present ?? .none
        if let limits = set.spendLimits { controls.spendLimits = limits }
        if let limits = set.usageLimits { controls.usageLimits = limits }
        if let alerts = set.usageAlerts { controls.usageAlerts = alerts }
        if let permissions = set.overagePermissions { controls.overagePermissions = permissions }
        if let topUps = set.autoTopUps { controls.autoTopUps = topUps }
        if scope.isEntity { try controls.checkEntity() }
        let violations = controls.violations { pricing.kind(of: $0) }
        guard violations.isEmpty else { throw .invalid(violations) }
        var facts: [Fact] = []
        if controls != present ?? .none {
            facts.append(.controlsSet(OwnedControls(owner: owner, controls: controls)))
        }
        if let isDisabled = set.isPoolingDisabled, isDisabled != extras.isPoolingDisabled {
            facts.append(.poolingSet(isDisabled: isDisabled))
        }
        return Decision(facts: facts, reply: .customer)
    }
}

extension Entity {
    package static let countLimit = 10_000
    package static let nameLimit = 256
}

extension FactSheet {
    /// One more of them is in use.
    fileprivate mutating func takeSeat(of feature: FeatureNumber) throws(Refusal) {
        let counting = counting(feature)
        let drawing = counting.draw(
            Demand(
                value: Quantity(units: 1), feature: feature, scope: .customer, overage: .cap,
                properties: []), pricing, now)
        guard !drawing.deduction.isEmpty else { return }
        guard drawing.isWhole else {
            throw .featureLimitReached(featureID: pricing.feature(feature).id)
        }
        var changes: [Fact] = []
        counting.deduct(
            drawing, feature: feature, nil, .customer, pricing, now, &changes)
        for change in changes { emit(change) }
    }

    /// Seats are counted in what is in use; in what is paused where nothing else counts them.
    private func counting(_ feature: FeatureNumber) -> BucketSet {
        let used = customer.inUse
        let isCounted = (0..<used.count).contains { used[$0].feature == feature }
        return isCounted ? used : customer.buckets
    }

    fileprivate mutating func giveSeat(of feature: FeatureNumber) {
        var deduction = Deduction(
            of: Quantity(units: -1), feature: feature, from: counting(feature), pricing: pricing,
            overage: .cap, now: now)
        for draw in deduction.run() {
            emit(.deducted(bucket: draw.bucket, amount: draw.amount, entity: draw.entity))
        }
    }
}

extension Controls {
    /// In each list.
    package static let countLimit = 100

    /// What is wrong with them (entitlements §7.1).
    package func violations(kind: (FeatureNumber) -> FeatureKind?) -> [Violation] {
        var found = concurrencyViolations(kind)
        func check<Item>(_ items: [Item], _ path: String, isSame: (Item, Item) -> Bool) {
            if items.count > Controls.countLimit {
                found.append(
                    Violation(path: path, message: "at most \(Controls.countLimit)"))
            }
            for (index, item) in items.enumerated()
            where items[..<index].contains(where: { isSame($0, item) }) {
                found.append(
                    Violation(
                        path: "\(path)[\(index)].feature_id", message: "appears twice"))
            }
        }
        check(spendLimits, "spend_limits") { $0.feature == $1.feature }
        check(usageLimits, "usage_limits") { $0.isRival(of: $1) }
        check(overagePermissions, "overage_permissions") { $0.feature == $1.feature }
        check(usageAlerts, "usage_alerts") { _, _ in false }
        check(autoTopUps, "auto_topups") { $0.feature == $1.feature }
        found += topUpViolations(kind)
        for (index, limit) in usageLimits.enumerated() {
            let path = "usage_limits[\(index)]"
            if limit.limit < .zero {
                found.append(Violation(path: "\(path).limit", message: "must not be negative"))
            }
            if limit.filter.count > UsageLimit.filterLimit {
                found.append(
                    Violation(
                        path: "\(path).filter", message: "at most \(UsageLimit.filterLimit) keys"))
            }
            switch limit.interval {
            case .day, .week, .month, .year: break
            case .oneOff, .minute, .hour, .quarter, .semiAnnual:
                found.append(
                    Violation(
                        path: "\(path).interval", message: "must be a day, week, month or year"))
            }
        }
        for (index, limit) in spendLimits.enumerated() {
            let path = "spend_limits[\(index)]"
            let (amount, field) =
                switch limit.bound {
                case .absent: (Quantity.zero, "")
                case .units(let units): (units, "overage_limit")
                case .percentage(let percentage): (percentage, "overage_percentage")
                }
            if amount < .zero {
                found.append(Violation(path: "\(path).\(field)", message: "must not be negative"))
            }
            if case .units = limit.bound, limit.feature == nil {
                found.append(
                    Violation(
                        path: "\(path).feature_id", message: "is required with overage_limit"))
            }
        }
        return found
    }

    /// What is held open is never used up, nor goes it beyond the limit: nothing to control.
    private func concurrencyViolations(
        _ kind: (FeatureNumber) -> FeatureKind?
    ) -> [Violation] {
        let lists: [(path: String, features: [FeatureNumber?])] = [
            ("spend_limits", spendLimits.map(\.feature)),
            ("usage_limits", usageLimits.map(\.feature)),
            ("usage_alerts", usageAlerts.map(\.feature)),
            ("overage_permissions", overagePermissions.map(\.feature)),
            ("auto_topups", autoTopUps.map(\.feature)),
        ]
        return lists.flatMap { list in
            list.features.enumerated().compactMap { index, feature in
                guard feature.flatMap(kind) == .concurrency else { return nil }
                return Violation(
                    path: "\(list.path)[\(index)].feature_id",
                    message: "is a concurrency limit, which takes no controls")
            }
        }
    }
}
