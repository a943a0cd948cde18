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
            let members = values.map { JSONObject.Member($0.entry.key, .string($0.value)) }
            print(JSONWriter.text(.object(["tally": .object(JSONObject(members))]), .pretty))
            return
        }
        for (entry, value) in values {
            let shown = value.isEmpty ? "-" : value
            print("\(entry.key.padded(32)) \(shown.padded(28)) \(entry.meaning)")
        }
    }
}

extension String {
    /// With blanks up to this width.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
