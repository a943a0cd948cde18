internal import Glibc

/// Work that may take a core for long goes behind that of whoever serves calls.
package enum ThreadPriority {
    /// Of the thread that calls it, for good; of it alone, as Linux has it.
    package static func lower() {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }
}
