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
            let kind =
                switch change.subject {
                case .feature: "feature"
                case .plan: "plan"
                case .settings: "settings"
                case .coupon: "coupon"
                case .featureGrant: "feature_grant"
                case .planGift: "plan_gift"
                case .referralProgramme: "referral_programme"
                case .taxRate: "tax_rate"
                }
            line.pointee.kind = arena.string(kind)
            line.pointee.id = arena.string(change.id)
            line.pointee.created = change.created ? 1 : 0
            line.pointee.revision = change.revision
            line.pointee.deleted = change.deleted ? 1 : 0
            return line
        }
        return arena.pack(message)
    }

    /// The reply to `GetCatalog`.
    ///
    /// - Parameter allVersions: not only those that are sold now.
    package func catalog(allVersions: Bool = false) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_catalog_response__init)
        let pricing = names.pricing
        let shown = allVersions ? pricing.allVersions : pricing.latestRevisions
        var draft = PricingDraft(
            currency: pricing.currency?.code ?? "", features: pricing.listedFeatures,
            plans: shown.map { pricing.plan($0) })
        if pricing.settings != PricingSettings() { draft.settings = pricing.settings }
        draft.rewards = pricing.rewards
        draft.taxRates = pricing.taxRates
        let catalog = CatalogWriter(arena: arena).message(
            draft, revisions: shown.map(\.revision))
        for (index, reference) in shown.enumerated() {
            catalog.pointee.plans[index]?.pointee.version = pricing.version(of: reference)
        }
        message.pointee.catalog = catalog
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
        if let settings = draft.settings {
            message.pointee.settings = self.settings(settings)
        }
        add(draft.rewards, to: message)
        addReferrals(draft.rewards, to: message)
        add(draft.taxRates, to: message)
        (message.pointee.n_deleted_feature_ids, message.pointee.deleted_feature_ids) =
            arena.list(draft.removedFeatures) { arena.string($0) }
        (message.pointee.n_deleted_plan_ids, message.pointee.deleted_plan_ids) =
            arena.list(draft.removedPlans) { arena.string($0) }
        return message
    }

    private func settings(
        _ settings: PricingSettings
    ) -> UnsafeMutablePointer<Tally__V1__PricingSettings> {
        let message = arena.make(tally__v1__pricing_settings__init)
        message.pointee.keep_free_overage = settings.keepsFreeOverage ? 1 : 0
        if !settings.includesPastDue {
            message.pointee._include_past_due_case =
                TALLY__V1__PRICING_SETTINGS___INCLUDE_PAST_DUE_INCLUDE_PAST_DUE
            message.pointee.include_past_due = 0
        }
        if !settings.convertsToCharges {
            message.pointee._charge_after_first_payment_case =
                TALLY__V1__PRICING_SETTINGS___CHARGE_AFTER_FIRST_PAYMENT_CHARGE_AFTER_FIRST_PAYMENT
            message.pointee.charge_after_first_payment = 0
        }
        message.pointee.reverse_deduction_order = settings.reversesDeductionOrder ? 1 : 0
        if settings.dunning != Dunning() {
            let dunning = arena.make(tally__v1__dunning__init)
            (dunning.pointee.n_retry_days, dunning.pointee.retry_days) = arena.numbers(
                settings.dunning.retryDays)
            dunning.pointee.end =
                settings.dunning.cancels
                ? TALLY__V1__DUNNING_END__DUNNING_END_CANCEL
                : TALLY__V1__DUNNING_END__DUNNING_END_KEEP
            message.pointee.dunning = dunning
        }
        if settings.disputes != .keep {
            message.pointee.dispute_behavior = Tally__V1__DisputeBehavior(
                UInt32(settings.disputes.rawValue))
        }
        message.pointee.default_tax_rate_id = arena.string(settings.defaultTaxRate)
        message.pointee.automatic_tax = Tally__V1__AutomaticTax(
            UInt32(settings.automaticTax.rawValue))
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
        (message.pointee.n_event_names, message.pointee.event_names) =
            arena.list(feature.eventNames) { arena.string($0) }
        message.pointee.shadow = feature.isShadow ? 1 : 0
        message.pointee.archived = feature.isArchived ? 1 : 0
        markups(feature.markups, message)
        return message
    }

    private func markups(
        _ markups: TokenMarkups, _ message: UnsafeMutablePointer<Tally__V1__Feature>
    ) {
        message.pointee.default_markup = markups.standard.double
        (message.pointee.n_provider_markups, message.pointee.provider_markups) =
            arena.list(markups.providers) { provider in
                let part = arena.make(tally__v1__provider_markup__init)
                part.pointee.provider = arena.string(provider.name)
                part.pointee.percentage = provider.percentage.double
                return part
            }
        (message.pointee.n_model_markups, message.pointee.model_markups) =
            arena.list(markups.models) { model in
                let part = arena.make(tally__v1__model_markup__init)
                part.pointee.model_id = arena.string(model.id)
                if let percentage = model.percentage {
                    part.pointee._percentage_case =
                        TALLY__V1__MODEL_MARKUP___PERCENTAGE_PERCENTAGE
                    part.pointee.percentage = percentage.double
                }
                part.pointee.prices = model.prices.map { prices($0) }
                return part
            }
    }

    private func prices(_ prices: TokenPrices) -> UnsafeMutablePointer<Tally__V1__TokenPrices> {
        let message = arena.make(tally__v1__token_prices__init)
        func text(_ kind: TokenKind) -> UnsafeMutablePointer<CChar> {
            arena.string(prices[kind]?.text ?? "")
        }
        message.pointee.input = text(.input)
        message.pointee.output = text(.output)
        message.pointee.cache_read = text(.cacheRead)
        message.pointee.cache_write = text(.cacheWrite)
        message.pointee.audio_input = text(.audioInput)
        message.pointee.audio_output = text(.audioOutput)
        message.pointee.reasoning = text(.reasoning)
        return message
    }

    func plan(
        _ plan: Plan, revision: UInt32
    ) -> UnsafeMutablePointer<Tally__V1__Plan> {
        let message = arena.make(tally__v1__plan__init)
        message.pointee.plan_id = arena.string(plan.id)
        message.pointee.name = arena.string(plan.name)
        message.pointee.group = arena.string(plan.group)
        message.pointee.add_on = plan.addOn ? 1 : 0
        message.pointee.auto_enable = plan.autoEnable ? 1 : 0
        message.pointee.archived = plan.isArchived ? 1 : 0
        message.pointee.revision = revision
        message.pointee.price = plan.price.map { price($0) }
        message.pointee.free_trial = plan.trial.map { trial($0) }
        (message.pointee.n_items, message.pointee.items) = arena.list(plan.items) { item($0) }
        if !plan.controls.isEmpty {
            message.pointee.controls = ControlsWriter(arena: arena).message(
                plan.controls.controls
            ) { arena.string(plan.controls.id(of: $0)) }
        }
        return message
    }

    func price(_ price: BasePrice) -> UnsafeMutablePointer<Tally__V1__BasePrice> {
        let message = arena.make(tally__v1__base_price__init)
        message.pointee.amount = arena.string(price.amount.text)
        message.pointee.interval = Tally__V1__Interval(UInt32(price.cycle.interval.rawValue))
        // What is left out counts as 1.
        if price.cycle.count > 1 { message.pointee.interval_count = UInt32(price.cycle.count) }
        (message.pointee.n_additional_currencies, message.pointee.additional_currencies) =
            currencies(price.others)
        return message
    }

    private func currencies(_ others: [CurrencyPrice]) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__CurrencyPrice>?>?
    ) {
        arena.list(others) { other in
            let message = arena.make(tally__v1__currency_price__init)
            message.pointee.currency = arena.string(other.currency.code)
            if other.tiers.isEmpty { message.pointee.amount = arena.string(other.amount.text) }
            (message.pointee.n_tiers, message.pointee.tiers) = tiers(other.tiers)
            return message
        }
    }

    private func trial(_ trial: FreeTrial) -> UnsafeMutablePointer<Tally__V1__FreeTrial> {
        let message = arena.make(tally__v1__free_trial__init)
        message.pointee.duration_length = UInt32(trial.length)
        message.pointee.duration_type = Tally__V1__TrialUnit(UInt32(trial.unit.rawValue))
        message.pointee.card_not_required = trial.needsCard ? 0 : 1
        message.pointee.unique_fingerprint = trial.isUnique ? 1 : 0
        if trial.onEnd == .revert {
            message.pointee.on_end = TALLY__V1__TRIAL_END__TRIAL_END_REVERT
        }
        return message
    }

    private func prepaid(
        _ prepaid: PrepaidPrice
    ) -> UnsafeMutablePointer<Tally__V1__PrepaidPrice> {
        let message = arena.make(tally__v1__prepaid_price__init)
        let price = prepaid.price
        if price.tiers.count == 1 {
            message.pointee.amount = arena.string(price.tiers[0].amount.text)
        } else {
            (message.pointee.n_tiers, message.pointee.tiers) = tiers(price.tiers)
            message.pointee.tier_behavior = Tally__V1__TierBehavior(
                UInt32(price.behavior.rawValue))
        }
        message.pointee.billing_units = price.packSize.double
        message.pointee.interval = Tally__V1__Interval(UInt32(prepaid.cycle.interval.rawValue))
        if prepaid.cycle.count > 1 {
            message.pointee.interval_count = UInt32(prepaid.cycle.count)
        }
        if let most = prepaid.maxPurchase {
            message.pointee._max_purchase_case =
                TALLY__V1__PREPAID_PRICE___MAX_PURCHASE_MAX_PURCHASE
            message.pointee.max_purchase = most.double
        }
        (message.pointee.n_additional_currencies, message.pointee.additional_currencies) =
            currencies(prepaid.others)
        message.pointee.on_increase = Tally__V1__IncreaseBehavior(
            UInt32(prepaid.onIncrease.rawValue))
        message.pointee.on_decrease = Tally__V1__DecreaseBehavior(
            UInt32(prepaid.onDecrease.rawValue))
        message.pointee.per_seat = prepaid.isPerSeat ? 1 : 0
        return message
    }

    private func tiers(_ tiers: [Price.Tier]) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__PriceTier>?>?
    ) {
        arena.list(tiers) { tier in
            let message = arena.make(tally__v1__price_tier__init)
            if let end = tier.upTo {
                message.pointee._up_to_case = TALLY__V1__PRICE_TIER___UP_TO_UP_TO
                message.pointee.up_to = end.double
            }
            message.pointee.amount = arena.string(tier.amount.text)
            if tier.flat != .zero { message.pointee.flat_amount = arena.string(tier.flat.text) }
            return message
        }
    }

    func item(_ item: PlanItem) -> UnsafeMutablePointer<Tally__V1__PlanItem> {
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
        message.pointee.usage_price = item.usagePrice.map { usagePrice($0) }
        message.pointee.prepaid_price = item.prepaidPrice.map { prepaid($0) }
        message.pointee.rollover = item.rollover.map { rollover($0) }
        if let entity = item.entityFeatureID {
            message.pointee.entity_feature_id = arena.string(entity)
        }
        return message
    }

    private func usagePrice(_ price: UsagePrice) -> UnsafeMutablePointer<Tally__V1__UsagePrice> {
        let usage = arena.make(tally__v1__usage_price__init)
        if price.tiers.isEmpty { usage.pointee.amount = arena.string(price.amount.text) }
        (usage.pointee.n_tiers, usage.pointee.tiers) = tiers(price.tiers)
        usage.pointee.billing_units = price.billingUnits.double
        (usage.pointee.n_additional_currencies, usage.pointee.additional_currencies) =
            currencies(price.others)
        if let most = price.maxPurchase {
            usage.pointee._max_purchase_case = TALLY__V1__USAGE_PRICE___MAX_PURCHASE_MAX_PURCHASE
            usage.pointee.max_purchase = most.double
        }
        return usage
    }

    private func rollover(_ rollover: Rollover) -> UnsafeMutablePointer<Tally__V1__RolloverRule> {
        let message = arena.make(tally__v1__rollover_rule__init)
        message.pointee.months = rollover.months
        switch rollover.cap {
        case .none: break
        case .units(let units):
            message.pointee.cap_case = TALLY__V1__ROLLOVER_RULE__CAP_MAX
            message.pointee.max = units.double
        case .percentage(let percentage):
            message.pointee.cap_case = TALLY__V1__ROLLOVER_RULE__CAP_MAX_PERCENTAGE
            message.pointee.max_percentage = percentage.double
        }
        return message
    }
}
