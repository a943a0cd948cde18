internal import Dispatch
package import Events
package import Logging
internal import Synchronization

/// The usage events of an environment, derived from its logs.
///
/// What is asked sees every event whose record was durable when the question came, each once: the
/// day files cover a log without gap up to a watermark, and what follows it is kept in memory,
/// read from the log when a question or a second has come, never on the way of a call. The memory
/// is given up with the process and read again from the log. A file that is missing or damaged is
/// made again, too.
package final class EventStore: Sendable {
    /// One for each log.
    let derivations: [EventDerivation]
    private let logger: Logger
    /// Questions stand side by side; what replaces files that they read stands alone.
    private let queue = DispatchQueue(
        label: "tally.events", qos: .utility, attributes: .concurrent)

    package init(_ derivations: [EventDerivation], logger: Logger) {
        self.derivations = derivations
        self.logger = logger
    }

    /// Puts a question to every event that is durable now, on the caller's thread. When a file
    /// turns out to be damaged, it is made again and the question is put once more.
    package func ask<Answer>(_ question: ([EventPart]) throws -> Answer) throws -> Answer {
        try queue.sync {
            do {
                return try question(try parts())
            } catch EventFault.damaged(let why) {
                logger.error("a day file is damaged", metadata: ["why": "\(why)"])
                for derivation in derivations { try derivation.setDamagedAside() }
                return try question(try parts())
            }
        }
    }

    private func parts() throws -> [EventPart] { try derivations.flatMap { try $0.parts() } }

    /// Work of the store's own, on a thread of its own, while no question is asked and nothing else
    /// is done.
    func alone<Answer: Sendable>(
        _ work: @escaping @Sendable (Flag) throws -> Answer
    ) async throws -> Answer {
        let isCancelled = Flag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async(flags: .barrier) {
                    continuation.resume(with: Result { try work(isCancelled) })
                }
            }
        } onCancel: {
            isCancelled.set()
        }
    }

    /// Goes on deriving until the task is cancelled: little by little and at low priority, so that
    /// a core that serves calls as well is never taken for long, and faster when far behind.
    package func run() async {
        let end = Monitor(false)
        await withTaskCancellationHandler {
            do throws(LogFault) {
                try await LogThread.run("tally-events") {
                    ThreadPriority.lower()
                    while !end.waitForWake(microseconds: self.step()) {}
                }
            } catch {
                logger.error("events cannot be derived", metadata: ["error": "\(error)"])
            }
        } onCancel: {
            end.wake()
        }
    }

    /// Gives how long the next one has time, in microseconds.
    private func step() -> Int {
        do {
            return try queue.sync { try advance() } ? 10_000 : 1_000_000
        } catch {
            logger.error("events cannot be derived", metadata: ["error": "\(error)"])
            return 1_000_000
        }
    }

    /// One step in each log; false: there is nothing left to do.
    private func advance() throws -> Bool {
        try derivations.reduce(false) { try $1.advance() || $0 }
    }
}

/// Set once, from any thread.
final class Flag: Sendable {
    private let isSet = Atomic(false)

    func set() { isSet.store(true, ordering: .relaxed) }

    func check() throws {
        if isSet.load(ordering: .relaxed) { throw CancellationError() }
    }
}
