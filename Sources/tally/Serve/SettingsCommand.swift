internal import ArgumentParser
internal import Wire

struct SettingsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "Prints the settings that tally serve would run with.",
        discussion: """
            Flags win over the environment (TALLY_LISTEN, TALLY_TLS_KEY, …), which wins over the
            file given by --settings or TALLY_SETTINGS:

              {"tally": {"listen": "127.0.0.1:7443", "data": "/var/lib/tally"}}
            """)

    @OptionGroup var flags: SettingsFlags

    @Flag(help: "Print JSON, as a settings file has it.")
    var json = false

    func run() async throws {
        let values = try await ServerSettings.values(flags.sources)
        if json {
            let paths = values.map {
                (path: ("tally." + $0.entry.key).split(separator: "."), value: $0.value)
            }
            print(JSONWriter.text(SettingsCommand.nested(paths), .pretty))
            return
        }
        for (entry, value) in values {
            let shown = value.isEmpty ? "-" : value
            print("\(entry.key.padded(36)) \(shown.padded(28)) \(entry.meaning)")
        }
    }

    /// Objects within objects; what has the same first part of its path stands together.
    private static func nested(_ values: [(path: [Substring], value: String)]) -> JSONValue {
        var order: [Substring] = []
        var groups: [Substring: [(path: [Substring], value: String)]] = [:]
        for (path, value) in values {
            if groups[path[0]] == nil { order.append(path[0]) }
            groups[path[0], default: []].append((Array(path.dropFirst()), value))
        }
        let members = order.map { name in
            let group = groups[name] ?? []
            let isLeaf = group.count == 1 && group[0].path.isEmpty
            return JSONObject.Member(
                String(name), isLeaf ? .string(group[0].value) : nested(group))
        }
        return .object(JSONObject(members))
    }
}

extension String {
    /// With blanks up to this width.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
