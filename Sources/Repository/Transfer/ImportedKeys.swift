internal import Billing
internal import Interchange

/// API keys of an export, as files of the environment that is made of it. Keys name their
/// environment, so they are of no use in another.
struct ImportedKeys {
    private let isKept: Bool
    private var made: [APIKey] = []
    private var given: [KeyJournal.Line] = []

    init(isKept: Bool) {
        self.isKept = isKept
    }

    mutating func add(_ exported: ExportedKey) throws {
        let key = try APIKey(exported)
        guard isKept else { return }
        // As `KeyRing` divides them: what people made can be revoked and stays listed.
        if key.kind == .refresh || (key.kind == .customer && key.expires != nil) {
            given.append(.put(key))
        } else {
            made.append(key)
        }
    }

    func write(to folder: String) throws {
        if !made.isEmpty {
            try SmallFile.write(
                Array(KeyFile.text(made).utf8), to: "\(folder)/\(KeyRing.fileName)")
        }
        var journal = KeyJournal(folder: folder)
        try journal.append(given)
    }
}

extension ExportedKey {
    init(_ key: APIKey) {
        self.init()
        id = key.id
        kind = key.kind.rawValue
        name = key.name
        prefix = key.prefix
        digest = key.digest
        scopes = key.scopes.names
        customer = key.customer?.text ?? ""
        created = key.created
        expires = key.expires ?? 0
        isRevoked = key.revoked
        replaces = key.replaces ?? ""
    }
}

extension APIKey {
    fileprivate init(_ key: ExportedKey) throws {
        let scopes: Scopes
        do {
            scopes = try Scopes(names: key.scopes)
        } catch {
            throw FormFault("scopes", "\(error)")
        }
        guard let kind = Kind(rawValue: key.kind) else { throw FormFault("kind", "is unknown") }
        self.init(
            id: key.id, kind: kind, name: key.name, prefix: key.prefix, digest: key.digest,
            scopes: scopes, customer: CustomerID(key.customer).flatMap { $0.isEmpty ? nil : $0 },
            created: key.created, expires: key.expires == 0 ? nil : key.expires,
            replaces: key.replaces.isEmpty ? nil : key.replaces, revoked: key.isRevoked)
    }
}
