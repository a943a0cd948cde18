internal import RPC
internal import Repository

/// Replies that wait for the log, in order of their calls. One bell wakes the loop for a batch.
///
/// A read may wait behind a commit it doesn't depend on; it leaves with the same batch or the next.
struct HeldReplies {
    /// What to do once the sequence is durable.
    enum Work {
        /// Bytes of `storage`.
        case send(Range<Int>)
        /// The first answer to a repeated request was not durable yet: ask again.
        case again(Call)
    }

    /// What was asked.
    struct Call {
        var route: Route
        var scopes: Scopes
        var message: [UInt8]
    }

    struct Entry {
        var sequence: UInt64
        var token: CallToken
        var work: Work
    }

    private var entries: [Entry] = []
    private var head = 0
    private var storage: [UInt8] = []

    var isEmpty: Bool { head == entries.count }

    mutating func hold(
        _ message: UnsafeRawBufferPointer, _ token: CallToken, until sequence: UInt64
    ) {
        let start = storage.count
        storage.append(contentsOf: message)
        entries.append(
            Entry(sequence: sequence, token: token, work: .send(start..<storage.count)))
    }

    mutating func hold(_ entry: Entry) {
        entries.append(entry)
    }

    /// Takes out the first entry whose sequence is durable; nil: none is.
    mutating func next(durable: UInt64) -> Entry? {
        guard head < entries.count, entries[head].sequence <= durable else { return nil }
        defer { head += 1 }
        return entries[head]
    }

    /// Whether the first entry's sequence is durable.
    func isReady(durable: UInt64) -> Bool {
        head < entries.count && entries[head].sequence <= durable
    }

    /// Takes out the first entry whatever it waits for.
    mutating func nextAbandoned() -> Entry? { next(durable: .max) }

    func withBytes(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Gives memory back once everything was sent, or most of it.
    mutating func tidy() {
        if isEmpty {
            entries.removeAll(keepingCapacity: true)
            storage.removeAll(keepingCapacity: storage.capacity < 1 << 20)
            head = 0
        } else if head > 4096 {
            let sent = head
            entries.removeFirst(sent)
            head = 0
            compact()
        }
    }

    /// Drops the bytes of what was sent.
    private mutating func compact() {
        guard
            let first = entries.lazy.compactMap({ entry -> Int? in
                if case .send(let range) = entry.work { range.lowerBound } else { nil }
            }).first
        else { return storage.removeAll() }
        storage.removeFirst(first)
        for index in entries.indices {
            if case .send(let range) = entries[index].work {
                entries[index].work = .send(
                    range.lowerBound - first..<range.upperBound - first)
            }
        }
    }
}
