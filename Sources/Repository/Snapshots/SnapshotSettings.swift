/// When snapshots are taken, and how fast they may be written.
package struct SnapshotSettings: Sendable {
    /// One is taken when so many records came since the last one,
    package var records: UInt64 = 1_000_000
    /// or so many bytes of log,
    package var bytes: UInt64 = 1 << 30
    /// or any record and so many minutes went by; 0: no snapshots at all.
    package var minutes = 60
    /// Bytes a second; so that syncs of the log don't wait for it.
    package var bytesPerSecond = 200_000_000
    /// Whether segments that no restart needs are compressed.
    package var compressesLog = true
    /// Days that the log is kept at least; 0: for good.
    package var historyDays = 35
    /// Older snapshots that stay, spread over the history, so that what was can be told although
    /// the log no longer has how it began.
    package var historySnapshots = 4

    package init() {}

    /// Milliseconds between them.
    var historyInterval: Int64 {
        Int64(historyDays) * 86_400_000 / Int64(max(historySnapshots, 1))
    }
}
