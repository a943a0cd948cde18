internal import Configuration
internal import RPC
internal import SystemPackage

/// What `tally serve` is told: by flags, else by the environment (`TALLY_LISTEN`), else by a JSON
/// file (`{"tally": {"listen": …}}`), else by default.
struct ServerSettings {
    var data: String
    /// "host:port"; port 0 takes any free one.
    var listen: String
    /// Where browsers reach the pages; empty: https://localhost and the port.
    var publicAddress: String
    var tlsCertificate: String
    var tlsKey: String
    var eventLoops: Int
    var requestWindowHours: Int
    var logLevel: String
    var logSegmentMiB: Int
    var scrubHours: Int
    var drainSeconds: Int
    var limits = RPCLimits()

    /// One setting: its key, what it is for, and its default.
    struct Entry {
        var key: String
        var meaning: String
        var standard: String
    }

    static let entries = [
        Entry(key: "data", meaning: "folder of all data", standard: ".data"),
        Entry(key: "listen", meaning: "address and port", standard: "127.0.0.1:7443"),
        Entry(
            key: "public-address", meaning: "where browsers reach the pages (https://…)",
            standard: ""),
        Entry(key: "tls-certificate", meaning: "PEM, the server's first", standard: ""),
        Entry(key: "tls-key", meaning: "PEM", standard: ""),
        Entry(key: "event-loops", meaning: "threads that serve; 0: one a core", standard: "0"),
        Entry(
            key: "request-window-hours", meaning: "how long request ids are remembered at least",
            standard: "24"),
        Entry(
            key: "log-level", meaning: "trace, debug, info, notice, warning, error",
            standard: "info"),
        Entry(key: "log-segment-mib", meaning: "size of a log segment", standard: "64"),
        Entry(
            key: "scrub-hours", meaning: "everything on disk is read again after this; 0: never",
            standard: "24"),
        Entry(key: "drain-seconds", meaning: "calls may take so long at a stop", standard: "10"),
        Entry(key: "max-connections", meaning: "more are refused", standard: "10000"),
        Entry(key: "handshake-seconds", meaning: "for a client's first words", standard: "10"),
        Entry(key: "request-seconds", meaning: "for a request to arrive whole", standard: "60"),
        Entry(
            key: "idle-seconds", meaning: "a connection without calls is closed after this",
            standard: "300"),
        Entry(
            key: "keepalive-seconds", meaning: "silent connections are pinged; 0: not",
            standard: "120"),
        Entry(
            key: "keepalive-timeout-seconds", meaning: "and closed when they stay silent",
            standard: "20"),
        Entry(
            key: "max-connection-age-seconds", meaning: "then clients must reconnect; 0: never",
            standard: "0"),
        Entry(
            key: "max-connection-age-grace-seconds", meaning: "what calls may take then",
            standard: "60"),
    ]

    /// Everything there is to know about where settings come from.
    struct Sources {
        /// Path of the JSON file; nil: `TALLY_SETTINGS`, else none.
        var file: String?
        /// By key.
        var flags: [String: String] = [:]
    }

    /// The value of each entry, in order.
    static func values(_ sources: Sources) async throws -> [(entry: Entry, value: String)] {
        var flags: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in sources.flags {
            flags[AbsoluteConfigKey(["tally", key])] = ConfigValue(
                .string(value), isSecret: false)
        }
        let environment = EnvironmentVariablesProvider()
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: flags), environment,
        ]
        let fromEnvironment = ConfigReader(provider: environment)
            .string(forKey: "tally.settings")
        if let path = sources.file ?? fromEnvironment {
            providers.append(
                try await FileProvider<JSONSnapshot>(filePath: FilePath(path)))
        }
        let reader = ConfigReader(providers: providers)
        return entries.map { entry in
            let key = ConfigKey(["tally", entry.key])
            let text = reader.string(forKey: key) ?? reader.int(forKey: key).map { "\($0)" }
            return (entry, text ?? entry.standard)
        }
    }

    init(_ sources: Sources) async throws {
        var values: [String: String] = [:]
        for (entry, value) in try await ServerSettings.values(sources) {
            values[entry.key] = value
        }
        func text(_ key: String) -> String { values[key] ?? "" }
        func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
            guard let number = Int(text(key)), range.contains(number) else {
                throw CommandFault(
                    "\(key) must be a whole number from \(range.lowerBound) to "
                        + "\(range.upperBound), not \"\(text(key))\"", exit: .usage)
            }
            return number
        }
        data = text("data")
        listen = text("listen")
        publicAddress = text("public-address")
        tlsCertificate = text("tls-certificate")
        tlsKey = text("tls-key")
        eventLoops = try number("event-loops", 0...256)
        requestWindowHours = try number("request-window-hours", 1...24 * 90)
        logLevel = text("log-level")
        logSegmentMiB = try number("log-segment-mib", 1...1024)
        scrubHours = try number("scrub-hours", 0...24 * 90)
        drainSeconds = try number("drain-seconds", 0...3600)
        let day = 86_400
        limits.maxConnections = try number("max-connections", 1...1_000_000)
        limits.handshakeTimeoutSeconds = try number("handshake-seconds", 1...day)
        limits.requestTimeoutSeconds = try number("request-seconds", 1...day)
        limits.idleTimeoutSeconds = try number("idle-seconds", 1...day)
        limits.keepaliveSeconds = try number("keepalive-seconds", 0...day)
        limits.keepaliveTimeoutSeconds = try number("keepalive-timeout-seconds", 1...day)
        limits.maxConnectionAgeSeconds = try number("max-connection-age-seconds", 0...(365 * day))
        limits.ageGraceSeconds = try number("max-connection-age-grace-seconds", 0...day)
    }

    /// Host and port of `listen`.
    func address() throws -> (host: String, port: Int) {
        guard let colon = listen.lastIndex(of: ":"),
            let port = Int(listen[listen.index(after: colon)...]), (0...65535).contains(port),
            colon != listen.startIndex
        else {
            throw CommandFault("listen must be host:port, not \"\(listen)\"", exit: .usage)
        }
        return (String(listen[..<colon]), port)
    }
}
