internal import Billing
internal import Wire

/// The file that keys are kept in: JSON, one object a key.
///
/// Whatever is more than a secret key that is good until it is revoked is in the second form, which
/// a tally that doesn't know it refuses: it would let a publishable key do everything, and one that
/// has expired go on.
enum KeyFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let version = 2

    static func text(_ keys: [APIKey]) -> String {
        let list = JSONValue.array(keys.map { .object(object($0)) })
        let file: JSONObject =
            keys.allSatisfy(\.isPlain)
            ? ["keys": list] : ["version": .number("\(version)"), "entries": list]
        return JSONWriter.text(.object(file), .pretty) + "\n"
    }

    /// A key as files, journals and exports have it.
    static func object(_ key: APIKey) -> JSONObject {
        var object: JSONObject = [
            "id": .string(key.id), "name": .string(key.name), "prefix": .string(key.prefix),
            "sha256": .string(key.digest),
            "scopes": .array(key.scopes.names.map { .string($0) }),
            "created": .number(String(key.created)), "revoked": .bool(key.revoked),
        ]
        if key.kind != .secret { object.append("kind", .string(key.kind.rawValue)) }
        if let customer = key.customer { object.append("customer", .string(customer.text)) }
        if let expires = key.expires { object.append("expires", .number(String(expires))) }
        if let replaces = key.replaces { object.append("replaces", .string(replaces)) }
        return object
    }

    static func keys(_ content: [UInt8], path: String) throws -> [APIKey] {
        let value: JSONValue
        do {
            value = try JSONParser.parse(content)
        } catch {
            throw Failure(description: "\(path) is damaged (\(error)); restore it from a backup")
        }
        guard case .object(let file) = value else {
            throw Failure(description: "\(path) has no list of keys; restore it from a backup")
        }
        if let version = file["version"], version != .number("\(KeyFile.version)") {
            throw Failure(description: "\(path) is of a newer tally; use that one")
        }
        guard case .array(let list)? = file["keys"] ?? file["entries"] else {
            throw Failure(description: "\(path) has no list of keys; restore it from a backup")
        }
        return try list.map { try key($0, path: path) }
    }

    static func key(_ entry: JSONValue, path: String) throws -> APIKey {
        guard case .object(let key) = entry, case .string(let id)? = key["id"],
            case .string(let name)? = key["name"], case .string(let prefix)? = key["prefix"],
            case .string(let digest)? = key["sha256"], KeyDigest(hex: digest) != nil,
            case .number(let created)? = key["created"],
            case .bool(let revoked)? = key["revoked"]
        else { throw Failure(description: "\(path) has an incomplete key") }
        var found = APIKey(
            id: id, name: name, prefix: prefix, digest: digest,
            scopes: try scopes(key["scopes"], path: path), created: Int64(created) ?? 0,
            revoked: revoked)
        if let word = key["kind"] {
            guard case .string(let text) = word, let kind = APIKey.Kind(rawValue: text) else {
                throw Failure(description: "\(path) has a key of a kind that isn't known")
            }
            found.kind = kind
        }
        if case .string(let text)? = key["customer"] { found.customer = CustomerID(text) }
        if case .number(let text)? = key["expires"] { found.expires = Int64(text) }
        if case .string(let text)? = key["replaces"] { found.replaces = text }
        let isLimited = found.kind == .customer || found.kind == .refresh
        guard isLimited == (found.customer != nil),
            (key["expires"] != nil) == (found.expires != nil)
        else { throw Failure(description: "\(path) has a key that says too little or too much") }
        return found
    }

    /// Keys that are older than scopes may do everything.
    private static func scopes(_ value: JSONValue?, path: String) throws -> Scopes {
        guard let value else { return .all }
        guard case .array(let list) = value else {
            throw Failure(description: "\(path) has a key whose scopes are no list")
        }
        let names = list.map { if case .string(let name) = $0 { name } else { "" } }
        do {
            return try Scopes(names: names)
        } catch {
            throw Failure(description: "\(path): \(error)")
        }
    }
}

extension APIKey {
    /// A tally from before the other kinds knows all there is to it.
    fileprivate var isPlain: Bool {
        kind == .secret && customer == nil && replaces == nil && (expires == nil || revoked)
    }
}
