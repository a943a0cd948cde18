/// Somebody who uses the dashboard by name. What it may do is its role's, at every use.
package struct Member: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Has a link, and hasn't opened it.
        case invited
        case active
        case revoked
    }

    package var id: String
    package var name: String
    package var role: Role
    package var state: State
    /// Milliseconds since the epoch, wall time.
    package var created: Int64

    package static let nameLimit = 120
    /// Of an environment; who was revoked counts while there is room.
    package static let limit = 1_000

    /// What is wrong with a name; nil: nothing.
    package static func problem(ofName name: String) -> String? {
        guard !name.allSatisfy(\.isWhitespace) else { return "must not be empty" }
        guard name.utf8.count <= nameLimit else { return "can have \(nameLimit) bytes" }
        let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        return isPlain ? nil : "must not have control characters"
    }
}

/// A way in that works once. The link itself is shown once and never stored.
struct SignInLink: Equatable {
    /// SHA-256 of its token, in hex.
    var digest: String
    /// Whom it signs in.
    var member: String
    /// Milliseconds since the epoch.
    var expires: Int64

    static func prefix(_ environment: String) -> String { "tally_li_\(environment)_" }
}

/// What a new link is handed out as.
package struct MadeLink: Sendable {
    package var member: Member
    package var token: String
    package var expires: Int64

    /// - Parameter base: "https://billing.example.com"
    package func address(at base: String) -> String { "\(base)/dashboard/sign-in?token=\(token)" }
}

/// Why nothing was done about a member.
package enum MemberRefusal: Error, Sendable, Equatable {
    /// Or it was revoked.
    case notFound(String)
    case nameTaken(String)
    case tooMany(limit: Int)
}
