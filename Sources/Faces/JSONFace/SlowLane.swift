internal import Billing
internal import Dispatch
internal import Repository
internal import Synchronization

/// Questions that read files, or look through all customers: on threads of their own, so that they
/// keep nobody waiting who asks for less, and a few at once.
final class SlowLane: Sendable {
    private static let limit = 4

    private let underWay = Mutex(0)

    func run<Answer: Sendable>(
        _ question: @escaping @Sendable () throws(ExecuteFault) -> Answer
    ) async throws(JSONProblem) -> Answer {
        let isFull = underWay.withLock { count in
            if count == SlowLane.limit { return true }
            count += 1
            return false
        }
        guard !isFull else { throw .tooManyCalls }
        defer { underWay.withLock { $0 -= 1 } }
        let result: Result<Answer, ExecuteFault> = await withCheckedContinuation { caller in
            DispatchQueue.global().async {
                do throws(ExecuteFault) {
                    caller.resume(returning: .success(try question()))
                } catch {
                    caller.resume(returning: .failure(error))
                }
            }
        }
        switch result {
        case .success(let answer): return answer
        case .failure(let fault): throw JSONProblem(fault)
        }
    }
}

/// Whose locks are whose, by environment and id: this API names a lock by its id alone, and we hold
/// it with its customer. Only a hint, so that not everybody has to be looked through; bounded.
final class LockOwners: Sendable {
    private static let limit = 100_000

    private let owners = Mutex<[String: CustomerID]>([:])

    func note(_ lock: String, in environment: String, of customer: CustomerID) {
        owners.withLock { owners in
            if owners.count >= LockOwners.limit { owners.removeAll(keepingCapacity: true) }
            owners["\(environment) \(lock)"] = customer
        }
    }

    func owner(of lock: String, in environment: String) -> CustomerID? {
        owners.withLock { $0["\(environment) \(lock)"] }
    }
}
