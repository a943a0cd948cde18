package import Billing
internal import CProtobufC
internal import CTallyProto

extension RequestReader {
    /// Faults of single values are found here, those of the whole by `PricingDraft.validate`; the
    /// caller reports both together.
    package func publish(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> (call: PublishCall, violations: [Violation]) {
        let message = try open(bytes, tally__v1__publish_catalog_request__init)
        var fields = FieldReader()
        let requestID = fields.requestID(message.pointee.request_id)
        guard let catalog = message.pointee.catalog else {
            throw .invalid([Violation(path: "catalog", message: "is required")])
        }
        var reader = DraftReader(prefix: "catalog.")
        let draft = reader.draft(catalog.pointee)
        var call = PublishCall(
            draft: draft, validateOnly: message.pointee.validate_only != 0,
            requestID: requestID?.text ?? "")
        if message.pointee._expected_sequence_case
            == TALLY__V1__PUBLISH_CATALOG_REQUEST___EXPECTED_SEQUENCE_EXPECTED_SEQUENCE
        {
            call.expectedSequence = message.pointee.expected_sequence
        }
        return (call, fields.violations + reader.fields.violations)
    }
}

extension RequestReader {
    /// Whether all versions are wanted.
    package func getCatalog(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> Bool {
        let message = try open(bytes, tally__v1__get_catalog_request__init)
        return message.pointee.all_versions != 0
    }
}

/// Reads a catalog message.
struct DraftReader {
    let prefix: String
    var fields = FieldReader()

    init(prefix: String) {
        self.prefix = prefix
    }

    mutating func draft(_ message: Tally__V1__PricingCatalog) -> PricingDraft {
        var features: [Feature] = []
        for (index, feature) in elements(message.n_features, message.features).enumerated() {
            features.append(self.feature(feature.pointee, at: "\(prefix)features[\(index)]"))
        }
        var plans: [Plan] = []
        for (index, plan) in elements(message.n_plans, message.plans).enumerated() {
            plans.append(self.plan(plan.pointee, at: "\(prefix)plans[\(index)]"))
        }
        var draft = PricingDraft(
            currency: text(message.currency), features: features, plans: plans)
        if let given = message.settings?.pointee {
            var settings = PricingSettings()
            settings.keepsFreeOverage = given.keep_free_overage != 0
            if given._include_past_due_case
                == TALLY__V1__PRICING_SETTINGS___INCLUDE_PAST_DUE_INCLUDE_PAST_DUE
            {
                settings.includesPastDue = given.include_past_due != 0
            }
            settings.reversesDeductionOrder = given.reverse_deduction_order != 0
            if let dunning = given.dunning?.pointee {
                settings.dunning = self.dunning(dunning, at: "\(prefix)settings.dunning")
            }
            settings.disputes = fields.word(
                given.dispute_behavior.rawValue, DisputeBehavior.keep,
                at: "\(prefix)settings.dispute_behavior")
            if given._charge_after_first_payment_case
                != TALLY__V1__PRICING_SETTINGS___CHARGE_AFTER_FIRST_PAYMENT__NOT_SET
            {
                settings.convertsToCharges = given.charge_after_first_payment != 0
            }
            settings.defaultTaxRate = text(given.default_tax_rate_id)
            settings.automaticTax = fields.word(
                given.automatic_tax.rawValue, AutomaticTax.off,
                at: "\(prefix)settings.automatic_tax")
            draft.settings = settings
        }
        draft.rewards = rewards(message)
        draft.taxRates = taxRates(message)
        draft.removedFeatures = elements(
            message.n_deleted_feature_ids, message.deleted_feature_ids
        ).map { text($0) }
        draft.removedPlans = elements(message.n_deleted_plan_ids, message.deleted_plan_ids)
            .map { text($0) }
        return draft
    }

    private mutating func feature(_ message: Tally__V1__Feature, at path: String) -> Feature {
        var costs: [CreditCost] = []
        for (index, cost) in elements(message.n_credit_costs, message.credit_costs).enumerated() {
            let price = self.price(
                cost.pointee.credits, at: "\(path).credit_costs[\(index)].credits")
            costs.append(CreditCost(featureID: text(cost.pointee.feature_id), credits: price))
        }
        var kind = FeatureKind.metered
        if let known = FeatureKind(rawValue: UInt8(clamping: message.type.rawValue)) {
            kind = known
        } else {
            fields.fault(
                "\(path).type",
                "must be boolean, metered, allocated, credit_system, ai_credit_system or "
                    + "concurrency")
        }
        var feature = Feature(
            id: text(message.feature_id), name: text(message.name), kind: kind, creditCosts: costs)
        feature.eventNames = (0..<message.n_event_names).map { text(message.event_names[$0]) }
        feature.markups = markups(message, at: path)
        feature.isShadow = message.shadow != 0
        feature.isArchived = message.archived != 0
        return feature
    }

