/// What tax a payment provider has found to be due where a customer is billed.
package struct TaxFinding: Sendable, Equatable {
    /// Raw values are stored, and are those of `tally.v1.TaxStatus`.
    package enum Status: UInt8, Sendable {
        case due = 1
        /// None is: the seller isn't registered there, or what is sold is free of it.
        case none = 2
        /// The address says too little to know.
        case addressInsufficient = 3
        /// It couldn't be found out.
        case failed = 4
    }

    /// How long it holds, in milliseconds: later it is asked for again before anything is charged.
    static let validity: Int64 = 86_400_000

    package var status: Status
    /// nil: there is none to charge. Where it couldn't be found out, the one that was known before.
    package var rate: TaxRate?
    /// The provider's, of why it couldn't be found out.
    package var code: String
    /// Customer time; the epoch: of another address than the customer has now.
    package var time: Timestamp

    package init(
        _ status: Status, _ rate: TaxRate? = nil, code: String = "", time: Timestamp
    ) {
        self.status = status
        self.rate = rate
        self.code = code
        self.time = time
    }

    func holds(at now: Timestamp) -> Bool {
        now.milliseconds - time.milliseconds < TaxFinding.validity
    }

    /// It says what is charged, be it nothing.
    var isKnown: Bool { status == .due || status == .none || rate != nil }
}

/// How what a provider finds is charged. Raw values are those of `tally.v1.AutomaticTax`.
package enum AutomaticTax: UInt8, Sendable {
    case off = 0
    /// On top of prices.
    case exclusive = 1
    /// Prices have it in them.
    case inclusive = 2
}

extension TaxRate {
    /// Of all rates that a provider has found: nobody may publish one of that name.
    package static let automaticID = "automatic"
}
