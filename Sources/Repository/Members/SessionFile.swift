internal import Wire

/// What `sessions.json` holds, so that a restart signs nobody out: no token, only SHA-256.
enum SessionFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let version = 1

    static func content(_ table: SessionTable) -> [UInt8] {
        let sessions = table.all.values.sorted { $0.created < $1.created }.map { session in
            let holder: (String, JSONValue) =
                switch session.holder {
                case .key(let digest): ("key", .string(digest.hex))
                case .member(let id): ("member", .string(id))
                }
            return JSONValue.object([
                "sha256": .string(session.cookie.hex), holder.0: holder.1,
                "created": .number(session.created), "used": .number(session.used),
            ])
        }
        let seen = table.seen.sorted { $0.key < $1.key }
            .map { JSONObject.Member($0.key, .number($0.value)) }
        let file: JSONObject = [
            "version": .number(version), "sessions": .array(sessions),
            "seen": .object(JSONObject(seen)),
        ]
        return Array((JSONWriter.text(.object(file)) + "\n").utf8)
    }

    /// - Parameter pass: makes a token for each.
    static func table(
        _ content: [UInt8], path: String, pass: () -> String
    ) throws -> SessionTable {
        guard let file = try? JSONParser.parse(content), file["version"] == .number(version),
            case .array(let list)? = file["sessions"], case .object(let seen)? = file["seen"]
        else {
            throw Failure(
                description: "\(path) is damaged or of a newer tally; remove it, and whoever uses "
                    + "the dashboard signs in again")
        }
        let sessions = try list.map { entry in
            guard let cookie = entry.text("sha256").flatMap({ KeyDigest(hex: $0) }),
                let created = entry.number("created"), let used = entry.number("used"),
                let holder = holder(entry)
            else { throw Failure(description: "\(path) has an incomplete session; remove it") }
            return Session(
                cookie: cookie, pass: pass(), holder: holder, created: created, used: used)
        }
        var times: [String: Int64] = [:]
        for member in seen.members {
            if case .number(let text) = member.value { times[member.key] = Int64(text) }
        }
        return SessionTable(sessions, seen: times)
    }

    private static func holder(_ entry: JSONValue) -> Session.Holder? {
        if let digest = entry.text("key") { return KeyDigest(hex: digest).map { .key($0) } }
        return entry.text("member").map { .member($0) }
    }
}
