internal import Billing
internal import Events
internal import Synchronization

extension EventStore {
    /// Takes the properties of a customer's events out of every file and out of memory. The key
    /// that they were sealed with is destroyed, so that what is derived later has none.
    ///
    /// One file at a time, on the thread that answers questions: between two files it answers.
    ///
    /// - Parameters:
    ///   - position: raw position of the last record whose properties go.
    ///   - progress: told how many files are left.
    func erase(
        _ customer: CustomerID, through position: UInt64, progress: @Sendable (Int) -> Void
    ) async throws {
        let parts = try await onQueue { _ in
            self.forgetTail()
            try self.folder.removeDamaged()
            return self.state.withLock { $0.parts }
        }
        for (place, part) in parts.enumerated() {
            progress(parts.count - place)
            try await onQueue { isCancelled in
                try self.erase(customer, through: position, from: part, isCancelled)
            }
        }
        progress(0)
    }

    /// What isn't in a file yet is read again from the log.
    private func forgetTail() {
        state.withLock { state in
            state.filler = nil
            state.tail = emptyTail(behind: state.parts)
        }
    }

    private func erase(
        _ customer: CustomerID, through position: UInt64, from part: EventPart,
        _ isCancelled: Flag
    ) throws {
        var found: EventPartBuilder?
        do {
            found = try part.withoutProperties(
                of: customer, through: position, checkpoint: isCancelled.check)
        } catch let fault as EventFault {
            // Made again from the log it has nothing that is to go.
            try setDamagedAside()
            throw fault
        }
        guard var builder = found else { return }
        let written = try folder.write(&builder)
        state.withLock { state in
            let place = state.parts.firstIndex { $0.firstSequence == part.firstSequence }
            if let place { state.parts[place] = written }
        }
    }
}
