internal import Billing
internal import Glibc
internal import Logging
internal import Repository
internal import Wire

/// A line of JSON on standard error for each message: `time`, `level`, `message`, then what goes
/// with it, by its own names.
struct JSONLogHandler: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    private let label: String

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let text = JSONLogHandler.line(
            time: SystemClock.wall, level: event.level, label: label,
            message: "\(event.message)", all)
        // One write a line, so that those of several threads don't mingle.
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    static func line(
        time: Timestamp, level: Logger.Level, label: String, message: String,
        _ metadata: Logger.Metadata
    ) -> String {
        var object: JSONObject = [
            "time": .string(time.rfc3339 ?? ""), "level": .string(level.rawValue),
            "logger": .string(label), "message": .string(message),
        ]
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            // The first names are the line's own.
            object.append(object[key] == nil ? key : "_" + key, value.json)
        }
        return JSONWriter.text(.object(object)) + "\n"
    }
}

extension Logger.MetadataValue {
    fileprivate var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string("\(value)")
        case .array(let values): .array(values.map(\.json))
        case .dictionary(let values):
            .object(
                JSONObject(
                    values.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.json) }))
        }
    }
}
