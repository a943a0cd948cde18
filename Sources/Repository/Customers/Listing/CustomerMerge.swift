internal import HeapModule
internal import Wire

/// Goes through the customers of all shards of all partitions in the order of lists.
struct CustomerMerge {
    /// A walk's next customer.
    private struct Head: Comparable {
        var cursor: CustomerCursor
        var walk: Int

        static func < (a: Head, b: Head) -> Bool { a.cursor < b.cursor }
    }

    private let repositories: [CustomerRepository]
    private var walks: [RosterWalk] = []
    private var heads = Heap<Head>()

    init(
        _ repositories: [CustomerRepository], _ call: ListCustomersCall,
        _ checkpoint: () throws -> Void
    ) throws {
        self.repositories = repositories
        walks.reserveCapacity(repositories.count * 256)
        for repository in repositories {
            for shard in 0..<256 {
                try checkpoint()
                walks.append(try RosterWalk(repository, shard: shard, call))
                try advance(walks.count - 1, checkpoint)
            }
        }
    }

    /// nil: there are no more.
    mutating func next(
        _ checkpoint: () throws -> Void
    ) throws -> (cursor: CustomerCursor, repository: CustomerRepository)? {
        guard let first = heads.popMin() else { return nil }
        try advance(first.walk, checkpoint)
        return (first.cursor, repositories[first.walk / 256])
    }

    private mutating func advance(_ walk: Int, _ checkpoint: () throws -> Void) throws {
        if let cursor = try walks[walk].next(checkpoint) {
            heads.insert(Head(cursor: cursor, walk: walk))
        }
    }
}
