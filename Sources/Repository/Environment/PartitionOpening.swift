internal import Synchronization

/// Opens the partitions of an environment, several at the same time.
struct PartitionOpening {
    /// Given a partition's number, and how many threads it may take for itself.
    let open: @Sendable (_ number: Int, _ threads: Int) throws -> Partition

    /// All, in order; throws what went wrong with the first that couldn't be opened.
    func run(count: Int, threads: Int) throws -> [Partition] {
        let width = max(1, min(count, threads))
        let next = Atomic(0)
        let results = Mutex([Result<Partition, any Error>?](repeating: nil, count: count))
        let work = { @Sendable in
            while true {
                let number = next.add(1, ordering: .relaxed).oldValue
                guard number < count else { return }
                let result = Result { try open(number, max(1, threads / width)) }
                results.withLock { $0[number] = result }
            }
        }
        let others = try (1..<width).map { _ in try LogThread("tally-open") { work() } }
        work()
        for thread in others { thread.join() }
        return try results.withLock { $0 }.map { result in
            guard let result else { preconditionFailure("every number was taken") }
            return try result.get()
        }
    }
}
