internal import Logging
internal import Synchronization

/// The server's side of a copy that follows it: how far it is behind, once a second.
package final class BackupWatch: Sendable {
    private struct State {
        /// Of each partition.
        var lags: [BackupLag] = []
        var version: [Int64]?
        var status: BackupStatus?
        var milliseconds: Int64?
        var records: UInt64 = 0
    }

    private let folder: String
    private let conditions: Conditions
    private let logger: Logger
    private let state = Mutex(State())

    init(folder: String, conditions: Conditions, logger: Logger) {
        self.folder = folder
        self.conditions = conditions
        self.logger = logger
    }

    /// How far the copy is behind; nil: nothing follows.
    package var lagMilliseconds: Int64? { state.withLock { $0.milliseconds } }

    /// Records that it lacks, of all partitions; nil: nothing follows.
    package var lagRecords: UInt64? {
        state.withLock { state in state.milliseconds.map { _ in state.records } }
    }

    /// - Parameter durable: the last durable sequence of each partition.
    func look(durable: [UInt64], now: Int64) {
        let (lag, target) = state.withLock { state in
            let version = SmallFile.version("\(folder)/\(BackupStatus.fileName)")
            if version != state.version {
                state.version = version
                state.status = BackupStatus(in: folder)
            }
            guard let status = state.status, !status.ended else {
                state.milliseconds = nil
                state.lags = []
                return (nil as Int64?, "")
            }
            if state.lags.isEmpty { state.lags = durable.map { _ in BackupLag() } }
            state.records = 0
            for (number, sequence) in durable.enumerated() {
                let shipped = number < status.sequences.count ? status.sequences[number] : 0
                let lag = state.lags[number].look(
                    durable: sequence, shipped: shipped, saidAt: status.time, now: now)
                state.records += sequence - min(shipped, sequence)
                state.milliseconds = number == 0 ? lag : max(lag, state.milliseconds ?? 0)
            }
            return (state.milliseconds, status.target)
        }
        report(lag ?? 0, target)
    }

    private func report(_ lag: Int64, _ target: String) {
        let isBehind = lag > BackupLag.limit
        let words = isBehind ? "the copy in \(target) is \(lag / 1000) s behind" : nil
        guard conditions.set(.backup, words) else { return }
        if let words {
            logger.warning("\(words); is tally backup --follow running?")
        } else {
            logger.info("the copy in \(target) has caught up, or was ended")
        }
    }
}
