import Foundation
import Synchronization

@testable import RPC

/// Where a test's slow work waits until it is let go.
final class Gate: Sendable {
    private let lock = NSCondition()
    private let isOpen = Mutex(false)
    /// Work that has begun.
    let begun = Mutex(0)

    func open() {
        lock.lock()
        isOpen.withLock { $0 = true }
        lock.broadcast()
        lock.unlock()
    }

    func work(_ ticket: WorkTicket) -> Result<[UInt8], RPCStatus> {
        begun.withLock { $0 += 1 }
        lock.lock()
        while !isOpen.withLock({ $0 }) { lock.wait() }
        lock.unlock()
        return .success(Array("done".utf8))
    }
}

extension RPCLimits {
    /// With a pool so small that a test can fill it.
    static func slow(threads: Int = 1, waiting: Int = 4, perPrincipal: Int = 3) -> RPCLimits {
        var limits = RPCLimits()
        limits.slowCalls.threads = threads
        limits.slowCalls.waiting = waiting
        limits.slowCalls.perPrincipal = perPrincipal
        return limits
    }
}
