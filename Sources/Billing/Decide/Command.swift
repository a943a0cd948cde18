/// Something to be decided about one customer. Random values come in as arguments.
package enum Command: Sendable {
    case create(CreateCustomer)
    case track(TrackUsage)
    case checkAndDeduct(CheckQuery)
    case attach(AttachPlan)
    case settle(SettleEffect)
    case completeCheckout(CompleteCheckout)
    case update(UpdateCustomer)
    /// Removes what is personal.
    case erase
    /// Removes the customer, and what is personal first.
    case delete
    /// Says name, email and metadata once more, so that they are sealed in the log.
    case sealProfile
    /// Nothing but what has fallen due.
    case advance
}

/// Makes a customer, or fills in what is blank.
package struct CreateCustomer: Sendable {
    package var name: String
    package var email: String
    /// Of a new one, each key once.
    package var metadata: [MetadataEntry]

    package init(name: String, email: String, metadata: [MetadataEntry] = []) {
        self.name = name
        self.email = email
        self.metadata = metadata
    }
}

/// Changes what a caller says of a customer.
package struct UpdateCustomer: Sendable {
    /// nil: it stays.
    package var name: String?
    package var email: String?
    /// Put in or replaced; the last one of a key counts.
    package var metadata: [MetadataEntry]
    package var removedKeys: [String]

    package init(
        name: String? = nil, email: String? = nil, metadata: [MetadataEntry] = [],
        removedKeys: [String] = []
    ) {
        self.name = name
        self.email = email
        self.metadata = metadata
        self.removedKeys = removedKeys
    }
}

/// What happens to usage that no balance covers.
package enum OverageBehavior: UInt8, Sendable {
    case cap = 1
    case reject = 2
}

/// Records usage.
package struct TrackUsage: Sendable {
    package var feature: FeatureNumber
    package var value: Quantity
    package var overage: OverageBehavior
    package var label: EventLabel?

    package init(
        feature: FeatureNumber, value: Quantity, overage: OverageBehavior,
        label: EventLabel? = nil
    ) {
        self.feature = feature
        self.value = value
        self.overage = overage
        self.label = label
    }
}

/// Asks for a feature.
package struct CheckQuery: Sendable {
    package var feature: FeatureNumber
    package var required: Quantity

    package init(feature: FeatureNumber, required: Quantity) {
        self.feature = feature
        self.required = required
    }
}

/// Buys a plan.
package struct AttachPlan: Sendable {
    package var plan: PlanNumber
    package var successURL: String
    /// The id of the effect, should there be one: unguessable, never used before.
    package var effectID: String
    package var request: RequestMark?

    package init(
        plan: PlanNumber, successURL: String, effectID: String, request: RequestMark?
    ) {
        self.plan = plan
        self.successURL = successURL
        self.effectID = effectID
        self.request = request
    }
}

/// The provider's answer to an effect.
package struct SettleEffect: Sendable {
    package enum Answer: Sendable {
        case checkoutOpened(url: String)
        case paid
        case declined(code: String)
    }

    package var effectID: String
    package var answer: Answer

    package init(effectID: String, answer: Answer) {
        self.effectID = effectID
        self.answer = answer
    }
}

/// A payment page was paid.
package struct CompleteCheckout: Sendable {
    package var session: String
    package var method: PaymentMethod

    package init(session: String, method: PaymentMethod) {
        self.session = session
        self.method = method
    }
}
