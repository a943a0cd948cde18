internal import Billing
internal import Wire

/// What clients ask for. A command that is new to the product gets a case here, what the model
/// expects of it in `Clients`, and is simulated from then on.
enum Deed {
    case create
    case track(Model.Feature, Int, refuses: Bool)
    case deduct(Model.Feature, Int)
    /// Of the paid plans' feature, which the model doesn't count.
    case useImages(Int)
    /// With so many packs.
    case attach(plan: String, packs: Int)
    case change(plan: String, PlanChange)
    case update
    case erase
    case delete
    case part(PartDeed)
}

/// What becomes of a plan that a customer has.
enum PlanChange {
    case packs(Int)
    case cancel(ChangeSubscription.Cancel)
}

extension Deed {
    /// - Parameter number: of the request.
    static func some(_ dice: inout Dice, number: Int) -> Deed {
        if dice.once(in: 3) { return .part(.some(&dice, number: number)) }
        let feature = dice.pick(Model.Feature.allCases)
        let most = dice.once(in: 4) ? feature.granted : feature.granted / 20
        let value = dice.between(-most / 2, most)
        let plan = dice.pick(Catalogs.paidPlans)
        switch dice.below(27) {
        case 0, 1: return .create
        case 2...12: return .track(feature, value, refuses: dice.once(in: 3))
        case 13, 14: return .deduct(feature, max(1, value))
        case 15: return .erase
        case 16: return .useImages(dice.below(40_000))
        case 17, 18: return .update
        case 19: return .delete
        case 20, 21: return .change(plan: plan, .packs(dice.below(6)))
        case 22:
            let cancel: [ChangeSubscription.Cancel] = [.now, .atEnd, .undo]
            return .change(plan: plan, .cancel(dice.pick(cancel)))
        default: return .attach(plan: plan, packs: dice.below(4))
        }
    }
}

extension Quantity {
    init(thousandths: Int) { self.init(raw: Int128(thousandths) * (Quantity.scale / 1_000)) }
}

/// The catalogs that are published, one after the other: they differ in what is not free.
enum Catalogs {
    /// What clients say that no file may ever show.
    static let secrets = ["acme@example.com", "Ada Lovelace"]
    /// Of every customer who has one.
    static let name = "Acme"
    static let names = (0..<8).map { "customer-\($0)" }

    static let paidPlans = ["pro", "team", "tryout"]
    /// Units of a pack.
    static let packSize = 10

    /// That every customer has.
    static let slots = 3

    static func draft(_ edition: Int) -> PricingDraft {
        let free = Plan(
            id: "free", name: "Free", autoEnable: true,
            items: [
                item("words", 1_000, nil), item("messages", 100, Cycle(.day)),
                item("seats", 5, nil), item("sso", 0, nil),
                item("workspaces", 3, nil), rollingTokens, item("slots", slots, nil),
                item("ai", 2, Cycle(.day)),
            ])
        var pro = Plan(
            id: "pro", name: "Pro \(edition)", group: "paid",
            price: BasePrice(amount: units(20 + edition), cycle: Cycle(.week)),
            items: [
                item("images", 50, Cycle(.week), price: 1), item("sso", 0, nil), slicedTokens,
                packs(price: 3, .prorateNextCycle, .prorate),
            ])
        pro.controls.controls.usageLimits = [
            UsageLimit(
                feature: pro.controls.number(of: "tokens"), limit: Quantity(units: 50),
                interval: .day)
        ]
        var team = Plan(
            id: "team", name: "Team \(edition)", group: "paid",
            price: BasePrice(amount: units(200), cycle: Cycle(.month)),
            items: [
                item("images", 500 + edition, Cycle(.month)), packs(price: 2, .prorate, .keep),
            ])
        team.isArchived = edition % 3 == 2
        var tryout = Plan(
            id: "tryout", name: "Try-out", group: "paid",
            price: BasePrice(amount: units(9), cycle: Cycle(.week)),
            items: [packs(price: 4, .bill, .prorateNextCycle)])
        tryout.trial = FreeTrial(length: 2, unit: .day, needsCard: edition % 2 == 0)
        var draft = PricingDraft(
            currency: "usd",
            features: [
                Feature(id: "words", name: "Words", kind: .metered),
                Feature(id: "messages", name: "Messages", kind: .metered),
                Feature(id: "seats", name: "Seats", kind: .allocated),
                Feature(id: "sso", name: "Single sign-on", kind: .boolean),
                Feature(id: "images", name: "Images", kind: .metered),
                Feature(id: "exports", name: "Exports", kind: .metered),
                Feature(id: "workspaces", name: "Workspaces", kind: .allocated),
                Feature(id: "tokens", name: "Tokens", kind: .metered),
                Feature(id: "slots", name: "Slots", kind: .concurrency),
                Feature(id: "ai", name: "AI", kind: .aiCreditSystem),
            ], plans: [free, pro, team, tryout])
        draft.settings = PricingSettings()
        draft.settings?.keepsFreeOverage = edition % 2 == 1
        draft.taxRates = [TaxRate(id: "vat", name: "VAT", percentage: Quantity(units: 19))]
        if edition % 3 == 1 { draft.settings?.defaultTaxRate = "vat" }
        if edition % 4 == 2 { draft.settings?.automaticTax = .exclusive }
        return draft
    }

