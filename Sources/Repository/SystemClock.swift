package import Billing
internal import Glibc

/// The only place of this module that reads the machine's clocks.
package enum SystemClock {
    /// Milliseconds since the epoch.
    package static var wall: Timestamp { Timestamp(milliseconds: read(CLOCK_REALTIME)) }

    /// Milliseconds since some moment; never set, never leaps.
    package static var monotonic: Int64 { read(CLOCK_BOOTTIME) }

    /// Nanoseconds since some moment, to measure how long something takes.
    package static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
