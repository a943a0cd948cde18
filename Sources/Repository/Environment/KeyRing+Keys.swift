package import Billing

/// Keys that people make.
extension KeyRing {
    /// Makes a key and returns it; it cannot be shown again.
    package func make(
        name: String, scopes: Scopes = .all, time: Int64
    ) throws -> (key: String, entry: APIKey) {
        try make(KeyDraft(name: name, scopes: scopes), time: time)
    }

    package func make(
        _ draft: KeyDraft, time: Int64
    ) throws -> (key: String, entry: APIKey) {
        let made = draw(draft, time: time)
        try change { $0.append(made.entry) }
        return made
    }

    /// Makes a key in the place of another, which goes on for a while so that nobody is refused
    /// meanwhile.
    ///
    /// - Parameter overlap: milliseconds; 0: the old one ends at once.
    package func rotate(
        id: String, overlap: Int64, time: Int64
    ) throws -> (key: String, entry: APIKey, old: APIKey) {
        var result: (key: String, entry: APIKey, old: APIKey)?
        try change { keys in
            guard let index = keys.firstIndex(where: { $0.id == id && $0.isActive(at: time) })
            else { throw KeyRefusal.notFound(id) }
            guard !keys.contains(where: { $0.replaces == id && $0.isActive(at: time) }) else {
                throw KeyRefusal.alreadyRotated(id)
            }
            let old = keys[index]
            let validity = old.expires.map { $0 - old.created }
            var new = draw(
                KeyDraft(
                    kind: old.kind, name: old.name, scopes: old.scopes, customer: old.customer,
                    validity: validity), time: time)
            new.entry.replaces = id
            if overlap > 0 {
                keys[index].expires = min(keys[index].expires ?? .max, time + overlap)
            } else {
                keys[index].revoked = true
            }
            keys.append(new.entry)
            result = (new.key, new.entry, keys[index])
        }
        guard let result else { throw KeyRefusal.notFound(id) }
        return result
    }

    /// Of every kind. False: there is no such key, or it was revoked before.
    package func revoke(id: String) throws -> Bool {
        var found = false
        try change { keys in
            for index in keys.indices where keys[index].id == id && !keys[index].revoked {
                keys[index].revoked = true
                found = true
            }
        }
        if found { return true }
        try give { given in
            found = given[id] != nil
            return found ? [.end(id)] : []
        }
        return found
    }
}

/// Keys that applications of customers are given.
extension KeyRing {
    /// How long a customer's key is good, and what it is refreshed with, in milliseconds.
    package static let accessValidity: Int64 = 3_600_000
    package static let refreshValidity: Int64 = 86_400_000

    ///
    package func mint(
        for customer: CustomerID, scopes: Scopes, name: String = "", isIndefinite: Bool = false,
        time: Int64
    ) throws -> MintedKeys {
        let access = draw(
            KeyDraft(
                kind: .customer, name: name, scopes: scopes, customer: customer,
                validity: isIndefinite ? nil : KeyRing.accessValidity), time: time)
        let refresh = isIndefinite ? nil : refreshToken(name, scopes, customer, time)
        try give { given in
            try newLines(given, [access.entry, refresh?.entry], of: customer)
        }
        return MintedKeys(
            access: access.key, entry: access.entry, refresh: refresh?.key,
            refreshEntry: refresh?.entry)
    }

    /// Exchanges the caller's refresh token for the next pair; it ends with it.
    package func refresh(_ caller: Access, time: Int64) throws -> MintedKeys {
        guard caller.kind == .refresh, let id = id(ofCaller: caller.caller) else {
            throw KeyRefusal.notRefreshable
        }
        var minted: MintedKeys?
        try give { given in
            // Only one of two who bring it at once.
            guard let old = given[id], old.isActive(at: time), let customer = old.customer else {
                throw KeyRefusal.notRefreshable
            }
            let access = draw(
                KeyDraft(
                    kind: .customer, name: old.name, scopes: old.scopes, customer: customer,
                    validity: KeyRing.accessValidity), time: time)
            let refresh = refreshToken(old.name, old.scopes, customer, time)
            minted = MintedKeys(
                access: access.key, entry: access.entry, refresh: refresh.key,
                refreshEntry: refresh.entry)
            return try [.end(old.id)]
                + newLines(given, [access.entry, refresh.entry], of: customer)
        }
        guard let minted else { throw KeyRefusal.notRefreshable }
        return minted
    }

    /// Ends all keys of a customer, whoever made them; gives how many.
    @discardableResult
    package func revoke(allOf customer: CustomerID) throws -> Int {
        var count = 0
        try change { keys in
            for index in keys.indices
            where keys[index].customer == customer && !keys[index].revoked {
                keys[index].revoked = true
                count += 1
            }
        }
        try give { given in
            let keys = given.keys(of: customer)
            count += keys.count
            return keys.map { .end($0.id) }
        }
        return count
    }

    /// What it is refreshed with can do no more than the key, but says what the next may do.
    private func refreshToken(
        _ name: String, _ scopes: Scopes, _ customer: CustomerID, _ time: Int64
    ) -> (key: String, entry: APIKey) {
        draw(
            KeyDraft(
                kind: .refresh, name: name, scopes: scopes, customer: customer,
                validity: KeyRing.refreshValidity), time: time)
    }

    private func newLines(
        _ given: GivenKeys, _ keys: [APIKey?], of customer: CustomerID
    ) throws -> [KeyJournal.Line] {
        let new = keys.compactMap(\.self)
        guard given.count + new.count <= GivenKeys.limit else {
            throw KeyRefusal.tooMany(limit: GivenKeys.limit, ofCustomer: false)
        }
        let old = given.keys(of: customer)
        let over = max(0, old.count + new.count - GivenKeys.limitOfCustomer)
        return old.prefix(over).map { .end($0.id) } + new.map { .put($0) }
    }
}
