internal import Billing
internal import Wire

/// What was global to an environment at any moment: the catalog, and how far a test had moved the
/// clock. Read from the directory's log, which is never cut.
struct DirectoryHistory {
    private var publications: [(time: Timestamp, draft: PricingDraft)] = []
    /// From then on the environment's clock was so many milliseconds ahead.
    private var moves: [(time: Timestamp, offset: Int64)] = []

    mutating func add(_ record: DirectoryRecord) {
        switch record.change {
        case .published(let draft): publications.append((record.time, draft))
        case .clockMoved(let move): moves.append((record.time, move.offset))
        // No balance depends on them.
        case .codeReserved, .codeSettled, .codeCounted, .referralCodeMade, .fingerprintKeyed: break
        }
    }

    /// A test has moved the environment's clock.
    var hasMoves: Bool { !moves.isEmpty }

    /// Customer time, of those whose own clock no test had moved, when the machine's was `wall`.
    func environmentTime(at wall: Timestamp) -> Timestamp {
        wall.adding(milliseconds: moves.last { $0.time <= wall }?.offset ?? 0)
    }

    /// The machine's time when the environment's clock showed this, and whether a test had moved
    /// it by then. What a move passed over was never shown: then it is the move's own time.
    func wallTime(of time: Timestamp) -> (wall: Timestamp, isMoved: Bool) {
        var ahead: Int64 = 0
        var reached: (time: Timestamp, offset: Int64)?
        for move in moves {
            guard move.time.adding(milliseconds: ahead) <= time else { break }
            reached = move
            ahead = move.offset
        }
        guard let reached else { return (time, false) }
        return (max(reached.time, time.adding(milliseconds: -ahead)), ahead != 0)
    }

    /// The catalog that was in force.
    ///
    /// - Parameter sequence: a publication that is known to have been seen.
    func pricing(at wall: Timestamp, atLeast sequence: UInt64) -> PricingState {
        var pricing = PricingState.empty
        for publication in publications {
            guard publication.time <= wall || pricing.sequence < sequence else { break }
            pricing = pricing.publishing(publication.draft)
        }
        return pricing
    }
}

extension Directory {
    /// What was when; reads the whole log, which is small.
    func history() throws -> DirectoryHistory {
        var history = DirectoryHistory()
        let arena = Arena()
        try log.read(after: .start) { _, bytes in
            arena.reset()
            history.add(try RecordDecoder(arena: arena).directory(bytes))
            return true
        }
        return history
    }
}
