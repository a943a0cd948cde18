internal import ArgumentParser
internal import Billing
internal import Repository
internal import Wire

struct InspectLog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Prints the records of a log in order: who, when, what changed.",
        discussion: """
            Each commit is one record. Damaged places are shown too, and the exit code is 1 then. \
            --json prints one object a line. Names, emails and properties are sealed and not shown.

              tally log inspect .data/sandbox/partition-0 --from 100 --limit 10
              tally log inspect .data/sandbox/partition-0 --json | grep '"acme"'
            """)

    @Argument(help: "The log's folder.", completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("Begin with this record.", valueName: "sequence"))
    var from: UInt64 = 1

    @Option(help: "Print at most so many records.")
    var limit: Int?

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    private struct Enough: Error {}

    func run() async throws {
        let folder = try LogFolder.log(folder)
        var reading = Reading(folder: folder)
        var left = limit ?? .max
        var isDamaged = false
        do {
            try LogReader(folder: folder).forEachFrame { frame in
                if let problem = frame.problem {
                    isDamaged = true
                    show(bad: frame, problem)
                    return
                }
                guard let header = frame.header, header.kind == .record, header.sequence >= from
                else { return }
                guard left > 0 else { throw Enough() }
                left -= 1
                let record = try reading.record(frame)
                print(json ? JSONWriter.text(.object(record.json)) : record.text)
            }
        } catch is Enough {
            return
        } catch let fault as CommandFault {
            throw fault
        } catch {
            throw CommandFault("cannot read \(folder): \(error)", exit: .refused)
        }
        if isDamaged { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    private func show(bad frame: LogReader.Frame, _ problem: FrameProblem) {
        if json {
            print(
                JSONWriter.text(
                    .object([
                        "segment": .number(frame.segment), "offset": .number(frame.offset),
                        "problem": .string("\(problem)"),
                    ])))
        } else {
            print("!! segment \(frame.segment), offset \(frame.offset): \(problem)")
        }
    }

    /// A log being read, with what it takes to understand its records.
    private struct Reading {
        private var payloads: LogPayloads
        private let names: LogNames?
        private let arena = Arena()

        init(folder: String) {
            payloads = LogPayloads(folder: folder)
            names = folder.hasSuffix("directory") ? nil : LogNames(beside: folder)
        }

        mutating func record(_ frame: LogReader.Frame) throws -> LogRecordText {
            let bytes = try payloads.payload(of: frame) ?? []
            arena.reset()
            let decoder = RecordDecoder(arena: arena, seals: ClosedSeals())
            var text = LogRecordText(sequence: frame.header?.sequence ?? 0)
            do {
                try bytes.withUnsafeBytes { bytes in
                    if let names {
                        text.describe(try decoder.record(bytes), names)
                    } else {
                        text.describe(try decoder.directory(bytes))
                    }
                }
            } catch {
                text.describe(problem: "\(error)")
            }
            return text
        }
    }
}
