/// Seeds that failed once, and what they found. They are run before all others. A seed means
/// something only as long as the simulation draws the same numbers: one that was found before a
/// change of the workload stays as one more seed, and what it found has a test of its own.
enum Regressions {
    static let seeds: [(seed: UInt64, found: String)] = [
        (13, "a sync failed, and the next process took what it read for written"),
        (42, "the same, in the process that wrote it"),
        (117, "a start from a snapshot remembered requests whose records had left the log"),
        (7678, "and so did one whose window of requests began earlier than the log"),
        (9207, "the same, after several starts"),
        (1091, "a power cut in the last slot of the keys hid how many there are"),
        (2965, "an erased customer's answer that says nothing was taken for one that was sealed"),
        (32, "dropping unused segments left a gap, and the log didn't open"),
    ]
}
