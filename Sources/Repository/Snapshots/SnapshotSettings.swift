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

    package init() {}
}
