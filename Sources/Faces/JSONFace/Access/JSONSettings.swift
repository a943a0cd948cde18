package import Repository

/// What an operator may set of this face.
package struct JSONSettings: Sendable {
    /// Of pages that may call, exactly as browsers write them; empty: no pages may.
    package var origins: Set<String> = []
    /// Pages may call with a secret key too.
    package var takesSecretKeysFromPages = false
    /// A retry is refused, as the reference does, in place of being answered again.
    package var refusesRetries = false
    /// nil: callers may call as often as they like.
    package var limits: RateLimits?
    /// nil: nobody counts.
    package var meter: JSONMeter?
    /// Told of each call that ended.
    package var onEnd: (@Sendable (JSONVisit) -> Void)?

    package init() {}
}

/// A call that ended, as it is told to a log.
package struct JSONVisit: Sendable {
    package var method: String
    package var path: String
    package var status: Int
    package var nanoseconds: Int64
    package var requestBytes: Int
    package var responseBytes: Int
    package var caller: Access?
    package var trace: String?
}
