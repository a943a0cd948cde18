/// A rule of a check, in the order in which rules are tried (entitlements §1.5). Raw values are
/// those of `tally.v1.CheckRule`.
package enum CheckRule: UInt8, Sendable {
    case owned = 1
    case flag = 2
    case unlimited = 3
    case negative = 4
    case usageLimit = 5
    case remaining = 6
    case overage = 7
    case spendLimit = 8
    case maxPurchase = 9
}

/// How a check comes to its answer, noted on the way by the code that decides: an explanation can't
/// differ from the decision. Ordinary checks have none.
package final class CheckTrace {
    /// A rule that was tried; the last one decided.
    package struct Rule: Sendable, Equatable {
        package var rule: CheckRule
        package var required: Quantity
        /// What it was compared with; nil: nothing, or any amount would do.
        package var available: Quantity?
    }

    /// A balance that was looked at.
    struct Look {
        /// As it may be used; of nothing, an empty one.
        var view: BalanceView
        var isOwned: Bool
        /// nil: the feature itself.
        var cost: UnitPrice?
        var required: Quantity
        var limits: FeatureLimits?
        /// Of a credit system: those that decide whether it is chosen.
        var choosing: [Rule] = []
        /// Empty: another one was chosen before.
        var rules: [Rule] = []
        var reason = CheckReason.notIncluded
    }

    private(set) var looks: [Look] = []

    package init() {}

    func look(
        at view: BalanceView, isOwned: Bool, _ query: CheckQuery, _ limits: FeatureLimits? = nil,
        at pool: CreditPool? = nil
    ) {
        let required = pool.map { query.required.credits(at: $0.cost) } ?? query.required
        looks.append(
            Look(
                view: view, isOwned: isOwned, cost: pool?.cost, required: required, limits: limits))
        tried(.owned, required)
    }

    func tried(_ rule: CheckRule, _ required: Quantity, against available: Quantity? = nil) {
        looks[looks.count - 1].rules.append(
            Rule(rule: rule, required: required, available: available))
    }

    /// What was tried until now decided whether it is this one, not what it answers.
    func hasChosen() {
        looks[looks.count - 1].choosing = looks[looks.count - 1].rules
        looks[looks.count - 1].rules = []
    }

    func decided(_ reason: CheckReason) {
        looks[looks.count - 1].reason = reason
    }
}
