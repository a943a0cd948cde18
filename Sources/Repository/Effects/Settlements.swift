internal import Billing
internal import Synchronization

/// What callers and workers wait for: effects to start, effects to settle, pages that are open.
///
/// All of it follows from the state, so that recovery rebuilds it.
final class Settlements: Sendable {
    /// An effect to start once its record is durable.
    struct Pending: Sendable {
        enum Task: Sendable {
            /// Its id: what is asked for is in the customer's state, and a million may wait.
            case effect(String)
            case refund(Refund)
            /// The payment page with this session is to be closed at the provider.
            case closing(String)
            /// The provider is to be told the customer's name, email and address, in this turn.
            case profile(turn: UInt32)
            /// The provider is to run something no more.
            case takeover(Takeover)
        }

        var task: Task
        var customer: CustomerID
        var sequence: UInt64
        /// An earlier process may have asked the provider for it.
        var isInDoubt = false

        /// Who waits for its outcome, waits for this.
        var id: String {
            switch task {
            case .effect(let id): id
            case .refund(let refund): refund.id
            case .closing(let session): session
            case .profile(let turn): "profile of \(customer.text), \(turn)"
            case .takeover(let takeover): takeover.source
            }
        }
    }

    /// How an effect ended.
    struct Settled: Sendable {
        var outcome: EffectOutcome
        /// The encoded reply to whoever asked for it.
        var message: [UInt8]
        var point: CommitPoint
    }

    /// Effects and errands that have begun and have no outcome yet.
    let openCount = Atomic(0)

    private func begin(_ stream: AsyncStream<Pending>.Continuation, _ pending: Pending) {
        openCount.add(1, ordering: .relaxed)
        stream.yield(pending)
    }

    private struct State {
        var sessions: [String: CustomerID] = [:]
        var waiters: [String: [Expectation]] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Somebody waits for these.
    let pending: AsyncStream<Pending>
    private let start: AsyncStream<Pending>.Continuation
    /// Nobody waits for these: refunds, and pages to close.
    let errands: AsyncStream<Pending>
    private let send: AsyncStream<Pending>.Continuation

    /// A referral whose referrer has yet to be told something, once its record is durable.
    struct Handover: Sendable {
        var customer: CustomerID
        var referral: String
        var sequence: UInt64
    }

    /// Nobody waits for these either.
    let handovers: AsyncStream<Handover>
    private let tell: AsyncStream<Handover>.Continuation

    init() {
        (pending, start) = AsyncStream.makeStream()
        (handovers, tell) = AsyncStream.makeStream()
        (errands, send) = AsyncStream.makeStream()
    }

    /// To be called with the facts of a commit, after its shard's lock is released.
    func note(_ facts: [Fact], of customer: CustomerID, sequence: UInt64) {
        for fact in facts {
            switch fact {
            case .effectRequested(let effect):
                begin(
                    start,
                    Pending(task: .effect(effect.id), customer: customer, sequence: sequence))
            case .refundSet(let refund) where refund.isAsked:
                begin(
                    send,
                    Pending(task: .refund(refund), customer: customer, sequence: sequence))
            // Of several plans that one subscription becomes, the last one says it.
            case .takeoverSet(let takeover)
            where takeover.status == .pending && facts.last(of: takeover.source) == takeover:
                begin(
                    send,
                    Pending(task: .takeover(takeover), customer: customer, sequence: sequence))
            case .checkoutOpened(let checkout):
                state.withLock { $0.sessions[checkout.session] = customer }
            case .checkoutClosed(let session, let paid, _, _):
                let wasOpen = state.withLock { $0.sessions.removeValue(forKey: session) != nil }
                guard wasOpen, !paid, !facts.contains(where: { $0.closes(session) }) else { break }
                begin(
                    send,
                    Pending(task: .closing(session), customer: customer, sequence: sequence))
            case .referralSet(let referral) where referral.isUntold:
                tell.yield(
                    Handover(customer: customer, referral: referral.id, sequence: sequence))
            // Whoever is deleted with it isn't told of any more.
            case .profileOwed(let turn) where turn > 0:
                guard !facts.contains(.customerDeleted) else { break }
                begin(
                    send,
                    Pending(
                        task: .profile(turn: turn), customer: customer, sequence: sequence))
            default: break
            }
        }
    }