    private static var rollingTokens: PlanItem {
        var tokens = item("tokens", 40, Cycle(.day))
        tokens.rollover = Rollover(cap: .percentage(Quantity(units: 50)), months: 1)
        return tokens
    }

    private static func packs(
        price: Int, _ increase: PrepaidPrice.Increase, _ decrease: PrepaidPrice.Decrease
    ) -> PlanItem {
        var exports = item("exports", 0, Cycle(.week))
        exports.prepaidPrice = PrepaidPrice(
            price: Price(units(price), packSize: Quantity(units: packSize)), cycle: Cycle(.week),
            onIncrease: increase, onDecrease: decrease)
        return exports
    }

    /// Of each workspace.
    private static var slicedTokens: PlanItem {
        var tokens = item("tokens", 15, Cycle(.week))
        tokens.entityFeatureID = "workspaces"
        return tokens
    }

    private static func units(_ count: Int) -> UnitPrice {
        UnitPrice(raw: Int128(count) * UnitPrice.scale)
    }

    private static func item(
        _ feature: String, _ included: Int, _ reset: Cycle?, price: Int? = nil
    ) -> PlanItem {
        PlanItem(
            featureID: feature, included: Quantity(units: included), unlimited: false,
            reset: reset,
            usagePrice: price.map {
                UsagePrice(
                    amount: units($0), billingUnits: Quantity(units: 1), maxPurchase: nil)
            })
    }
}

extension Deed {
    var feature: Model.Feature? {
        switch self {
        case .track(let feature, _, _), .deduct(let feature, _): feature
        case .create, .useImages, .attach, .change, .update, .erase, .delete, .part: nil
        }
    }

    /// Its answer shows the customer, which may be erased later.
    var namesSomebody: Bool { method.namesSomebody }

    var isPurchase: Bool {
        switch self {
        case .attach, .change: true
        case .create, .track, .deduct, .useImages, .update, .erase, .delete, .part: false
        }
    }

    private var method: Method {
        switch self {
        case .create: .getOrCreateCustomer
        case .track, .useImages: .track
        case .deduct: .check
        case .attach: .attach
        case .change: .updateSubscription
        case .update: .updateCustomer
        case .erase: .eraseCustomer
        case .delete: .deleteCustomer
        case .part(let part): part.method
        }
    }

    /// What it buys may be taxed by what the provider says.
    var mayAskForTaxes: Bool {
        switch self {
        case .attach, .change: true
        case .create, .track, .useImages, .deduct, .update, .erase, .delete, .part: false
        }
    }

    func mark(number: Int) -> RequestMark? {
        RequestID("request-\(number)").map {
            RequestMark(id: $0, method: method.rawValue, fingerprint: UInt64(number) << 1)
        }
    }

    func command(mark: RequestMark?, _ process: Process, now: Int64) -> Command {
        let pricing = process.names.pricing
        switch self {
        case .create:
            return .create(CreateCustomer(name: Catalogs.name, email: Catalogs.secrets[0]))
        case .update:
            var update = UpdateCustomer(
                name: Catalogs.name, email: Catalogs.secrets[0],
                metadata: [MetadataEntry("contact", Catalogs.secrets[1])])
            var address = PostalAddress()
            (address.line1, address.country) = (Catalogs.secrets[1], "DE")
            update.address = address
            return .update(update)
        case .erase: return .erase
        case .delete: return .delete
        case .track(let feature, let value, let refuses):
            return .track(
                TrackUsage(
                    feature: pricing.known(feature.rawValue), value: Quantity(thousandths: value),
                    overage: refuses ? .reject : .cap))
        case .useImages(let value):
            return .track(
                TrackUsage(
                    feature: pricing.known("images"), value: Quantity(thousandths: value),
                    overage: .cap,
                    label: EventLabel(
                        time: nil, properties: [EventProperty("by", .text(Catalogs.secrets[1]))])))
        case .deduct(let feature, let value):
            return .checkAndDeduct(
                CheckQuery(
                    feature: pricing.known(feature.rawValue), required: Quantity(thousandths: value)
                ))
        case .part(let part):
            return part.command(pricing, now: Timestamp(milliseconds: now))
        case .attach(let plan, let packs):
            var attach = AttachPlan(
                plan: pricing.known(plan: plan), successURL: "",
                effectID: process.machine.newEffectID(), request: mark)
            attach.quantities = pricing.exports(packs)
            return .attach(attach)
        case .change(let plan, let what):
            var change = ChangeSubscription(
                effectID: process.machine.newEffectID(), request: mark)
            change.plan = pricing.known(plan: plan)
            switch what {
            case .packs(let packs): change.quantities = pricing.exports(packs)
            case .cancel(let cancel): change.cancel = cancel
            }
            return .changeSubscription(change)
        }
    }
}

extension PricingState {
    fileprivate func known(plan id: String) -> PlanNumber {
        guard let plan = plan(id: id) else {
            preconditionFailure("the first catalog has every plan")
        }
        return plan
    }

    fileprivate func exports(_ packs: Int) -> [AskedUnits] {
        [
            AskedUnits(
                feature: known("exports"), total: Quantity(units: packs * Catalogs.packSize))
        ]
    }
}
