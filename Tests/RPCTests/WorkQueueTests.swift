import Synchronization
import Testing

@testable import RPC

@Suite struct WorkQueueTests {
    /// A job is a number; those in `over` have ended.
    private final class Over: Sendable {
        let jobs = Mutex<Set<Int>>([])
    }

    private static func queue(
        threads: Int, waiting: Int = 100, perPrincipal: Int = 100, over: Over = Over()
    ) -> WorkQueue<Int> {
        var limits = WorkPool.Limits()
        limits.threads = threads
        limits.waiting = waiting
        limits.perPrincipal = perPrincipal
        return WorkQueue(limits) { job in over.jobs.withLock { $0.contains(job) } }
    }

    /// All that get a thread, in order, when each one's end makes room for the next.
    private static func order(_ queue: inout WorkQueue<Int>) -> [[Int]] {
        var rounds: [[Int]] = []
        while true {
            var round: [(principal: Int, job: Int)] = []
            while let next = queue.next() { round.append(next) }
            if round.isEmpty { return rounds }
            rounds.append(round.map(\.job))
            for (principal, _) in round { queue.end(of: principal) }
        }
    }

    /// Whoever is over only when asked the first time is in the queue, or isn't: never by half.
    @Test func anEndIsLookedAtOnce() throws {
        var limits = WorkPool.Limits()
        limits.perPrincipal = 1
        let asked = Mutex(0)
        var queue = WorkQueue<Int>(limits) { _ in
            asked.withLock { asked in
                asked += 1
                return asked == 1
            }
        }
        try queue.add(0, of: 7)
        #expect(queue.next()?.job == 0 && queue.metrics.dropped == 0)
        #expect(throws: WorkRefusal.principal) { try queue.add(1, of: 7) }
    }

    @Test(arguments: [
        // Threads, whose calls come in, and which run side by side.
        (1, [7, 7, 8], [[0], [1], [2]]),
        (2, [7, 7, 7, 8], [[0, 3], [1], [2]]),
        (2, [7, 8, 9], [[0, 1], [2]]),
        (3, [7, 7, 7, 7, 8], [[0, 1, 4], [2, 3]]),
    ]) func nobodyTakesAllThreads(threads: Int, principals: [Int], rounds: [[Int]]) throws {
        var queue = Self.queue(threads: threads)
        for (job, principal) in principals.enumerated() { try queue.add(job, of: principal) }
        #expect(Self.order(&queue) == rounds)
        #expect(queue.metrics.waiting == 0 && queue.metrics.running == 0)
    }

    @Test func aPrincipalsLimitCountsWhatRunsToo() throws {
        var queue = Self.queue(threads: 1, perPrincipal: 2)
        try queue.add(0, of: 7)
        let first = queue.next()
        try queue.add(1, of: 7)
        #expect(throws: WorkRefusal.principal) { try queue.add(2, of: 7) }
        try queue.add(3, of: 8)
        queue.end(of: try #require(first).principal)
        try queue.add(4, of: 7)
        #expect(queue.metrics.refused(.principal) == 1 && queue.metrics.refused(.queue) == 0)
    }

    @Test func theQueueIsBoundedForAllTogether() throws {
        var queue = Self.queue(threads: 1, waiting: 2)
        for job in 0..<2 { try queue.add(job, of: job) }
        #expect(throws: WorkRefusal.queue) { try queue.add(2, of: 2) }
        _ = queue.next()
        try queue.add(3, of: 3)
        #expect(queue.metrics.waiting == 2 && queue.metrics.running == 1)
    }

    @Test func thoseThatAreOverHoldNoPlaceAndGetNoThread() throws {
        let over = Over()
        var queue = Self.queue(threads: 1, waiting: 2, perPrincipal: 2, over: over)
        for job in 0..<2 { try queue.add(job, of: 7) }
        over.jobs.withLock { $0 = [0] }
        try queue.add(2, of: 7)
        over.jobs.withLock { $0 = [0, 1] }
        #expect(Self.order(&queue) == [[2]])
        #expect(queue.metrics.dropped == 2)
    }

    @Test func aClosedQueueGivesBackWhatWaitsAndTakesNothing() throws {
        var queue = Self.queue(threads: 1)
        for job in 0..<3 { try queue.add(job, of: 7) }
        let next = queue.next()
        let running = try #require(next)
        let left = queue.close()
        #expect(left == [1, 2])
        #expect(throws: WorkRefusal.stopping) { try queue.add(3, of: 7) }
        queue.end(of: running.principal)
        let last = queue.next()
        #expect(last == nil)
    }
}
