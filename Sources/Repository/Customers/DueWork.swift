internal import Billing
internal import Logging

/// Does what falls due on time, so that nobody waits for a visitor; and once a second looks at the
/// files of keys and members, at the copy that follows, and at the clock.
struct DueWork: Sendable {
    /// Of each partition.
    let repositories: [CustomerRepository]
    let keys: KeyRing
    let members: MemberList
    let sessions: Sessions
    let backup: BackupWatch
    let logger: Logger
    /// Stops the server, saying why.
    let stop: @Sendable (LogFault) -> Void

    /// How far the wall clock may drift from the monotonic one before nothing it says is believed.
    private static let largestJump: Int64 = 3_600_000

    /// Customers taken from a shard at once, so that its lock is held briefly.
    private static let batch = 64

    func run() async {
        let offset = clockOffset
        while !Task.isCancelled {
            let jump = clockOffset - offset
            guard jump.magnitude <= DueWork.largestJump else {
                return stop(
                    .failed(
                        "the clock jumped by \(jump / 1000) s; periods would be billed and reset "
                            + "at the wrong time"))
            }
            do throws(DiskFault) {
                for repository in repositories {
                    advanceDue(repository)
                    // There may be room again.
                    try repository.keys?.flush()
                }
            } catch {
                return stop(.failed("\(error)"))
            }
            backup.look(
                durable: repositories.map(\.log.durableSequence),
                now: SystemClock.wall.milliseconds)
            do {
                try keys.reload()
            } catch {
                logger.error("the key file cannot be read", metadata: ["error": "\(error)"])
            }
            do {
                try members.reload()
                try sessions.reload()
            } catch {
                logger.error(
                    "the dashboard's members or sessions cannot be read or written",
                    metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private var clockOffset: Int64 {
        SystemClock.wall.milliseconds - SystemClock.monotonic
    }

    private func advanceDue(_ repository: CustomerRepository) {
        let workspace = Workspace()
        var found: [CustomerID] = []
        repository.eachShard { shard in
            found += shard.takeDue(by: repository.environmentTime, limit: DueWork.batch)
        }
        for id in found {
            workspace.reset()
            do {
                _ = try repository.execute(
                    .advance, for: id, request: nil, names: repository.directory.current,
                    in: workspace)
            } catch .refused(.customerNotFound) {
                // Deleted meanwhile.
            } catch {
                // It stays due: the next visitor advances it, and so does the next start.
                logger.warning(
                    "a customer could not be advanced",
                    metadata: ["customer": "\(id.text)", "error": "\(error)"])
                return
            }
        }
    }
}