    /// Rebuilds what concerns a recovered customer.
    func restore(_ customer: borrowing CustomerState) {
        let id = customer.id
        for effect in customer.account.effects {
            begin(
                start,
                Pending(
                    task: .effect(effect.id), customer: id, sequence: customer.sequence,
                    isInDoubt: true))
        }
        for refund in customer.account.refunds where refund.isAsked {
            begin(
                send,
                Pending(task: .refund(refund), customer: id, sequence: customer.sequence))
        }
        for takeover in customer.account.takeovers where takeover.status == .pending {
            begin(
                send,
                Pending(task: .takeover(takeover), customer: id, sequence: customer.sequence))
        }
        if customer.account.owedProfile > 0 {
            begin(
                send,
                Pending(
                    task: .profile(turn: customer.account.owedProfile), customer: id,
                    sequence: customer.sequence))
        }
        if let checkout = customer.account.checkout {
            state.withLock { $0.sessions[checkout.session] = id }
        }
        for referral in customer.account.referrals where referral.isUntold {
            tell.yield(
                Handover(customer: id, referral: referral.id, sequence: customer.sequence))
        }
    }

    func customer(ofSession session: String) -> CustomerID? {
        state.withLock { $0.sessions[session] }
    }

    /// Waits for an effect to settle; nil: the server is stopping. To be asked for before the
    /// effect is requested, or while it is known to be open: an outcome is told only to who waits.
    func expect(_ effectID: String) -> Expectation {
        let expectation = Expectation()
        let isClosed = state.withLock { state in
            if !state.isClosed { state.waiters[effectID, default: []].append(expectation) }
            return state.isClosed
        }
        if isClosed { expectation.fulfil(nil) }
        return expectation
    }

    /// The effect was not requested after all, or is open no more.
    func forget(_ effectID: String, _ expectation: Expectation) {
        state.withLock { state in
            state.waiters[effectID]?.removeAll { $0 === expectation }
            if state.waiters[effectID]?.isEmpty == true { state.waiters[effectID] = nil }
        }
    }

    /// Whoever settled it, its worker or a comparison of the books, those who wait are told.
    func resume(_ facts: [Fact], with outcome: Outcome) {
        for case .effectSettled(let effectID, let result) in facts {
            resume(
                effectID,
                with: Settled(
                    outcome: result, message: Array(outcome.message), point: outcome.point))
        }
    }

    /// - Parameter settled: nil: nobody will learn the outcome.
    func resume(_ effectID: String, with settled: Settled?) {
        let waiting = state.withLock { $0.waiters.removeValue(forKey: effectID) ?? [] }
        for expectation in waiting { expectation.fulfil(settled) }
    }

    /// No effect starts any more, and whoever waits is told that nothing came.
    func close() {
        start.finish()
        send.finish()
        tell.finish()
        let waiting = state.withLock { state in
            defer { (state.waiters, state.isClosed) = ([:], true) }
            return state.waiters.values.flatMap { $0 }
        }
        for expectation in waiting { expectation.fulfil(nil) }
    }
}

extension Refund {
    /// The provider is to be asked for it; what it did of its own it has done.
    fileprivate var isAsked: Bool { status == .pending && reason != .provider }
}

extension [Fact] {
    fileprivate func last(of source: String) -> Takeover? {
        for case .takeoverSet(let takeover) in reversed() where takeover.source == source {
            return takeover
        }
        return nil
    }
}

extension Fact {
    /// An effect closes the page at the provider before it does anything else.
    fileprivate func closes(_ session: String) -> Bool {
        if case .effectRequested(let effect) = self { effect.closesPage == session } else { false }
    }
}

/// An outcome that one task waits for, whichever comes first, the outcome or the wait.
final class Expectation: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Settlements.Settled?, Never>)
        case fulfilled(Settlements.Settled?)
    }

    private let state = Mutex(State.open)

    func fulfil(_ settled: Settlements.Settled?) {
        let waiting: CheckedContinuation<Settlements.Settled?, Never>? = state.withLock { state in
            defer { state = .fulfilled(settled) }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: settled)
    }

    var outcome: Settlements.Settled? {
        get async {
            await withCheckedContinuation { continuation in
                let ready: Settlements.Settled?? = state.withLock { state in
                    if case .fulfilled(let settled) = state { return .some(settled) }
                    state = .waiting(continuation)
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        }
    }
}
