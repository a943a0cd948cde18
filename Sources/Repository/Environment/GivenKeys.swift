internal import Billing

/// Keys that customers' applications were given and that haven't ended, with whose they are.
struct GivenKeys {
    private var keys: [String: APIKey] = [:]
    private var ofCustomers: [CustomerID: [String]] = [:]

    /// Of one customer, tokens to refresh with among them; then the oldest ends.
    static let limitOfCustomer = 64
    /// Of an environment.
    static let limit = 500_000

    var count: Int { keys.count }

    /// In the order in which they came.
    var all: [APIKey] {
        keys.values.sorted { ($0.created, $0.id) < ($1.created, $1.id) }
    }

    subscript(id: String) -> APIKey? { keys[id] }

    /// The oldest first.
    func keys(of customer: CustomerID) -> [APIKey] {
        (ofCustomers[customer] ?? []).compactMap { keys[$0] }
    }

    mutating func put(_ key: APIKey) {
        let old = keys.updateValue(key, forKey: key.id)
        if old == nil, let customer = key.customer {
            ofCustomers[customer, default: []].append(key.id)
        }
    }

    mutating func end(_ id: String) {
        guard let key = keys.removeValue(forKey: id), let customer = key.customer else { return }
        ofCustomers[customer]?.removeAll { $0 == id }
        if ofCustomers[customer]?.isEmpty == true { ofCustomers[customer] = nil }
    }

    func all(expiredAt time: Int64) -> [APIKey] { keys.values.filter { !$0.isActive(at: time) } }
}

extension KeyRing.State {
    /// A line of the journal; gives whether it ended a key.
    @discardableResult
    mutating func take(_ line: KeyJournal.Line, at time: Int64) -> Bool {
        switch line {
        case .put(let key):
            given.put(key)
            add(key, at: time)
        case .end(let id):
            guard let key = given[id] else { return false }
            given.end(id)
            drop(key)
            return true
        case .used(let id, let time): used[id] = max(used[id] ?? 0, time)
        }
        return false
    }

    /// Forgets what has expired.
    mutating func expire(at time: Int64) {
        for key in given.all(expiredAt: time) {
            given.end(key.id)
            drop(key)
        }
        for key in made where !key.isActive(at: time) { drop(key, isListed: true) }
        let expiries = byDigest.values.lazy.map(\.expires)
        nextExpiry = expiries.min() ?? .max
        lastPurge = time
    }

    /// With when they were used last.
    func shown(_ keys: [APIKey]) -> [APIKey] {
        keys.map { key in
            var key = key
            key.lastUsed = used[key.id]
            return key
        }
    }

    /// All that a journal must say.
    var lines: [KeyJournal.Line] {
        let keys = given.all
        let known = Set(keys.map(\.id) + made.map(\.id))
        return keys.map { .put($0) }
            + used.filter { known.contains($0.key) }.sorted { $0.key < $1.key }
            .map { .used($0.key, at: $0.value) }
    }

    /// What calls look keys up in, anew.
    mutating func index(at time: Int64) {
        let before = byDigest
        byDigest = [:]
        customers = [:]
        nextExpiry = .max
        for key in made { add(key, at: time, before) }
        for key in given.all { add(key, at: time, before) }
    }

    private mutating func add(
        _ key: APIKey, at time: Int64, _ before: [KeyDigest: KeyRing.Entry] = [:]
    ) {
        guard key.isActive(at: time), let digest = KeyDigest(hex: key.digest) else { return }
        var caller = digest.caller
        if let customer = key.customer {
            // Whose a key is must not hang on 32 bits of a hash: these have numbers.
            if let known = before[digest] ?? byDigest[digest] {
                caller = known.caller
            } else {
                lastNumber &+= 1
                caller = lastNumber
            }
            customers[caller] = (customer, key.id)
        }
        byDigest[digest] = KeyRing.Entry(
            id: key.id, kind: key.kind, scopes: key.scopes, caller: caller, customer: key.customer,
            expires: key.expires ?? .max)
        nextExpiry = min(nextExpiry, key.expires ?? .max)
    }

    private mutating func drop(_ key: APIKey, isListed: Bool = false) {
        guard let digest = KeyDigest(hex: key.digest),
            let entry = byDigest.removeValue(forKey: digest)
        else { return }
        if entry.customer != nil { customers[entry.caller] = nil }
        if !isListed { used[key.id] = nil }
        if !isListed { unsaid.remove(key.id) }
    }
}
