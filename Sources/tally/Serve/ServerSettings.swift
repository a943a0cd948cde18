internal import Configuration
internal import RPC
internal import Repository
internal import SystemPackage

/// What `tally serve` is told: by flags, else by the environment (`TALLY_LISTEN`), else by a JSON
/// file (`{"tally": {"listen": …}}`), else by default.
struct ServerSettings {
    var data: String
    /// nil: as many as the data folder has; of a new one, one.
    var partitions: Int?
    /// At least one.
    var listeners: [ListenerSettings]
    /// Where browsers reach the pages; empty: https://localhost and the port.
    var publicAddress: String
    var principals: [PrincipalSettings]
    var webhooks: [WebhookSettings]
    /// Of each environment.
    var payments: [PaymentSettings]
    var eventLoops: Int
    var requestWindowHours: Int
    var logLevel: String
    /// Path of the price list; empty: none.
    var modelPrices: String
    /// Lines a second, of each event loop; 0: none.
    var accessLog: Int
    var logSegmentMiB: Int
    var scrubHours: Int
    var drainSeconds: Int
    var requestMemoryMiB: Int
    var snapshots = SnapshotSettings()
    var limits = RPCLimits()
    var access: AccessSettings
    var logFormat: LogFormat

    enum LogFormat: String, CaseIterable {
        case text, json
    }

    /// One setting: its key, what it is for, and its default. A list is written with commas.
    struct Entry {
        /// Dots lead into sections.
        var key: String
        var meaning: String
        var standard: String
    }

    static let entries: [Entry] = own + AccessSettings.entries

