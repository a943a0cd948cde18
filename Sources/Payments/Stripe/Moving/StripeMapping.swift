package import Wire

/// Which plan here a price of Stripe's is: as a file says, or, where it says nothing, the metadata
/// of the price or of its product (`tally_plan`, and `tally_feature` for what is counted).
package struct StripeMapping: Sendable {
    package struct Target: Sendable, Equatable {
        package var plan: String
        /// nil: the price is the plan's base price.
        package var feature: String?
    }

    package struct Fault: Error, CustomStringConvertible {
        package var description: String
    }

    private var targets: [String: Target] = [:]
    /// What the file says is to be published; nil: nothing.
    package private(set) var catalog: JSONValue?

    package init() {}

    package init(_ json: JSONValue) throws(Fault) {
        guard case .object(let object) = json else {
            throw Fault(description: "must be an object with \"prices\"")
        }
        for member in object.members {
            switch (member.key, member.value) {
            case ("catalog", .object): catalog = member.value
            case ("prices", .object(let prices)):
                for price in prices.members { try add(price.key, price.value) }
            case ("not_drafted", _): break
            default:
                throw Fault(
                    description: "\(member.key) is no field: there are catalog and prices, objects")
            }
        }
    }

    private mutating func add(_ price: String, _ value: JSONValue) throws(Fault) {
        guard case .object(let object) = value, let plan = value.text("plan_id"), !plan.isEmpty
        else { throw Fault(description: "prices.\(price) needs a plan_id") }
        for member in object.members where !["plan_id", "feature_id"].contains(member.key) {
            throw Fault(
                description: "prices.\(price).\(member.key) is no field: there are plan_id and "
                    + "feature_id")
        }
        targets[price] = Target(plan: plan, feature: value.text("feature_id"))
    }

    /// nil: nothing maps it.
    func target(of price: JSONValue, _ product: JSONValue?) -> Target? {
        if let target = targets[price.text("id") ?? ""] { return target }
        let plan = price.metadata("tally_plan") ?? product?.metadata("tally_plan")
        let feature = price.metadata("tally_feature") ?? product?.metadata("tally_feature")
        return plan.map { Target(plan: $0, feature: feature) }
    }
}