    private mutating func markups(
        _ message: Tally__V1__Feature, at path: String
    ) -> TokenMarkups {
        var markups = TokenMarkups()
        markups.standard = percentage(message.default_markup, at: "\(path).default_markup")
        let providers = elements(message.n_provider_markups, message.provider_markups)
        for (index, provider) in providers.enumerated() {
            let path = "\(path).provider_markups[\(index)]"
            markups.providers.append(
                TokenMarkups.Provider(
                    name: text(provider.pointee.provider),
                    percentage: percentage(
                        provider.pointee.percentage, at: "\(path).percentage")))
        }
        let models = elements(message.n_model_markups, message.model_markups)
        for (index, model) in models.enumerated() {
            markups.models.append(
                self.model(model.pointee, at: "\(path).model_markups[\(index)]"))
        }
        return markups
    }

    private mutating func model(
        _ message: Tally__V1__ModelMarkup, at path: String
    ) -> TokenMarkups.Model {
        var model = TokenMarkups.Model(id: text(message.model_id))
        if message._percentage_case == TALLY__V1__MODEL_MARKUP___PERCENTAGE_PERCENTAGE {
            model.percentage = percentage(message.percentage, at: "\(path).percentage")
        }
        guard let given = message.prices?.pointee else { return model }
        let path = "\(path).prices"
        var prices = TokenPrices(
            input: price(given.input, at: "\(path).input"),
            output: price(given.output, at: "\(path).output"))
        let others: [(TokenKind, UnsafeMutablePointer<CChar>?)] = [
            (.cacheRead, given.cache_read), (.cacheWrite, given.cache_write),
            (.audioInput, given.audio_input), (.audioOutput, given.audio_output),
            (.reasoning, given.reasoning),
        ]
        for (kind, text) in others where !self.text(text).isEmpty {
            prices[kind] = price(text, at: "\(path).\(kind.name)")
        }
        model.prices = prices
        return model
    }

    private mutating func percentage(_ value: Double, at path: String) -> Quantity {
        fields.quantity(value, at: path) ?? .zero
    }

    mutating func plan(_ message: Tally__V1__Plan, at path: String) -> Plan {
        let price = message.price.map { basePrice($0.pointee, at: "\(path).price") }
        let items = self.items(message.n_items, message.items, at: "\(path).items")
        var plan = Plan(
            id: text(message.plan_id), name: text(message.name), group: text(message.group),
            addOn: message.add_on != 0, autoEnable: message.auto_enable != 0, price: price,
            items: items)
        plan.isArchived = message.archived != 0
        if let trial = message.free_trial?.pointee {
            plan.trial = self.trial(trial, at: "\(path).free_trial")
        }
        if let controls = message.controls {
            plan.controls = self.controls(controls.pointee, at: "\(path).controls")
        }
        return plan
    }

    mutating func basePrice(_ message: Tally__V1__BasePrice, at path: String) -> BasePrice {
        var base = BasePrice(
            amount: price(message.amount, at: "\(path).amount"),
            cycle: cycle(message.interval, message.interval_count, at: path))
        base.others = currencies(
            message.n_additional_currencies, message.additional_currencies, at: path)
        return base
    }

    mutating func items(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__PlanItem>?>?,
        at path: String
    ) -> [PlanItem] {
        var items: [PlanItem] = []
        for (index, item) in elements(count, list).enumerated() {
            items.append(self.item(item.pointee, at: "\(path)[\(index)]"))
        }
        return items
    }

    mutating func controls(_ message: Tally__V1__Controls, at path: String) -> PlanControls {
        var numbers = PlanControls()
        var reader = ControlsReader(prefix: "\(path).", fields: fields)
        let controls = reader.controls(message) { id in
            numbers.number(of: String(decoding: bytes(of: id), as: UTF8.self))
        }
        fields = reader.fields
        numbers.controls = controls
        return numbers
    }

    private mutating func item(_ message: Tally__V1__PlanItem, at path: String) -> PlanItem {
        var reset: Cycle?
        if let cycle = message.reset?.pointee { reset = fields.cycle(cycle, at: "\(path).reset") }
        var rollover: Rollover?
        if let rule = message.rollover?.pointee {
            rollover = fields.rollover(rule, at: "\(path).rollover")
        }
        let entityFeature = text(message.entity_feature_id)
        var usagePrice: UsagePrice?
        if let price = message.usage_price?.pointee {
            usagePrice = self.usagePrice(price, at: "\(path).usage_price")
        }
        var planItem = PlanItem(
            featureID: text(message.feature_id),
            included: fields.quantity(message.included, at: "\(path).included") ?? .zero,
            unlimited: message.unlimited != 0, reset: reset, usagePrice: usagePrice,
            rollover: rollover, entityFeatureID: entityFeature.isEmpty ? nil : entityFeature)
        if let price = message.prepaid_price?.pointee {
            planItem.prepaidPrice = prepaidPrice(price, at: "\(path).prepaid_price")
        }
        return planItem
    }

    func text(_ text: UnsafePointer<CChar>?) -> String {
        String(decoding: bytes(of: text), as: UTF8.self)
    }
}