    private static let own: [Entry] = [
        Entry(key: "data", meaning: "folder of all data", standard: ".data"),
        Entry(
            key: "partitions", meaning: "logs that customers are divided over; of a new folder",
            standard: ""),
        Entry(
            key: "listen", meaning: "address and port, when there are no listeners",
            standard: "127.0.0.1:7443"),
        Entry(key: "listeners", meaning: "names of the listeners' sections", standard: ""),
        Entry(key: "principals", meaning: "names of the principals' sections", standard: ""),
        Entry(
            key: "webhooks", meaning: "names of the webhook endpoints' sections", standard: ""),
        Entry(
            key: "public-address", meaning: "where browsers reach the pages (https://…)",
            standard: ""),
        Entry(key: "tls-certificate", meaning: "PEM, the server's first", standard: ""),
        Entry(key: "tls-key", meaning: "PEM", standard: ""),
        Entry(key: "event-loops", meaning: "threads that serve; 0: one a core", standard: "0"),
        Entry(
            key: "request-window-hours",
            meaning: "how long request ids are remembered at least",
            standard: "24"),
        Entry(
            key: "request-memory-mib",
            meaning: "what remembered ids may take; the oldest go first",
            standard: "320"),
        Entry(
            key: "snapshot-records", meaning: "a snapshot is taken after so many records",
            standard: "1000000"),
        Entry(
            key: "snapshot-mib", meaning: "or so much log", standard: "1024"),
        Entry(
            key: "snapshot-minutes", meaning: "or so many minutes; 0: no snapshots",
            standard: "60"),
        Entry(
            key: "snapshot-mb-per-second", meaning: "how fast it may be written",
            standard: "200"),
        Entry(
            key: "history-days", meaning: "how long the log is kept at least; 0: for good",
            standard: "35"),
        Entry(
            key: "log-compression", meaning: "sealed segments are compressed: yes or no",
            standard: "yes"),
        Entry(
            key: "model-prices", meaning: "file of what models' tokens cost (JSON)",
            standard: ""),
        Entry(
            key: "log-level", meaning: "trace, debug, info, notice, warning, error",
            standard: "info"),
        Entry(key: "log-format", meaning: "text or json, a line each", standard: "text"),
        Entry(
            key: "access-log", meaning: "calls logged a second, by each thread; 0: none",
            standard: "0"),
        Entry(key: "log-segment-mib", meaning: "size of a log segment", standard: "64"),
        Entry(
            key: "scrub-hours",
            meaning: "everything on disk is read again after this; 0: never",
            standard: "24"),
        Entry(
            key: "drain-seconds", meaning: "calls may take so long at a stop", standard: "10"),
        Entry(
            key: "slow-call-threads", meaning: "for lists and sums of usage", standard: "2"),
        Entry(
            key: "slow-calls-waiting", meaning: "for these threads; more are refused",
            standard: "256"),
        Entry(
            key: "slow-calls-per-key", meaning: "of one caller, waiting or running",
            standard: "16"),
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

    static let environments = ["sandbox", "live"]

    private enum Choice: String, CaseIterable {
        case yes, no
    }

    /// Everything there is to know about where settings come from.
    struct Sources {
        /// Path of the JSON file; nil: `TALLY_SETTINGS`, else none.
        var file: String?
        /// By key.
        var flags: [String: String] = [:]
    }

    /// The value of each entry, in order, those of the sections last.
    static func values(_ sources: Sources) async throws -> [(entry: Entry, value: String)] {
        let (reader, file) = try await reader(sources)
        func value(_ entry: Entry) -> (entry: Entry, value: String) {
            let key = ConfigKey(["tally"] + entry.key.split(separator: ".").map(String.init))
            let text =
                reader.string(forKey: key) ?? reader.int(forKey: key).map { "\($0)" }
                ?? reader.stringArray(forKey: key)?.joined(separator: ",")
            return (entry, text ?? entry.standard)
        }
        var values = entries.map(value)
        let found = SettingsValues(values)
        let sections =
            try found.names("listeners").flatMap(ListenerSettings.entries)
            + found.names("principals").flatMap(PrincipalSettings.entries)
            + found.names("webhooks").flatMap(WebhookSettings.entries)
            + environments.flatMap(PaymentSettings.entries)
        values += sections.map(value)
        if let file { try SettingsFile.check(file, known: values.map(\.entry.key)) }
        return values
    }

    private static func reader(
        _ sources: Sources
    ) async throws -> (reader: ConfigReader, file: String?) {
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
        let path = sources.file ?? fromEnvironment
        if let path {
            providers.append(
                try await FileProvider<JSONSnapshot>(filePath: FilePath(path)))
        }
        return (ConfigReader(providers: providers), path)
    }

    init(_ sources: Sources) async throws {
        let values = SettingsValues(try await ServerSettings.values(sources))
        data = values.text("data")
        if !values.text("partitions").isEmpty {
            partitions = try values.number("partitions", 1...Partition.limit)
        }
        listeners = try ListenerSettings.all(values)
        guard sources.flags["listen"] == nil || values.text("listeners").isEmpty else {
            throw CommandFault(
                "--listen has no effect where listeners are set; change the listener's address",
                exit: .usage)
        }
        principals = try PrincipalSettings.all(values)
        webhooks = try WebhookSettings.all(values)
        payments = try ServerSettings.environments.map { try PaymentSettings($0, values) }
        publicAddress = values.text("public-address")
        eventLoops = try values.number("event-loops", 0...256)
        requestWindowHours = try values.number("request-window-hours", 1...24 * 90)
        logLevel = values.text("log-level")
        logFormat = try values.word("log-format")
        access = try AccessSettings(values)
        modelPrices = values.text("model-prices")
        accessLog = try values.number("access-log", 0...10_000)
        logSegmentMiB = try values.number("log-segment-mib", 1...1024)
        scrubHours = try values.number("scrub-hours", 0...24 * 90)
        drainSeconds = try values.number("drain-seconds", 0...3600)
        requestMemoryMiB = try values.number("request-memory-mib", 1...1 << 20)
        try takeSnapshots(values)
        try takeLimits(values)
    }

    private mutating func takeSnapshots(_ values: SettingsValues) throws {
        let number = values.number
        snapshots.records = UInt64(try number("snapshot-records", 1...Int.max))
        snapshots.bytes = UInt64(try number("snapshot-mib", 1...1 << 30)) << 20
        snapshots.minutes = try number("snapshot-minutes", 0...365 * 1440)
        snapshots.bytesPerSecond = try number("snapshot-mb-per-second", 1...100_000) * 1_000_000
        snapshots.historyDays = try number("history-days", 0...36_500)
        snapshots.compressesLog = try values.word("log-compression", of: Choice.self) == .yes
    }

    private mutating func takeLimits(_ values: SettingsValues) throws {
        let day = 86_400
        let number = values.number
        limits.maxConnections = try number("max-connections", 1...1_000_000)
        limits.handshakeTimeoutSeconds = try number("handshake-seconds", 1...day)
        limits.requestTimeoutSeconds = try number("request-seconds", 1...day)
        limits.idleTimeoutSeconds = try number("idle-seconds", 1...day)
        limits.keepaliveSeconds = try number("keepalive-seconds", 0...day)
        limits.keepaliveTimeoutSeconds = try number("keepalive-timeout-seconds", 1...day)
        limits.maxConnectionAgeSeconds = try number("max-connection-age-seconds", 0...(365 * day))
        limits.ageGraceSeconds = try number("max-connection-age-grace-seconds", 0...day)
        limits.slowCalls.threads = try number("slow-call-threads", 1...64)
        limits.slowCalls.waiting = try number("slow-calls-waiting", 1...100_000)
        limits.slowCalls.perPrincipal = try number("slow-calls-per-key", 1...100_000)
    }
}
