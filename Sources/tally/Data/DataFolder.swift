internal import Glibc
internal import Repository

/// What commands that work on a whole data folder, or a copy of one, have in common.
enum DataFolder {
    /// The names of the environments in a folder.
    static func environments(in folder: String) throws(CommandFault) -> [String] {
        let names = ["sandbox", "live"].filter { access("\(folder)/\($0)/MANIFEST", F_OK) == 0 }
        guard !names.isEmpty else {
            throw CommandFault(
                "there is no environment in \(folder): it has neither sandbox/MANIFEST nor "
                    + "live/MANIFEST; give the folder that tally serve --data is given, or a "
                    + "backup of it",
                exit: .usage)
        }
        return names
    }

    /// What goes wrong with files, in its own words.
    static func refusing<Value>(_ body: () throws -> Value) throws(CommandFault) -> Value {
        do {
            return try body()
        } catch {
            throw CommandFault("\(error)", exit: .refused)
        }
    }
}

/// Progress of long work, for people who watch: a line on standard error, now and then.
struct ByteProgress {
    private let name: String
    private let isShown = isatty(STDERR_FILENO) != 0
    private var bytes = 0
    private var shown = 0

    init(_ name: String) {
        self.name = name
    }

    mutating func add(_ count: Int) {
        bytes += count
        guard isShown, bytes - shown >= 64 << 20 else { return }
        shown = bytes
        print("\r\(name): \(bytes >> 20) MiB", terminator: "")
    }

    func end() {
        if isShown, shown > 0 { print("\r", terminator: "") }
    }

    private func print(_ text: String, terminator: String) {
        let bytes = Array((text + terminator).utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
