internal import Billing
internal import Wire

/// Goes through one shard's customers in the order of lists, from a place on.
struct RosterWalk {
    private let repository: CustomerRepository
    private let shard: Int
    private let search: [UInt8]
    /// nil: marks don't tell.
    private let filter: SubscriptionFilter?
    private let after: CustomerCursor?
    private let blocks: [RosterBlock]
    /// Blocks from here on are done.
    private var block: Int
    /// Of the block below: entries yet to be looked at, ascending.
    private var entries: [Int] = []
    /// Customers created in the same millisecond, whose ids decide; the next one is the last.
    private var group: [CustomerCursor] = []

    init(
        _ repository: CustomerRepository, shard: Int, _ call: ListCustomersCall
    ) throws(RecordFault) {
        self.repository = repository
        self.shard = shard
        search = call.search
        after = call.after
        // What is due may change subscriptions, and hasn't yet. Asked before the marks are taken:
        // it may happen in between, and they wouldn't know.
        filter = repository.hasDue(shard) ? nil : call.filter
        blocks = try repository.rosterBlocks(shard)
        block = blocks.count
        // Whole blocks that the list has left behind it.
        if let after {
            while block > 0, let first = blocks[block - 1].created.first, first > after.created {
                block -= 1
            }
        }
    }

    /// - Parameter checkpoint: called before a block is looked through.
    mutating func next(_ checkpoint: () throws -> Void) rethrows -> CustomerCursor? {
        while group.isEmpty {
            guard let time = try peek(checkpoint) else { return nil }
            var rows: [UInt32] = []
            while try peek(checkpoint) == time, let entry = entries.popLast() {
                rows.append(blocks[block].rows[entry])
            }
            group = cursors(of: rows, created: time)
        }
        return group.popLast()
    }

    /// When the next entry was created; nil: there is none.
    private mutating func peek(_ checkpoint: () throws -> Void) rethrows -> Int64? {
        while true {
            if let entry = entries.last { return blocks[block].created[entry] }
            guard block > 0 else { return nil }
            try checkpoint()
            block -= 1
            enter(blocks[block])
        }
    }

    private mutating func enter(_ block: RosterBlock) {
        func isNext(_ entry: Int) -> Bool {
            guard block.rows[entry] != RosterBlock.noRow else { return false }
            guard filter.map({ block.marks[entry].mayMatch($0) }) ?? true else { return false }
            return after.map { block.created[entry] <= $0.created } ?? true
        }
        entries =
            search.isEmpty
            ? block.created.indices.filter(isNext) : block.entries(with: search).filter(isNext)
    }

    private func cursors(of rows: [UInt32], created: Int64) -> [CustomerCursor] {
        let found = repository.withShard(shard) { shard in
            rows.map { CustomerCursor(created: created, id: shard.rows[Int($0)].id) }
        }
        return found.filter { cursor in after.map { $0 < cursor } ?? true }.sorted(by: >)
    }
}
