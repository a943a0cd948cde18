/// When a request to Stripe is sent again at once. What is still without an answer then, the worker
/// of effects asks for again, later and without end.
package struct StripeRetry: Sendable {
    package static let attempts = 3
    private static let first: Int64 = 500
    private static let longest: Int64 = 5_000

    /// What came back.
    package enum Outcome: Sendable, Equatable {
        case unreachable
        /// - Parameters:
        ///   - advice: the header `Stripe-Should-Retry`; nil: it says nothing.
        ///   - isReplayed: the answer was kept from an earlier request, and stays what it is.
        case answer(status: Int, advice: Bool? = nil, isReplayed: Bool = false)
    }

    /// The pause before the next try in milliseconds; nil: there is none.
    ///
    /// - Parameters:
    ///   - attempt: how many there were, from 1.
    ///   - chance: 0 to 1, so that many don't come back at once.
    package static func pause(
        after attempt: Int, _ outcome: Outcome, chance: Double
    ) -> Int64? {
        guard attempt < attempts, helps(outcome) else { return nil }
        let whole = min(first << Int64(attempt - 1), longest)
        return whole / 2 + Int64(Double(whole / 2) * min(max(chance, 0), 1))
    }

    private static func helps(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .unreachable: true
        case .answer(_, _, isReplayed: true): false
        case .answer(_, let advice?, _): advice
        case .answer(let status, nil, _): status == 409 || status == 429 || status >= 500
        }
    }
}
