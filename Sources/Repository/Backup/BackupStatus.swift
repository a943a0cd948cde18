internal import Wire

/// What a follower (`tally backup --follow`) says of itself, in a file of the environment that it
/// follows, so that the server can tell how far behind the copy is.
package struct BackupStatus: Sendable, Equatable {
    static let fileName = "backup.json"

    /// The folder of the copy.
    package var target: String
    /// The last record in the copy, of each partition.
    package var sequences: [UInt64]
    /// When the follower said so: wall time, milliseconds since the epoch.
    package var time: Int64
    /// It was told to stop; nothing follows any more.
    package var ended: Bool

    package init(target: String, sequences: [UInt64], time: Int64, ended: Bool = false) {
        self.target = target
        self.sequences = sequences
        self.time = time
        self.ended = ended
    }

    /// Nil: there is none, or none that this binary understands.
    package init?(in folder: String) {
        guard let content = try? SmallFile.read("\(folder)/\(Self.fileName)"),
            let value = try? JSONParser.parse(content), case .object(let object) = value,
            case .string(let target)? = object["target"],
            case .array(let list)? = object["sequences"],
            case .number(let text)? = object["time"], let time = Int64(text)
        else { return nil }
        self.target = target
        sequences = list.compactMap { if case .number(let text) = $0 { UInt64(text) } else { nil } }
        self.time = time
        ended = object["ended"] == .bool(true)
    }

    func write(in folder: String) throws {
        let object: JSONObject = [
            "target": .string(target), "sequences": .array(sequences.map { .number($0) }),
            "time": .number(time), "ended": .bool(ended),
        ]
        let text = JSONWriter.text(.object(object), .pretty) + "\n"
        try SmallFile.write(Array(text.utf8), to: "\(folder)/\(Self.fileName)")
    }
}

/// How far a copy is behind, from what is durable here and what the follower says. A machine over
/// moments and sequences.
struct BackupLag {
    /// Behind by more is worth a warning: what a disaster may lose.
    static let limit: Int64 = 5_000
    /// A follower that is silent for so long is behind, whatever it said last.
    private static let silence: Int64 = 3_000

    /// When each sequence was first seen to be durable; the oldest first, one a look.
    private var seen: [(sequence: UInt64, time: Int64)] = []

    /// Milliseconds that the copy is behind at `now`.
    mutating func look(durable: UInt64, shipped: UInt64, saidAt: Int64, now: Int64) -> Int64 {
        if seen.last.map({ $0.sequence < durable }) ?? true { seen.append((durable, now)) }
        seen.removeFirst(seen.firstIndex { $0.sequence > shipped } ?? seen.count)
        let behind = seen.first.map { now - $0.time } ?? 0
        let silent = now - saidAt
        return max(behind, silent > Self.silence ? silent : 0)
    }
}
