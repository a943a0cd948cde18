internal import Dispatch

/// What waits for a disk, on a thread of its own, so that nobody else waits.
struct BlockingWork: Sendable {
    private let queue = DispatchQueue(label: "tally.dashboard")

    func run<Value: Sendable>(
        _ body: @escaping @Sendable () -> Result<Value, Problem>
    ) async -> Result<Value, Problem> {
        await withCheckedContinuation { caller in
            queue.async { caller.resume(returning: body()) }
        }
    }

    /// - Parameter what: said when it fails.
    func attempt<Value: Sendable>(
        _ what: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws(Problem) -> Value {
        let result: Result<Value, Problem> = await run {
            do {
                return .success(try body())
            } catch let problem as Problem {
                return .failure(problem)
            } catch {
                return .failure(.unavailable(what, error))
            }
        }
        return try result.get()
    }
}
