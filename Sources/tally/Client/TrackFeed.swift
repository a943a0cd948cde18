internal import Wire

/// Reports of usage between where they are read and where they are answered, in order. What isn't
/// answered is kept, to be sent again over another connection.
actor TrackFeed {
    struct Report: Sendable {
        var id: String
        var request: JSONObject
    }

    /// More are not read before some are answered.
    private static let mostUnanswered = 512

    private var unanswered: [Report] = []
    /// Of these, over the connection there is now.
    private var sent = 0
    private var hasEnded = false
    private var connection = 0
    private var producer: CheckedContinuation<Void, Never>?
    private var sender: CheckedContinuation<Void, Never>?

    /// Waits while too many are unanswered.
    func add(_ report: Report) async {
        while unanswered.count >= TrackFeed.mostUnanswered {
            await withCheckedContinuation { producer = $0 }
        }
        unanswered.append(report)
        wakeSender()
    }

    func end() {
        hasEnded = true
        wakeSender()
    }

    /// A new connection, over which everything that isn't answered is to be sent; its number.
    func begin() -> Int {
        connection += 1
        sent = 0
        wakeSender()
        return connection
    }

    /// The next to be sent, when there is one; nil: no more will come, or not over this connection.
    func next(_ connection: Int) async -> Report? {
        while connection == self.connection {
            if sent < unanswered.count {
                sent += 1
                return unanswered[sent - 1]
            }
            if hasEnded { return nil }
            await withCheckedContinuation { sender = $0 }
        }
        return nil
    }

    /// Ends what waits in `next`.
    func drop(_ connection: Int) {
        if connection == self.connection { self.connection += 1 }
        wakeSender()
    }

    /// False: this wasn't the one to be answered.
    func answered(_ id: String) -> Bool {
        guard let first = unanswered.first, first.id == id, sent > 0 else { return false }
        unanswered.removeFirst()
        sent -= 1
        producer?.resume()
        producer = nil
        return true
    }

    private func wakeSender() {
        sender?.resume()
        sender = nil
    }
}
