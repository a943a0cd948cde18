package import Billing
package import Wire

/// What is deleted from the catalog must be nobody's, now and afterwards.
///
/// Callers hold catalogs of their own, and may come with one that still has what is deleted: as
/// long as they do, no decision of theirs makes a customer need it. First each shard is told so,
/// under its lock; then its customers are looked at. Whoever needed it before is found, and nobody
/// else can come to need it.
struct ClosedCatalog {
    /// Deleted by this process, and the publication that did it last: who knows that one can't mean
    /// what was deleted.
    var gone = CatalogRemoval.none
    var sequence: UInt64 = 0
    /// About to be deleted, if nobody needs it.
    var closing = CatalogRemoval.none

    /// What a caller with such a catalog mustn't begin to use.
    func closed(to sequence: UInt64) -> CatalogRemoval {
        sequence < self.sequence ? closing.union(gone) : closing
    }
}

/// Who needs what is to be deleted.
struct CatalogNeed {
    var count = 0
    /// One of them.
    var example = ""
}

extension CustomerRepository {
    /// Closes it, and looks at every customer.
    func close(
        _ removal: CatalogRemoval, names: PricingNames, _ found: inout CatalogNeeds
    ) throws(ExecuteFault) {
        let workspace = Workspace()
        for index in 0..<256 {
            let rows = withShard(index) { shard in
                shard.closed.closing = removal
                return shard.rows.copy(from: 0, limit: shard.rows.count)
            }
            for row in rows where !row.marks.contains(.isDeleted) {
                workspace.reset()
                let customer = try opened(row, workspace)
                found.add(customer.needs(removal, names.pricing), of: customer.id)
            }
        }
    }

    /// It is deleted, or isn't after all.
    ///
    /// - Parameter sequence: of the publication that did it; nil: none did.
    func settle(_ removal: CatalogRemoval, sequence: UInt64?) {
        eachShard { shard in
            shard.closed.closing = .none
            guard let sequence else { return }
            shard.closed.gone = shard.closed.gone.union(removal)
            shard.closed.sequence = sequence
        }
    }
}

/// What was found at the customers of all partitions.
struct CatalogNeeds {
    private(set) var plans: [PlanNumber: CatalogNeed] = [:]
    private(set) var features: [FeatureNumber: CatalogNeed] = [:]

    mutating func add(_ needed: CatalogRemoval, of customer: CustomerID) {
        func note(_ need: inout CatalogNeed) {
            if need.count == 0 { need.example = customer.text }
            need.count += 1
        }
        for plan in needed.plans { note(&plans[plan, default: CatalogNeed()]) }
        for feature in needed.features { note(&features[feature, default: CatalogNeed()]) }
    }

    /// What is wrong with deleting it.
    func violations(_ draft: PricingDraft, _ pricing: PricingState) -> [Violation] {
        var found: [Violation] = []
        for (index, id) in draft.removedPlans.enumerated() {
            guard let need = pricing.plan(id: id).flatMap({ plans[$0] }) else { continue }
            found.append(
                Violation(
                    path: "deleted_plan_ids[\(index)]",
                    message: "\"\(id)\" is a plan that \(need.holders), or had: move them to "
                        + "another plan or delete them first, or archive it instead"))
        }
        for (index, id) in draft.removedFeatures.enumerated() {
            guard let need = pricing.feature(id: id).flatMap({ features[$0] }) else { continue }
            found.append(
                Violation(
                    path: "deleted_feature_ids[\(index)]",
                    message: "\"\(id)\" is a feature of which \(need.holders) balances, "
                        + "entities, limits or a plan: take them away first, or archive it "
                        + "instead"))
        }
        return found
    }
}

extension CatalogNeed {
    /// "3 customers (among them \"acme\") have"; without what it is they have.
    fileprivate var holders: String {
        count == 1
            ? "\"\(example)\" has" : "\(count) customers (among them \"\(example)\") have"
    }
}

/// Keeps customers from what is being deleted.
package struct RemovalGate {
    let repositories: [CustomerRepository]

    /// Closes what the draft removes, or says who needs it, and then it is open again.
    func close(_ draft: PricingDraft, names: PricingNames) throws(ExecuteFault) {
        let removal = names.pricing.removal(by: draft)
        var needs = CatalogNeeds()
        do throws(ExecuteFault) {
            for repository in repositories {
                try repository.close(removal, names: names, &needs)
            }
            let found = needs.violations(draft, names.pricing)
            guard found.isEmpty else { throw .refused(.inUse(found.inCatalog)) }
        } catch {
            settle(removal, sequence: nil)
            throw error
        }
    }

    func settle(_ removal: CatalogRemoval, sequence: UInt64?) {
        for repository in repositories { repository.settle(removal, sequence: sequence) }
    }
}

extension [Violation] {
    /// As a request has it.
    var inCatalog: [Violation] {
        map { Violation(path: "catalog." + $0.path, message: $0.message) }
    }
}

extension TallyEnvironment {
    /// Publishes a draft; what it deletes must be nobody's.
    package func publish(
        _ call: PublishCall, found: [Violation]
    ) async throws(ExecuteFault) -> (changes: [PricingChange], sequence: UInt64) {
        try await directory.publish(
            call, found: found, time: now,
            gate: RemovalGate(repositories: partitions.map(\.customers)))
    }
}
