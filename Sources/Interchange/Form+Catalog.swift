internal import Billing
internal import Wire

extension Form {
    /// The revisions that its plans get stand beside them.
    mutating func publication(_ value: inout Publication) throws(FormFault) {
        try number("sequence", &value.sequence)
        try time("time", &value.time)
        try text("request_id", &value.requestID)
        try text("currency", &value.draft.currency)
        try list(
            "features", &value.draft.features, empty: Feature(id: "", name: "", kind: .boolean)
        ) { (form, feature) throws(FormFault) in try form.feature(&feature) }
        var plans = zip(value.draft.plans, value.revisions)
            .map { PlanRevision(plan: $0, revision: $1) }
        try list("plans", &plans, empty: PlanRevision(plan: Plan(id: "", name: ""), revision: 0)) {
            (form, plan) throws(FormFault) in
            try form.plan(&plan)
        }
        value.draft.plans = plans.map(\.plan)
        value.revisions = plans.map(\.revision)
        try since(2) { form throws(FormFault) in
            try form.part("settings", &value.draft.settings, empty: PricingSettings()) {
                (form, settings) throws(FormFault) in
                try form.flag("keep_free_overage", &settings.keepsFreeOverage)
                try form.flag("include_past_due", &settings.includesPastDue, unless: true)
                try form.flag(
                    "reverse_deduction_order", &settings.reversesDeductionOrder, unless: false)
                try form.dunning(&settings.dunning)
                try form.disputes(&settings.disputes)
                try form.flag(
                    "charge_after_first_payment", &settings.convertsToCharges, unless: true)
                try form.taxRateID(&settings.defaultTaxRate, "default_tax_rate")
                try form.automaticTax(&settings.automaticTax)
            }
        }
        try since(5) { form throws(FormFault) in try form.rewards(&value.draft.rewards) }
        try since(6) { form throws(FormFault) in try form.referralCatalog(&value.draft.rewards) }
        try taxRates(&value.draft.taxRates)
        // As with the clock: most have none.
        if isReading ? has("deleted_features") : !value.draft.removedFeatures.isEmpty {
            try texts("deleted_features", &value.draft.removedFeatures)
        }
        if isReading ? has("deleted_plans") : !value.draft.removedPlans.isEmpty {
            try texts("deleted_plans", &value.draft.removedPlans)
        }
    }

    private struct PlanRevision {
        var plan: Plan
        var revision: UInt32
    }

    private mutating func feature(_ value: inout Feature) throws(FormFault) {
        try text("id", &value.id)
        try text("name", &value.name)
        try word(
            "type", &value.kind,
            [
                (.boolean, "boolean"), (.metered, "metered"), (.allocated, "allocated"),
                (.creditSystem, "credit_system"), (.aiCreditSystem, "ai_credit_system"),
                (.concurrency, "concurrency"),
            ])
        try list(
            "credit_costs", &value.creditCosts, empty: CreditCost(featureID: "", credits: .zero)
        ) { (form, cost) throws(FormFault) in
            try form.text("feature", &cost.featureID)
            try form.price("credits", &cost.credits)
        }
        try since(2) { form throws(FormFault) in
            try form.texts("event_names", &value.eventNames)
        }
        try flag("shadow", &value.isShadow, unless: false)
        try flag("archived", &value.isArchived, unless: false)
        try since(3) { form throws(FormFault) in try form.markups(&value.markups) }
    }

    private mutating func markups(_ value: inout TokenMarkups) throws(FormFault) {
        try quantity("default_markup", &value.standard)
        try list(
            "provider_markups", &value.providers,
            empty: TokenMarkups.Provider(name: "", percentage: .zero)
        ) { (form, provider) throws(FormFault) in
            try form.text("provider", &provider.name)
            try form.quantity("percentage", &provider.percentage)
        }
        try list("model_markups", &value.models, empty: TokenMarkups.Model(id: "")) {
            (form, model) throws(FormFault) in
            try form.text("model", &model.id)
            try form.quantity("percentage", &model.percentage)
            try form.part("prices", &model.prices, empty: TokenPrices(input: .zero, output: .zero))
            {
                (form, prices) throws(FormFault) in
                for kind in TokenKind.allCases {
                    try form.optional(kind.name, &prices[kind], empty: .zero) {
                        (form, price) throws(FormFault) in
                        try form.price(kind.name, &price)
                    }
                }
            }
        }
    }

    private mutating func plan(_ value: inout PlanRevision) throws(FormFault) {
        try text("id", &value.plan.id)
        try number("revision", &value.revision)
        try flag("archived", &value.plan.isArchived, unless: false)
        try plan(&value.plan)
    }

    /// Without its id.
    mutating func plan(_ value: inout Plan) throws(FormFault) {
        try text("name", &value.name)
        try text("group", &value.group)
        try flag("add_on", &value.addOn)
        try flag("auto_enable", &value.autoEnable)
        try part(
            "price", &value.price, empty: BasePrice(amount: .zero, cycle: Cycle(.month))
        ) { (form, price) throws(FormFault) in
            try form.price("amount", &price.amount)
            try form.interval("interval", &price.cycle.interval)
            try form.since(4) { form throws(FormFault) in
                try form.number("interval_count", &price.cycle.count)
            }
            try form.currencies(&price.others)
        }
        try since(4) { form throws(FormFault) in
            try form.part(
                "free_trial", &value.trial, empty: FreeTrial(length: 1, unit: .day)
            ) { (form, trial) throws(FormFault) in
                try form.number("length", &trial.length)
                try form.word(
                    "unit", &trial.unit, [(.day, "day"), (.month, "month"), (.year, "year")])
                try form.flag("needs_card", &trial.needsCard)
                try form.since(6) { form throws(FormFault) in
                    try form.flag("unique_fingerprint", &trial.isUnique)
                }
                try form.since(7) { form throws(FormFault) in
                    guard form.isReading ? form.has("on_end") : trial.onEnd != .bill else {
                        return
                    }
                    try form.word(
                        "on_end", &trial.onEnd, [(.bill, "bill"), (.revert, "revert")])
                }
            }
        }
        let empty = PlanItem(
            featureID: "", included: .zero, unlimited: false, reset: nil, usagePrice: nil)
        try list("items", &value.items, empty: empty) { (form, item) throws(FormFault) in
            try form.item(&item)
        }
        try since(2) { form throws(FormFault) in
            try form.controls(&value.controls)
        }
    }

    /// Their features may be published with the plan.
    private mutating func controls(_ value: inout PlanControls) throws(FormFault) {
        var names = value
        try whole("controls", &value.controls, empty: .none) { (form, controls) throws(FormFault) in
            try form.controls(&controls) { (form, key, feature) throws(FormFault) in
                var id = form.isReading ? "" : names.id(of: feature)
                try form.text(key, &id)
                feature = names.number(of: id)
            }
        }
        names.controls = value.controls
        value = names
    }
}
