import Glibc

/// A value that threads wait for: a lock with a condition, by the monotonic clock.
///
/// Safety: `value` is touched only under `mutex`; both primitives live at fixed addresses from
/// `init` to `deinit`.
package final class Monitor<Value: Sendable>: @unchecked Sendable {
    private var value: Value
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init(_ value: Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Changes the value and lets every waiting thread look at it. No system call if none waits.
    package func update(_ change: (inout Value) -> Void) {
        pthread_mutex_lock(mutex)
        change(&value)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until `isReady` says so, at most `microseconds` (nil: for ever); gives whether it did.
    /// `isReady` may change the value, to take what it waited for.
    @discardableResult
    package func wait(microseconds: Int? = nil, until isReady: (inout Value) -> Bool) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard let microseconds else {
            while !isReady(&value) { pthread_cond_wait(condition, mutex) }
            return true
        }
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + (microseconds % 1_000_000) * 1_000
        deadline.tv_sec += microseconds / 1_000_000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        while !isReady(&value) {
            guard pthread_cond_timedwait(condition, mutex, &deadline) == 0 else {
                return isReady(&value)
            }
        }
        return true
    }
}

extension Monitor where Value == Bool {
    /// Wakes the one thread in `waitForWake`, or its next call.
    func wake() {
        update { $0 = true }
    }

    /// Gives whether it was woken in time.
    @discardableResult
    func waitForWake(microseconds: Int? = nil) -> Bool {
        wait(microseconds: microseconds) { isWoken in
            defer { isWoken = false }
            return isWoken
        }
    }
}
