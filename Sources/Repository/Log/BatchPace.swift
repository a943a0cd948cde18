/// How long the writer lets a batch gather before it writes it.
///
/// A sync costs the same for one record as for many, and one that returns lets everybody go on
/// whose record it held. Whoever writes at once what came during the sync before makes many small
/// batches of few records each; but those that were just let go on are about to come back. So it
/// waits for most of them, a little while. A machine over counts: it reads no clock.
struct BatchPace {
    /// Records in the batch written last.
    private var last = 0

    /// So many records make a batch worth writing, when `waiting` came while the one before was
    /// written: three quarters of all who were seen to write at the same time.
    func enough(waiting: Int) -> Int { (last + waiting) * 3 / 4 }

    mutating func wrote(_ records: Int) { last = records }

    /// Nobody came in time: whoever comes next is alone.
    mutating func rest() { last = 0 }
}
