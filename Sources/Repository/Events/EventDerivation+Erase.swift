internal import Billing
internal import Events
internal import Synchronization

extension EventDerivation {
    /// The files, after what isn't in one yet is given up: it is read again from the log.
    func partsToErase() throws -> [EventPart] {
        try folder.removeDamaged()
        return state.withLock { state in
            state.filler = nil
            state.tail = emptyTail(behind: state.parts)
            return state.parts
        }
    }

    /// Takes the properties of a customer's events out of a file.
    ///
    /// - Parameter position: raw position of the last record whose properties go.
    func erase(
        _ customer: CustomerID, through position: UInt64, from part: EventPart,
        checkpoint: () throws -> Void
    ) throws {
        var found: EventPartBuilder?
        do {
            found = try part.withoutProperties(
                of: customer, through: position, checkpoint: checkpoint)
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
