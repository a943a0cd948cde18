internal import ArgumentParser
internal import Repository
internal import Wire

struct VerifyLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks every checksum of logs, and says what a server would find.",
        discussion: """
            Takes log folders, environment folders (all their logs), or a data folder (all its \
            environments). whole: every record is there. torn: the bytes after the last whole \
            record never were durable; a server cuts them off when it starts, and keeps a copy. \
            damaged: a server would refuse to start; the place is named, and the exit code is 1.

              tally log verify .data/sandbox .data/live
              tally log verify /var/backups/tally/live/partition-0 --json
            """)

    @Argument(help: "Folders of logs, or folders that hold such.", completion: .directory)
    var folders: [String]

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    func run() async throws {
        var isDamaged = false
        for folder in try folders.flatMap({ try LogFolder.logs(in: $0) }) {
            let verdict: LogVerdict
            do {
                verdict = try LogReader(folder: folder).verify()
            } catch {
                throw CommandFault("cannot read \(folder): \(error)", exit: .refused)
            }
            if case .damaged = verdict { isDamaged = true }
            print(json ? JSONWriter.text(object(verdict, folder)) : line(verdict, folder))
        }
        if isDamaged { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    private func line(_ verdict: LogVerdict, _ folder: String) -> String {
        switch verdict {
        case .whole(let records, let last):
            "\(folder): whole, \(records) record\(records == 1 ? "" : "s"), the last is \(last)"
        case .torn(let position, let bytes):
            "\(folder): torn at \(position); \(bytes) bytes were never durable"
        case .damaged(let fault): "\(folder): \(fault)"
        }
    }

    private func object(_ verdict: LogVerdict, _ folder: String) -> JSONValue {
        var object: JSONObject = ["folder": .string(folder)]
        switch verdict {
        case .whole(let records, let last):
            object.append("verdict", .string("whole"))
            object.append("records", .number(records))
            object.append("last_sequence", .number(last))
        case .torn(let position, let bytes):
            object.append("verdict", .string("torn"))
            object.append("segment", .number(position.segment))
            object.append("offset", .number(position.offset))
            object.append("bytes", .number(bytes))
        case .damaged(let fault):
            object.append("verdict", .string("damaged"))
            if case .corrupt(let segment, let offset, let why) = fault {
                object.append("segment", .number(segment))
                object.append("offset", .number(offset))
                object.append("why", .string(why))
            } else {
                object.append("why", .string("\(fault)"))
            }
        }
        return .object(object)
    }
}
