/// Something that another system ran for the customer and that is here now, by its name there: what
/// was brought in once isn't brought in again.
package struct Takeover: Sendable, Equatable {
    /// Raw values are those of `tally.v1.TakeoverState`.
    package enum Status: UInt8, Sendable {
        /// The payment provider has yet to be told. Until it has answered, nothing of it is
        /// charged here, as it is charged there.
        case pending = 1
        case done = 2
        /// It had ended there before it was told.
        case ended = 3
    }

    package static let countLimit = 128
    package static let sourceLimit = 200

    package var source: String
    /// What became of it here; empty: it is the customer itself.
    package var subscriptions: [UInt32]
    package var status: Status
    /// Until when it is charged there; `.epoch`: it isn't.
    package var until: Timestamp

    package init(
        source: String, subscriptions: [UInt32] = [], status: Status, until: Timestamp = .epoch
    ) {
        self.source = source
        self.subscriptions = subscriptions
        self.status = status
        self.until = until
    }
}

extension Account {
    /// What the caller says is about nothing else.
    mutating func change(by fact: Fact) {
        if case .zoneSet(let zone) = fact { self.zone = zone }
        if case .currencySet(let currency) = fact { self.currency = currency }
        if case .taxRateSet(let id) = fact { taxRate = id }
        if case .payerSet(let reference) = fact { payer = reference }
        if case .methodRemoved = fact { removeMethod() }
        if case .takeoverSet(let takeover) = fact { put(takeover) }
        if case .trialUsed(let mark) = fact { put(mark) }
        if case .profileOwed(let turn) = fact { owedProfile = turn }
        if case .addressSet(let address) = fact {
            self.address = address
            // Until it is asked again, what was due before goes on being charged.
            if address?.isEmpty ?? true { taxes = nil } else { taxes?.time = .epoch }
        }
        if case .taxesFound(let found) = fact { taxes = found }
        if case .externalInvoiceSet(let invoice) = fact { put(invoice) }
    }

    package func takeover(_ source: String) -> Takeover? {
        takeovers.first { $0.source == source }
    }

    mutating func put(_ takeover: Takeover) {
        let index = takeovers.firstIndex { $0.source == takeover.source }
        if let index { takeovers[index] = takeover } else { takeovers.append(takeover) }
    }

    mutating func put(_ mark: TrialMark) {
        if !trials.contains(mark) { trials.append(mark) }
    }
}

extension CustomerState {
    /// Another system may still charge it.
    func isHeldBack(_ subscription: UInt32) -> Bool {
        subscription != 0
            && account.takeovers.contains {
                $0.status == .pending && $0.subscriptions.contains(subscription)
            }
    }

    /// What was used by now is charged by another system: it ran the period.
    func isBilledElsewhere(_ subscription: UInt32, by now: Timestamp) -> Bool {
        account.takeovers.contains {
            $0.until >= now && $0.subscriptions.contains(subscription)
        }
    }
}
