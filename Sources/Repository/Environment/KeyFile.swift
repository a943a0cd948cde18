internal import Wire

/// The file that keys are kept in: JSON, one object a key.
enum KeyFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static func text(_ keys: [APIKey]) -> String {
        let list = keys.map { key in
            JSONValue.object([
                "id": .string(key.id), "name": .string(key.name), "prefix": .string(key.prefix),
                "sha256": .string(key.digest),
                "scopes": .array(key.scopes.names.map { .string($0) }),
                "created": .number(String(key.created)), "revoked": .bool(key.revoked),
            ])
        }
        return JSONWriter.text(.object(["keys": .array(list)]), .pretty) + "\n"
    }

    static func keys(_ content: [UInt8], path: String) throws -> [APIKey] {
        let value: JSONValue
        do {
            value = try JSONParser.parse(content)
        } catch {
            throw Failure(description: "\(path) is damaged (\(error)); restore it from a backup")
        }
        guard case .object(let file) = value, case .array(let list)? = file["keys"] else {
            throw Failure(description: "\(path) has no list of keys; restore it from a backup")
        }
        return try list.map { entry in
            guard case .object(let key) = entry, case .string(let id)? = key["id"],
                case .string(let name)? = key["name"], case .string(let prefix)? = key["prefix"],
                case .string(let digest)? = key["sha256"], digest.utf8.count == 64,
                case .number(let created)? = key["created"],
                case .bool(let revoked)? = key["revoked"]
            else { throw Failure(description: "\(path) has an incomplete key") }
            return APIKey(
                id: id, name: name, prefix: prefix, digest: digest,
                scopes: try scopes(key["scopes"], path: path), created: Int64(created) ?? 0,
                revoked: revoked)
        }
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
