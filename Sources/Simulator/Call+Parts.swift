internal import Billing
internal import Repository

/// What the model knows of parts: which entities and holds there are.
extension Call {
    private var entities: [String: String] { customer?.entities ?? [:] }
    private var holds: [String: Int64] { customer?.openHolds(at: time) ?? [:] }
    private var customer: Model.Customer? { world.model.customers[request.customer] }

    /// Tells the model of what was done; whether a retry must get the same answer.
    func count(_ deed: PartDeed, _ reply: Reply, _ outcome: Outcome) throws -> Bool {
        guard !isNew, reason(against: deed) == nil else {
            throw world.fail("request \(request.number), \(deed), was not refused")
        }
        var isUnsure = deed.isUnsure
        switch deed {
        case .createEntity(let id):
            // The one that waits for an id gets this one.
            if !id.isEmpty { add(.entity(request.customer, id: "", name: nil), outcome) }
            name(id, Catalogs.secrets[1], outcome)
        case .renameEntity(let id, let name):
            // Once more after a long time.
            if entities[id] == name { isUnsure = true } else { self.name(id, name, outcome) }
        case .deleteEntity(let id): add(.entity(request.customer, id: id, name: nil), outcome)
        case .use(_, _, let hold, _):
            if let hold {
                mark(hold, until: time + 24 * Machine.hour, outcome)
                add(.slots(request.customer, hold: hold, 0), outcome)
            }
            add(.said(request.customer), outcome)
        case .occupy(let count, let entity, let hold):
            guard try isFree(count, entity, reply) else { return false }
            mark(hold, until: time + 24 * Machine.hour, outcome)
            add(.slots(request.customer, hold: hold, count), outcome)
        case .settle(let id, _): mark(id, until: nil, outcome)
        case .extend(let id, let span): mark(id, until: time + span, outcome)
        case .think, .open, .update, .delete, .recalculate, .limit, .pool: break
        }
        if isUnsure { world.requests[request.number].isUnsure = true }
        return !isUnsure
    }

    /// Whether slots were taken, which must be just when so many are free; entities may be kept
    /// from what the customer has.
    private func isFree(_ count: Int, _ entity: String, _ reply: Reply) throws -> Bool {
        guard case .check(let answer) = reply else { throw world.fail("slots were \(reply)") }
        let open = customer?.openSlots(at: time) ?? 0
        let fits = open + count <= Catalogs.slots
        guard answer.allowed == fits || !answer.allowed && !entity.isEmpty else {
            throw world.fail("\(count) slots beside \(open): allowed is \(answer.allowed)")
        }
        return answer.allowed
    }

    private func name(_ id: String, _ name: String, _ outcome: Outcome) {
        add(.entity(request.customer, id: id, name: name), outcome)
        add(.said(request.customer), outcome)
    }

    private func mark(_ id: String, until expires: Int64?, _ outcome: Outcome) {
        add(.hold(request.customer, id: id, expires: expires), outcome)
    }

    private func add(_ event: Model.Event, _ outcome: Outcome) {
        world.model.add(event, at: outcome.point)
    }

    /// Balances of parts aren't counted, so what depends on them may be or not.
    func isExpected(_ refusal: Refusal, of deed: PartDeed) -> Bool {
        switch (deed, refusal) {
        case (.use(_, _, _, refuses: true), .insufficientBalance), (.open, .balanceExists),
            (.update, .balanceNotFound), (.update, .invalid), (.delete, .balanceNotFound),
            (.recalculate, .balanceNotFound):
            true
        default: reason(against: deed) == refusal
        }
    }

    /// Why it must be refused.
    private func reason(against deed: PartDeed) -> Refusal? {
        switch deed {
        case .createEntity(let id):
            // Without a price more are held than there are.
            guard entities[id] != nil else { return nil }
            return id.isEmpty ? .entityIDRequired(featureID: "workspaces") : .entityExists(id)
        case .settle(let id, _), .extend(let id, _):
            return holds[id] == nil ? .holdNotFound(id) : nil
        case .renameEntity, .deleteEntity, .use, .think, .occupy, .open, .update, .delete,
            .recalculate, .limit, .pool:
            if let entity = deed.entity, entities[entity] == nil {
                return .entityNotFound(entity)
            }
            switch deed {
            case .use(_, _, let hold?, _), .occupy(_, _, let hold):
                return holds[hold] == nil ? nil : .holdExists(hold)
            default: return nil
            }
        }
    }
}

extension Model {
    /// What is compared of a customer's parts.
    struct Parts: Equatable {
        var entities: [String: String]
        var holds: [String: Int64]
    }
}

extension Model.Parts {
    init(_ state: borrowing CustomerState) {
        let extras = state.buckets.extras
        let entities = (0..<extras.entities.count).map { extras.entities[$0] }
        self.init(
            entities: Dictionary(uniqueKeysWithValues: entities.map { ($0.id.text, $0.name) }),
            holds: Dictionary(
                uniqueKeysWithValues: extras.holds.map { ($0.id, $0.expires.milliseconds) }))
    }
}

extension Model.Customer {
    func parts(at time: Int64) -> Model.Parts {
        Model.Parts(entities: entities, holds: openHolds(at: time))
    }
}
