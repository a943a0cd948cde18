internal import Billing
package import Events
package import Repository
package import Wire

/// What is asked about usage. Runs beside the event loops.
extension UsageService {
    /// A page of events.
    package func list(_ call: ListEventsCall) async throws(ExecuteFault) -> [UInt8] {
        let events = try await answer { try call.query.run(over: $0, checkpoint: $1) }
        let isLast = events.count < call.query.limit
        return encoded { $0.events(events, of: call, isLast: isLast) }
    }

    /// Sums over time.
    package func aggregate(_ query: AggregateQuery) async throws(ExecuteFault) -> [UInt8] {
        let series = try await answer { try query.run(over: $0, checkpoint: $1) }
        return encoded { $0.aggregate(series, query.bins) }
    }

    private func encoded(_ write: (ReplyWriter) -> UnsafeRawBufferPointer) -> [UInt8] {
        let workspace = Workspace()
        let writer = ReplyWriter(arena: workspace.arena, names: environment.directory.current)
        // The bytes are the workspace's.
        return withExtendedLifetime(workspace) { Array(write(writer)) }
    }

    private func answer<Answer: Sendable>(
        _ question: @escaping EventStore.Question<Answer>
    ) async throws(ExecuteFault) -> Answer {
        do {
            return try await environment.events.answer(question)
        } catch EventFault.tooManyGroups(let limit) {
            throw .refused(.tooMany("grouping", "gives more than \(limit) groups"))
        } catch EventFault.tooManyCells(let limit) {
            throw .refused(.tooMany("bin", "gives more than \(limit) bins × groups × features"))
        } catch let fault as EventFault {
            throw .damaged("\(fault)")
        } catch let fault as RecordFault {
            throw .damaged("\(fault)")
        } catch let fault as LogFault {
            throw .unavailable(fault)
        } catch let fault as DiskFault {
            throw .unavailable(.disk(fault))
        } catch {
            throw .unavailable(.unavailable("\(error)"))
        }
    }
}

extension Refusal {
    fileprivate static func tooMany(_ path: String, _ message: String) -> Refusal {
        .invalid([Violation(path: path, message: message)])
    }
}
