internal import ArgumentParser
internal import Glibc
internal import Interchange
internal import Repository
internal import Wire

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Brings in what another system has, or makes a new environment out of an export.",
        discussion: """
            From an export, tally import FILE (see tally import file --help) works on folders. From
            Stripe Billing and Autumn, customers come into a running server, as its API takes them:

              tally import live.jsonl --data /var/lib/tally-new
              tally import stripe --mapping mapping.json
              tally import autumn --url https://api.useautumn.com --autumn-key-file autumn.key
            """,
        subcommands: [
            ImportFileCommand.self, ImportStripeCommand.self, ImportAutumnCommand.self,
        ],
        defaultSubcommand: ImportFileCommand.self)
}

struct ImportFileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "Makes a new environment out of an export.",
        discussion: """
            All of the file is checked first; what is wrong is told with line and field. Then a new
            environment is written, read once more, and put in its place: there is all of it, or
            nothing. Subscriptions keep their renewal dates and open payments stay open, so stop the
            server the export came from. Make API keys afterwards: none are in it.

              tally import live.jsonl --data /var/lib/tally-new --dry-run
              tally import live.jsonl --data /var/lib/tally-new
              tally keys create --environment live --data /var/lib/tally-new --name backend
            """)

    @Argument(help: "A file that tally export wrote.", completion: .file())
    var file: String

    @Option(help: "Folder of all data; the environment must not be in it yet.")
    var data: String

    @Option(help: "sandbox or live; default: the one that was exported.")
    var environment: String?

    @Option(help: "How many partitions the new environment gets; it keeps them.")
    var partitions = 1

    @Flag(help: "Only check the file.")
    var dryRun = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard 1...Partition.limit ~= partitions else {
            throw ValidationError("--partitions must be from 1 to \(Partition.limit).")
        }
    }

    func run() async throws {
        var progress = LineProgress()
        let header: ExportHeader
        do {
            let work = EnvironmentImport(
                file, to: data, environment: environment, partitions: partitions)
            header =
                try dryRun ? work.check { progress.note($0) } : work.run { progress.note($0) }
            progress.end()
        } catch let fault as ImportFault {
            progress.end()
            throw CommandFault("\(file), \(fault)", exit: .refused)
        } catch {
            progress.end()
            throw CommandFault("\(error)", exit: .refused)
        }
        print(json ? JSONWriter.text(object(header)) : text(header))
    }

    private func text(_ header: ExportHeader) -> String {
        "\(environment ?? header.environment): \(dryRun ? "would import" : "imported") "
            + "\(header.publications) publications, \(header.customers) customers, "
            + "\(header.events) events"
    }

    private func object(_ header: ExportHeader) -> JSONValue {
        .object([
            "environment": .string(environment ?? header.environment),
            "publications": .number(header.publications), "customers": .number(header.customers),
            "events": .number(header.events), "imported": .bool(!dryRun),
        ])
    }
}

/// For people who watch: the line it is at, now and then.
private struct LineProgress {
    private let isShown = isatty(STDERR_FILENO) != 0
    private var shown = 0

    mutating func note(_ line: Int) {
        guard isShown, line % 10_000 == 0 else { return }
        shown = line
        say("\rline \(line)")
    }

    func end() {
        if isShown, shown > 0 { say("\r") }
    }

    private func say(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
