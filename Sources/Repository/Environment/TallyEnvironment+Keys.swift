package import Billing
package import Wire

/// Why something about keys isn't done.
package enum KeyFault: Error, Sendable {
    case invalid([Violation])
    /// The caller may not give away what it may not do.
    case missing(Scopes)
    case customerNotFound(String)
    case refused(KeyRefusal)
    /// A file couldn't be read or written.
    case unavailable(String)
}

/// What callers ask about keys. Blocks for a disk.
extension TallyEnvironment {
    package func createKey(
        _ call: CreateKeyCall, by caller: Access
    ) throws(KeyFault) -> (secret: String, report: KeyReport) {
        let kind = APIKey.Kind(call.kind)
        let usual =
            kind == .customer ? Scopes.ofCustomer.intersection(caller.scopes) : caller.scopes
        let scopes = try scopes(call.scopes, usual: usual, of: caller)
        if kind == .publishable { try require(.publishable, of: caller) }
        if let customer = call.customer { try require(customer) }
        let draft = KeyDraft(
            kind: kind, name: call.name, scopes: scopes, customer: call.customer,
            validity: call.validity)
        let made = try attempt { try keys.make(draft, time: keys.time) }
        return (made.key, report(made.entry))
    }

    /// - Parameter customer: whose; nil: those that people made.
    package func listKeys(of customer: CustomerID?) throws(KeyFault) -> [KeyReport] {
        if let customer { try require(customer) }
        let listed =
            if let customer {
                keys.all.filter { $0.customer == customer }
            } else {
                keys.made
            }
        return listed.map { report($0) }
    }

    package func rotateKey(
        _ call: RotateKeyCall, by caller: Access
    ) throws(KeyFault) -> (secret: String, report: KeyReport, old: KeyReport) {
        // Or the one who may make few keys would be handed one that may do everything.
        if let old = keys.made.first(where: { $0.id == call.id }) {
            try require(old.scopes, of: caller)
        }
        let made = try attempt {
            try keys.rotate(id: call.id, overlap: call.overlap, time: keys.time)
        }
        return (made.key, report(made.entry), report(made.old))
    }

    package func revokeKey(id: String) throws(KeyFault) {
        guard try attempt({ try keys.revoke(id: id) }) else { throw .refused(.notFound(id)) }
    }

    package func mintKey(
        _ call: MintKeyCall, by caller: Access
    ) throws(KeyFault) -> MintReport {
        try require(call.customer)
        let scopes = try scopes(
            call.scopes, usual: .ofCustomer.intersection(caller.scopes), of: caller)
        return MintReport(
            try attempt {
                try keys.mint(
                    for: call.customer, scopes: scopes, name: call.name,
                    isIndefinite: call.isIndefinite, time: keys.time)
            })
    }

    package func refreshKey(by caller: Access) throws(KeyFault) -> MintReport {
        MintReport(try attempt { try keys.refresh(caller, time: keys.time) })
    }

    /// Gives how many ended.
    package func revokeKeys(of customer: CustomerID) throws(KeyFault) -> Int {
        try require(customer)
        return try attempt { try keys.revoke(allOf: customer) }
    }

    /// Those of a customer who was deleted, before anybody hears of it.
    func endKeys(of customer: CustomerID) throws(ExecuteFault) {
        do {
            try keys.revoke(allOf: customer)
        } catch {
            throw .unavailable(.failed("the customer's keys can't be ended: \(error)"))
        }
    }

    /// Whoever deletes a customer ends its keys, unless it is killed in between; a customer who
    /// comes later under the same id is somebody else.
    func endKeysOfNobody() throws {
        for customer in Set(keys.all.compactMap(\.customer)) where state(of: customer) == nil {
            try keys.revoke(allOf: customer)
        }
    }

    private func attempt<Result>(_ body: () throws -> Result) throws(KeyFault) -> Result {
        do {
            return try body()
        } catch let refusal as KeyRefusal {
            throw .refused(refusal)
        } catch {
            throw .unavailable("\(error)")
        }
    }

    private func scopes(
        _ names: [String], usual: Scopes, of caller: Access
    ) throws(KeyFault) -> Scopes {
        guard !names.isEmpty else { return usual }
        let scopes: Scopes
        do throws(Scopes.Unknown) {
            scopes = try Scopes(names: names)
        } catch {
            let place = names.firstIndex(of: error.name) ?? 0
            throw .invalid([Violation(path: "scopes[\(place)]", message: "\(error)")])
        }
        try require(scopes, of: caller)
        return scopes
    }

    private func require(_ scopes: Scopes, of caller: Access) throws(KeyFault) {
        guard caller.scopes.isSuperset(of: scopes) else {
            throw .missing(scopes.subtracting(caller.scopes))
        }
    }

    private func require(_ customer: CustomerID) throws(KeyFault) {
        guard state(of: customer) != nil else { throw .customerNotFound(customer.text) }
    }

    private func report(_ key: APIKey) -> KeyReport {
        KeyReport(key, at: keys.time)
    }
}

extension KeyReport {
    package init(_ key: APIKey, at time: Int64) {
        let state: State =
            switch key.state(at: time) {
            case .active: .active
            case .expired: .expired
            case .revoked: .revoked
            }
        self.init(
            id: key.id, name: key.name, kind: CreateKeyCall.Kind(key.kind), state: state,
            prefix: key.prefix, scopes: key.scopes.names, customer: key.customer,
            created: Timestamp(milliseconds: key.created),
            expires: key.expires.map { Timestamp(milliseconds: $0) } ?? .never,
            lastUsed: key.lastUsed.map { Timestamp(milliseconds: $0) } ?? .never,
            replaces: key.replaces ?? "")
    }
}

extension MintReport {
    fileprivate init(_ minted: MintedKeys) {
        func time(_ entry: APIKey?) -> Timestamp {
            entry?.expires.map { Timestamp(milliseconds: $0) } ?? .never
        }
        self.init(
            access: minted.access, id: minted.entry.id, expires: time(minted.entry),
            refresh: minted.refresh ?? "", refreshExpires: time(minted.refreshEntry))
    }
}

extension CreateKeyCall.Kind {
    fileprivate init(_ kind: APIKey.Kind) {
        self =
            switch kind {
            case .secret: .secret
            case .publishable: .publishable
            case .customer: .customer
            case .refresh: .refresh
            }
    }
}

extension APIKey.Kind {
    fileprivate init(_ kind: CreateKeyCall.Kind) {
        self =
            switch kind {
            case .secret: .secret
            case .publishable: .publishable
            case .customer: .customer
            case .refresh: .refresh
            }
    }
}
