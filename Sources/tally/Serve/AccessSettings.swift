internal import JSONFace
internal import Logging
internal import Repository
internal import Synchronization

/// Who may call how often, from where, and how retries are answered.
struct AccessSettings: Sendable {
    /// nil: nobody is limited.
    var limits: RateLimits.Settings?
    var origins: Set<String>
    var takesSecretKeysFromPages: Bool
    var refusesRetries: Bool

    private enum Choice: String, CaseIterable {
        case yes, no
    }

    private enum Retries: String, CaseIterable {
        case answer, refuse
    }

    static let entries: [ServerSettings.Entry] =
        [
            .init(
                key: "cors-origins", meaning: "pages of these may call the JSON API (https://…)",
                standard: ""),
            .init(
                key: "cors-secret-keys", meaning: "with secret keys too: yes or no",
                standard: "no"),
            .init(
                key: "idempotency", meaning: "JSON retries: answer again, or refuse with 409",
                standard: "answer"),
            .init(key: "rate-limits", meaning: "callers are limited: yes or no", standard: "no"),
            .init(
                key: "rate-limit.key", meaning: "all calls of a key; 0: as many as it likes",
                standard: "0"),
        ]
        + RateGroup.allCases.map {
            .init(
                key: "rate-limit.\($0.name)",
                meaning: "for each \($0.isOfCustomer ? "customer" : "key"): …/s, …/min or 0",
                standard: $0.standard)
        }

    init(_ values: SettingsValues) throws {
        let secret: Choice = try values.word("cors-secret-keys")
        takesSecretKeysFromPages = secret == .yes
        let retries: Retries = try values.word("idempotency")
        refusesRetries = retries == .refuse
        origins = []
        for origin in values.list("cors-origins") {
            guard AccessSettings.isOrigin(origin) else {
                throw CommandFault(
                    "cors-origins: \"\(origin)\" must be as browsers write it: https://host or "
                        + "https://host:port, in small letters, without a path", exit: .usage)
            }
            origins.insert(origin)
        }
        let isLimited: Choice = try values.word("rate-limits")
        let perKey = try AccessSettings.limit("rate-limit.key", values)
        var groups: [RateGroup: RateLimit] = [:]
        for group in RateGroup.allCases {
            groups[group] = try AccessSettings.limit("rate-limit.\(group.name)", values)
        }
        if isLimited == .yes { limits = RateLimits.Settings(groups: groups, perKey: perKey) }
    }

    /// nil: there is none.
    private static func limit(_ key: String, _ values: SettingsValues) throws -> RateLimit? {
        let text = values.text(key)
        if text == "0" { return nil }
        guard let limit = RateLimit(text) else {
            throw CommandFault(
                "\(key) must be such as 100/s or 30/min, or 0 for no limit, not \"\(text)\"",
                exit: .usage)
        }
        return limit
    }

    private static func isOrigin(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), ["https", "http"].contains(text[..<colon]),
            text[colon...].hasPrefix("://")
        else { return false }
        let host = text[colon...].dropFirst(3)
        let fine = Set("abcdefghijklmnopqrstuvwxyz0123456789.-:[]")
        return !host.isEmpty && fine.isSuperset(of: host)
    }

    /// As the JSON face takes them; its counters are those of gRPC too.
    func json(_ access: AccessList, _ logger: Logger, accessLog: Int) -> JSONSettings {
        var settings = JSONSettings()
        settings.origins = origins
        settings.takesSecretKeysFromPages = takesSecretKeysFromPages
        settings.refusesRetries = refusesRetries
        settings.limits = limits.map { RateLimits($0) }
        settings.meter = JSONMeter()
        if accessLog > 0 {
            let log = VisitLog(logger, linesPerSecond: accessLog) { access.name(of: $0) }
            settings.onEnd = { log.note($0) }
        }
        return settings
    }
}

/// A line for each call of the JSON API, up to so many a second; how many were left out is said in
/// the next second's first.
final class VisitLog: Sendable {
    private struct State {
        var second: Int64 = 0
        var lines = 0
        var leftOut = 0
    }

    private let logger: Logger
    private let linesPerSecond: Int
    private let principalName: @Sendable (Access) -> String
    private let state = Mutex(State())

    init(
        _ logger: Logger, linesPerSecond: Int,
        principalName: @escaping @Sendable (Access) -> String
    ) {
        self.logger = logger
        self.linesPerSecond = linesPerSecond
        self.principalName = principalName
    }

    func note(_ visit: JSONVisit) {
        guard let leftOut = take(SystemClock.monotonic / 1000) else { return }
        var metadata: Logger.Metadata = [
            "method": "\(visit.method) \(visit.path)", "status": "\(visit.status)",
            "us": "\(visit.nanoseconds / 1000)", "in": "\(visit.requestBytes)",
            "out": "\(visit.responseBytes)",
        ]
        if let caller = visit.caller { metadata["principal"] = "\(principalName(caller))" }
        if let trace = visit.trace { metadata["trace"] = "\(trace)" }
        if leftOut > 0 { metadata["left-out"] = "\(leftOut)" }
        logger.info("call", metadata: metadata)
    }

    /// nil: this one is left out.
    private func take(_ second: Int64) -> Int? {
        state.withLock { state in
            if state.second != second { (state.second, state.lines) = (second, 0) }
            guard state.lines < linesPerSecond else {
                state.leftOut += 1
                return nil
            }
            state.lines += 1
            defer { state.leftOut = 0 }
            return state.leftOut
        }
    }
}
