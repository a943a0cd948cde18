internal import Glibc
internal import Synchronization
internal import Wire

/// What was done in the dashboard, and by whom.
package struct AuditEntry: Sendable, Equatable {
    /// Milliseconds since the epoch, wall time.
    package var time: Int64
    /// The name of a member or a key.
    package var who: String
    package var whoID: String
    /// "member", "key", "operator" (who works on the data folder), or "unknown".
    package var kind: String
    /// Such as "AttachService/Attach", "sign-in" or "members.invite".
    package var method: String
    /// nil: it isn't about one.
    package var customer: String?
    /// What else should be known, such as which member was changed.
    package var detail: String?
    /// What became of it; nil: nobody knows, the server was stopped meanwhile.
    package var outcome: String?
    /// The address it came from.
    package var peer: String

    package init(
        time: Int64, who: String, whoID: String, kind: String, method: String,
        customer: String? = nil, detail: String? = nil, outcome: String? = nil, peer: String
    ) {
        self.time = time
        self.who = who
        self.whoID = whoID
        self.kind = kind
        self.method = method
        self.customer = customer
        self.detail = detail
        self.outcome = outcome
        self.peer = peer
    }
}

/// The audit of an environment: `audit.jsonl`, lines of JSON that are added and never changed.
///
///     {"id": "…", "time": …, "who": "…", "who_id": "…", "kind": "…", "method": "…", …}
///     {"of": "…", "outcome": "200"}
///
/// What is about to be done is on disk before it is done, so that nothing is done that the audit
/// doesn't tell of; what became of it is a line of its own. At 64 MiB the file becomes
/// `audit-1.jsonl`, and the one from before `audit-2.jsonl`; what was there is dropped. Processes
/// share it under a lock. A line that a crash cut short is left as it is and read by nobody.
package final class AuditTrail: Sendable {
    package static let sizeLimit = 64 << 20
    static let fileNames = ["audit.jsonl", "audit-1.jsonl", "audit-2.jsonl"]

    private let folder: String
    private let sizeLimit: Int
    private let count = Atomic(0)

    package init(folder: String, sizeLimit: Int = AuditTrail.sizeLimit) {
        self.folder = folder
        self.sizeLimit = sizeLimit
    }

    var paths: [String] { AuditTrail.fileNames.map { "\(folder)/\($0)" } }

    /// Durable when this returns. Gives the id to tell the outcome by.
    package func begin(_ entry: AuditEntry) throws -> String {
        let number = count.add(1, ordering: .relaxed).newValue
        let id = "\(entry.time)-\(getpid())-\(number)"
        try append(entry.line(id: id), isSynced: true)
        return id
    }

    /// The call was made, whatever becomes of this line.
    package func end(_ id: String, outcome: String) throws {
        try append(["of": .string(id), "outcome": .string(outcome)], isSynced: false)
    }

    /// In one: of what is known already.
    package func note(_ entry: AuditEntry) throws {
        _ = try begin(entry)
    }

    private func append(_ line: JSONObject, isSynced: Bool) throws {
        let lock = try SmallFile.lock("\(paths[0]).lock")
        defer { SmallFile.unlock(lock) }
        try rotate()
        let file = open(paths[0], O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SmallFile.Failure("write", paths[0]) }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        var last = UInt8(ascii: "\n")
        if size > 0, pread(file, &last, 1, size - 1) != 1 {
            throw SmallFile.Failure("read", paths[0])
        }
        // What a crash cut short stays a line of its own.
        let text = (last == UInt8(ascii: "\n") ? "" : "\n") + JSONWriter.text(.object(line)) + "\n"
        let bytes = Array(text.utf8)
        guard write(file, bytes, bytes.count) == bytes.count else {
            // Without its line break nobody would read it; with it, nobody else is in the way.
            _ = ftruncate(file, size)
            throw SmallFile.Failure("write", paths[0])
        }
        guard isSynced else { return }
        guard fdatasync(file) == 0 else { throw SmallFile.Failure("sync", paths[0]) }
        if size == 0 { try SmallFile.syncFolder(ofFile: paths[0]) }
    }

    private func rotate() throws {
        var status = stat()
        guard stat(paths[0], &status) == 0, Int(status.st_size) >= sizeLimit else { return }
        for (newer, older) in zip(paths, paths.dropFirst()).reversed()
        where SmallFile.version(newer) != nil {
            guard rename(newer, older) == 0 else { throw SmallFile.Failure("rename", newer) }
        }
        try SmallFile.syncFolder(ofFile: paths[0])
    }
}

extension AuditEntry {
    fileprivate func line(id: String) -> JSONObject {
        var line: JSONObject = [
            "id": .string(id), "time": .number(time), "who": .string(who),
            "who_id": .string(whoID), "kind": .string(kind), "method": .string(method),
        ]
        if let customer { line.append("customer_id", .string(customer)) }
        if let detail { line.append("detail", .string(detail)) }
        if let outcome { line.append("outcome", .string(outcome)) }
        line.append("peer", .string(peer))
        return line
    }

    /// nil: it isn't one.
    init?(_ line: JSONValue) {
        guard let time = line.number("time"), let who = line.text("who"),
            let whoID = line.text("who_id"), let kind = line.text("kind"),
            let method = line.text("method"), let peer = line.text("peer")
        else { return nil }
        self.init(
            time: time, who: who, whoID: whoID, kind: kind, method: method,
            customer: line.text("customer_id"), detail: line.text("detail"),
            outcome: line.text("outcome"), peer: peer)
    }
}
