internal import Billing
package import Events
package import Repository
package import Wire

/// What is asked about usage. Takes as long as reading files does: not for event loops. The
/// checkpoint is called now and then; what it throws ends the question.
extension UsageService {
    /// A page of events.
    package func list(
        _ call: ListEventsCall, checkpoint: () throws -> Void
    ) throws(ExecuteFault) -> [UInt8] {
        let events = try answer { try call.query.run(over: $0, checkpoint: checkpoint) }
        let isLast = events.count < call.query.limit
        return encoded { $0.events(events, of: call, isLast: isLast) }
    }

    /// Sums over time.
    package func aggregate(
        _ query: AggregateQuery, checkpoint: () throws -> Void
    ) throws(ExecuteFault) -> [UInt8] {
        let series = try answer { try query.run(over: $0, checkpoint: checkpoint) }
        return encoded { $0.aggregate(series, query.bins) }
    }

    private func encoded(_ write: (ReplyWriter) -> UnsafeRawBufferPointer) -> [UInt8] {
        let workspace = Workspace()
        let writer = ReplyWriter(arena: workspace.arena, names: environment.directory.current)
        // The bytes are the workspace's.
        return withExtendedLifetime(workspace) { Array(write(writer)) }
    }

    private func answer<Answer>(
        _ question: ([EventPart]) throws -> Answer
    ) throws(ExecuteFault) -> Answer {
        do {
            return try environment.events.ask(question)
        } catch EventFault.tooManyGroups(let limit) {
            throw .refused(.tooMany("grouping", "gives more than \(limit) groups"))
        } catch EventFault.tooManyCells(let limit) {
            throw .refused(.tooMany("bin", "gives more than \(limit) bins × groups × features"))
        } catch let fault as EventFault {
            throw .damaged("\(fault)")
        } catch {
            throw ExecuteFault(ofReading: error)
        }
    }
}

extension Refusal {
    fileprivate static func tooMany(_ path: String, _ message: String) -> Refusal {
        .invalid([Violation(path: path, message: message)])
    }
}
