internal import Glibc

/// A connection is an open file, and the usual soft limit of 1,024 is far below what one process
/// can hold.
enum OpenFiles {
    /// Up to the hard limit, which only root may raise. What can't be had isn't missed before a
    /// connection is refused for it.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
