package import Billing
package import Repository
package import Wire

/// Defines what is for sale.
package struct CatalogService: Sendable {
    let environment: TallyEnvironment

    package init(_ environment: TallyEnvironment) {
        self.environment = environment
    }

    /// - Parameter found: faults that were found while the draft was read; they are reported
    ///   together with the others.
    package func publish(
        _ call: PublishCall, found: [Violation]
    ) async throws(ExecuteFault) -> [UInt8] {
        let (changes, sequence) = try await environment.publish(call, found: found)
        let workspace = Workspace()
        let writer = ReplyWriter(arena: workspace.arena, names: environment.directory.current)
        // The bytes are the workspace's.
        return withExtendedLifetime(workspace) {
            Array(writer.published(changes, sequence: sequence))
        }
    }

    /// Who has which plan. Looks at every customer: not for event loops.
    ///
    /// - Parameter checkpoint: called now and then; what it throws ends the question.
    package func countCustomers(
        checkpoint: () throws -> Void
    ) throws(ExecuteFault) -> [UInt8] {
        do {
            let counts = try environment.countPlans(checkpoint: checkpoint)
            let arena = Arena()
            let writer = ReplyWriter(arena: arena, names: environment.directory.current)
            // The bytes are the arena's.
            return withExtendedLifetime(arena) { Array(writer.planCounts(counts)) }
        } catch {
            throw ExecuteFault(ofReading: error)
        }
    }

    package func get(
        allVersions: Bool, names: PricingNames, in workspace: Workspace
    ) -> Execution {
        let message = ReplyWriter(arena: workspace.arena, names: names)
            .catalog(allVersions: allVersions)
        return .done(Outcome(message: message))
    }
}
