package import Billing
internal import CProtobufC
internal import CTallyProto

extension ReplyWriter {
    /// The reply to `PublishCatalog`.
    package func published(
        _ changes: [PricingChange], sequence: UInt64
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__publish_catalog_response__init)
        message.pointee.catalog_sequence = sequence
        (message.pointee.n_changes, message.pointee.changes) = arena.list(changes) { change in
            let line = arena.make(tally__v1__catalog_change__init)
            line.pointee.kind = arena.string(change.subject == .feature ? "feature" : "plan")
            line.pointee.id = arena.string(change.id)
            line.pointee.created = change.created ? 1 : 0
            line.pointee.revision = change.revision
            return line
        }
        return arena.pack(message)
    }

    /// The reply to `GetCatalog`.
    package func catalog() -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_catalog_response__init)
        let pricing = names.pricing
        let draft = PricingDraft(
            currency: pricing.currency?.code ?? "", features: pricing.features,
            plans: pricing.plans.compactMap(\.last))
        message.pointee.catalog = CatalogWriter(arena: arena).message(
            draft, revisions: pricing.plans.map { UInt32($0.count) })
        message.pointee.catalog_sequence = pricing.sequence
        return arena.pack(message)
    }
}

/// Writes features and plans, for replies and for the directory's log.
struct CatalogWriter {
    let arena: Arena

    func message(
        _ draft: PricingDraft, revisions: [UInt32]
    ) -> UnsafeMutablePointer<Tally__V1__PricingCatalog> {
        let message = arena.make(tally__v1__pricing_catalog__init)
        message.pointee.currency = arena.string(draft.currency)
        (message.pointee.n_features, message.pointee.features) = arena.list(draft.features) {
            feature($0)
        }
        (message.pointee.n_plans, message.pointee.plans) = arena.list(
            zip(draft.plans, revisions).map { $0 }
        ) { plan($0.0, revision: $0.1) }
        return message
    }

    private func feature(_ feature: Feature) -> UnsafeMutablePointer<Tally__V1__Feature> {
        let message = arena.make(tally__v1__feature__init)
        message.pointee.feature_id = arena.string(feature.id)
        message.pointee.name = arena.string(feature.name)
        message.pointee.type = Tally__V1__FeatureType(UInt32(feature.kind.rawValue))
        (message.pointee.n_credit_costs, message.pointee.credit_costs) =
            arena.list(feature.creditCosts) { cost in
                let line = arena.make(tally__v1__credit_cost__init)
                line.pointee.feature_id = arena.string(cost.featureID)
                line.pointee.credits = arena.string(cost.credits.text)
                return line
            }
        return message
    }

    private func plan(
        _ plan: Plan, revision: UInt32
    ) -> UnsafeMutablePointer<Tally__V1__Plan> {
        let message = arena.make(tally__v1__plan__init)
        message.pointee.plan_id = arena.string(plan.id)
        message.pointee.name = arena.string(plan.name)
        message.pointee.group = arena.string(plan.group)
        message.pointee.add_on = plan.addOn ? 1 : 0
        message.pointee.auto_enable = plan.autoEnable ? 1 : 0
        message.pointee.revision = revision
        if let price = plan.price {
            let base = arena.make(tally__v1__base_price__init)
            base.pointee.amount = arena.string(price.amount.text)
            base.pointee.interval = Tally__V1__Interval(UInt32(price.interval.rawValue))
            message.pointee.price = base
        }
        (message.pointee.n_items, message.pointee.items) = arena.list(plan.items) { item($0) }
        return message
    }

    private func item(_ item: PlanItem) -> UnsafeMutablePointer<Tally__V1__PlanItem> {
        let message = arena.make(tally__v1__plan_item__init)
        message.pointee.feature_id = arena.string(item.featureID)
        message.pointee.included = item.included.double
        message.pointee.unlimited = item.unlimited ? 1 : 0
        if let reset = item.reset {
            let cycle = arena.make(tally__v1__reset_interval__init)
            cycle.pointee.interval = Tally__V1__Interval(UInt32(reset.interval.rawValue))
            cycle.pointee.interval_count = UInt32(reset.count)
            message.pointee.reset = cycle
        }
        if let price = item.usagePrice {
            let usage = arena.make(tally__v1__usage_price__init)
            usage.pointee.amount = arena.string(price.amount.text)
            usage.pointee.billing_units = price.billingUnits.double
            if let most = price.maxPurchase {
                usage.pointee._max_purchase_case =
                    TALLY__V1__USAGE_PRICE___MAX_PURCHASE_MAX_PURCHASE
                usage.pointee.max_purchase = most.double
            }
            message.pointee.usage_price = usage
        }
        return message
    }
}
