import Glibc

/// One thing to be fuzzed. Made once for a run, then given one input after the other.
protocol FuzzTarget: AnyObject, SendableMetatype {
    init() throws

    /// Returns, or ends the process: an invariant didn't hold.
    func run(_ input: FuzzInput) throws

    /// Inputs to begin with: what works, so that mutations start deep inside.
    func seeds() throws -> [[UInt8]]
}

let fuzzTargets: [(name: String, type: any FuzzTarget.Type)] = [
    ("tls", TLSTarget.self),
    ("http2", HTTP2Target.self),
    ("client", ClientTarget.self),
    ("framing", FramingTarget.self),
    ("metadata", MetadataTarget.self),
    ("requests", RequestTarget.self),
    ("json", JSONTarget.self),
    ("log", LogTarget.self),
]

// Safety: libFuzzer uses one thread.
nonisolated(unsafe) private var target: (any FuzzTarget)?

/// The target's name comes in the environment, since the arguments are libFuzzer's own. With
/// FUZZ_SEEDS, a folder, its seeds are written there, and that is all.
@_cdecl("LLVMFuzzerInitialize")
func fuzzerInitialize(_ count: UnsafeRawPointer?, _ arguments: UnsafeRawPointer?) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    do {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let found = fuzzTargets.first(where: { $0.name == name }) else {
            leave("FUZZ_TARGET must be one of \(fuzzTargets.map(\.name).joined(separator: " "))")
        }
        PendingTasks.install()
        let made = try found.type.init()
        target = made
        if let folder = getenv("FUZZ_SEEDS") {
            for (index, seed) in try made.seeds().enumerated() {
                try save(seed, to: "\(String(cString: folder))/seed-\(index)")
            }
            exit(0)
        }
    } catch {
        leave("\(error)")
    }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func fuzzerTestOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    do {
        try target?.run(FuzzInput(UnsafeRawBufferPointer(start: bytes, count: count)))
    } catch {
        fatalError("the target failed: \(error)")
    }
    return 0
}

/// Ends the process, which libFuzzer takes for a finding, unless it holds.
func expect(
    _ condition: Bool, _ what: @autoclosure () -> String, file: StaticString = #file,
    line: UInt = #line
) {
    guard condition else { fatalError(what(), file: file, line: line) }
}

private func leave(_ words: String) -> Never {
    let line = words + "\n"
    write(STDERR_FILENO, line, line.utf8.count)
    exit(64)
}

private func save(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { leave("cannot write \(path)") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}
