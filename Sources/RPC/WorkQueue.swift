/// Why a slow call isn't taken.
package enum WorkRefusal: Error, CaseIterable {
    /// Its principal has as many as one may have.
    case principal
    /// As many wait as may, whoever they are from.
    case queue
    /// The server is stopping.
    case stopping
}

/// A pool's figures since it began.
package struct WorkMetrics: Sendable, Equatable {
    package internal(set) var waiting = 0
    package internal(set) var running = 0
    /// In the order of the reasons.
    private var refusals = [Int](repeating: 0, count: WorkRefusal.allCases.count)
    /// Over before it was their turn: cancelled, or past their deadline.
    package internal(set) var dropped = 0

    package func refused(_ reason: WorkRefusal) -> Int { refusals[reason.place] }

    mutating func refuse(_ reason: WorkRefusal) { refusals[reason.place] += 1 }
}

extension WorkRefusal {
    fileprivate var place: Int {
        switch self {
        case .principal: 0
        case .queue: 1
        case .stopping: 2
        }
    }
}

/// Slow calls that wait for a thread or have one: who comes in, and whose turn it is. First come,
/// first served, but nobody's calls take all threads. A machine over counts: it runs nothing.
struct WorkQueue<Job> {
    private struct Load {
        var all = 0
        var running = 0
    }

    private let limits: WorkPool.Limits
    private let isOver: @Sendable (Job) -> Bool
    private var waiting: [(principal: Int, job: Job)] = []
    private var loads: [Int: Load] = [:]
    private var isClosed = false
    private var counts = WorkMetrics()

    /// - Parameter isOver: nobody waits for this one any more.
    init(_ limits: WorkPool.Limits, isOver: @escaping @Sendable (Job) -> Bool) {
        self.limits = limits
        self.isOver = isOver
    }

    var metrics: WorkMetrics {
        var metrics = counts
        metrics.waiting = waiting.count
        return metrics
    }

    mutating func add(_ job: Job, of principal: Int) throws(WorkRefusal) {
        if refusal(of: principal) != nil { dropThoseOver() }
        if let refusal = refusal(of: principal) {
            counts.refuse(refusal)
            throw refusal
        }
        waiting.append((principal, job))
        loads[principal, default: Load()].all += 1
    }

    private func refusal(of principal: Int) -> WorkRefusal? {
        if isClosed { return .stopping }
        if loads[principal, default: Load()].all >= limits.perPrincipal { return .principal }
        return waiting.count >= limits.waiting ? .queue : nil
    }

    /// Takes the one whose turn it is, if a thread is free for it.
    mutating func next() -> (principal: Int, job: Job)? {
        dropThoseOver()
        guard counts.running < limits.threads,
            let place = waiting.firstIndex(where: { mayRun($0.principal) })
        else { return nil }
        let next = waiting.remove(at: place)
        loads[next.principal]?.running += 1
        counts.running += 1
        return next
    }

    private func mayRun(_ principal: Int) -> Bool {
        loads[principal, default: Load()].running < limits.runningPerPrincipal
    }

    /// One that `next` gave has ended.
    mutating func end(of principal: Int) {
        counts.running -= 1
        loads[principal]?.running -= 1
        leave(principal)
    }

    /// Takes no more. Gives those that wait.
    mutating func close() -> [Job] {
        isClosed = true
        defer { waiting = [] }
        return waiting.map(\.job)
    }

    private mutating func dropThoseOver() {
        guard waiting.contains(where: { isOver($0.job) }) else { return }
        let all = waiting
        waiting = []
        for call in all {
            // Asked once: it may be over a moment later.
            guard isOver(call.job) else {
                waiting.append(call)
                continue
            }
            counts.dropped += 1
            leave(call.principal)
        }
    }

    private mutating func leave(_ principal: Int) {
        loads[principal]?.all -= 1
        if loads[principal]?.all == 0 { loads[principal] = nil }
    }
}
