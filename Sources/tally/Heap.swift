internal import CMalloc

/// The process's heap, which is glibc's.
enum Heap {
    /// glibc gives threads heaps of their own, up to eight for each core, and what is free in one
    /// is no use to a thread of another, while customers are rewritten by any. Sixty thousand that
    /// were charged twelve times: 240 MB with glibc's limit (16), 217 with two, 187 with one; but
    /// one costs two event loops on two cores 3 % of a check, and two cost nothing.
    private static let arenas: Int32 = 2

    /// To be called before there are threads.
    static func limitArenas() {
        mallopt(M_ARENA_MAX, arenas)
    }
}
