import Billing
import Events
import Foundation
import Logging
import Repository
import Testing
import Wire

/// Data folders that a tally of an earlier day wrote. What they hold must read the same for ever.
///
/// To add one, when a format is released: TALLY_GOLDEN=2 swift test --filter GoldenTests
@Suite("Golden data folders")
struct GoldenTests {
    @Test("replay to the same state, to the byte, and go on", arguments: [1, 2])
    func replay(format: Int) async throws {
        let golden = try Golden(format: format)
        let folder = try TemporaryFolder()
        try golden.unpack(into: folder.path)
        let bench = try await Bench(
            folder, time: ManualTime(golden.time), publish: false, partitions: nil)
        #expect(bench.environment.dump() == golden.dump)
        #expect(bench.names.pricing.plans == [[Samples.free], [Samples.pro]])
        #expect(bench.environment.recovery.tornBytes == 0)
        if format >= 2 {
            #expect(try bench.profile("kept") == ["kept", ""])
            #expect(try bench.profile("erased") == ["", ""])
            #expect(try bench.events(of: "kept").map(\.properties.count) == [1])
            #expect(try bench.events(of: "erased").map(\.properties.count) == [0])
        }
        try await bench.create("one-more")
        try bench.environment.close()
    }

    @Test(
        "are written on demand",
        .enabled(if: ProcessInfo.processInfo.environment["TALLY_GOLDEN"] != nil))
    func write() async throws {
        let format = try #require(
            ProcessInfo.processInfo.environment["TALLY_GOLDEN"].flatMap { Int($0) })
        let folder = try TemporaryFolder()
        let time = ManualTime()
        let bench = try await Bench(folder, time: time, partitions: 1)
        let environment = bench.environment
        let work = Task { await environment.run() }
        var random = ReplayTests.Random(state: 42)
        for _ in 0..<150 { try await ReplayTests().step(bench, time, &random) }
        for name in ["erased", "kept"] {
            try await bench.create(name)
            try await bench.track(name, 1, properties: ["by": name])
        }
        try await bench.erase("erased")
        work.cancel()
        bench.environment.stopEffects()
        await work.value
        try bench.environment.close()
        let golden = try Golden(
            packing: folder.path, dump: bench.environment.dump(),
            time: time.now().milliseconds)
        try golden.text.write(to: Golden.place(format), atomically: true, encoding: .utf8)
    }
}

/// A data folder as text: each file's path and size, and its bytes up to the last that isn't zero.
struct Golden {
    var time: Int64
    var dump: [UInt8]
    var files: [(path: String, size: Int, bytes: Data)] = []

    /// Whose ids the dump holds.
    let customers = (0..<4).map { "customer-\($0)" }.filter { $0 != "customer-2" }

    static func place(_ format: Int) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../golden/format-\(format).txt").standardized
    }

    init(format: Int) throws {
        time = 0
        dump = []
        let text = try String(contentsOf: Golden.place(format), encoding: .utf8)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            switch words[0] {
            case "time": time = try #require(Int64(words[1]))
            case "dump": dump = Array(try #require(Data(base64Encoded: String(words[1]))))
            case "file":
                files.append(
                    (
                        String(words[1]), try #require(Int(words[2])),
                        try #require(Data(base64Encoded: String(words[3])))
                    ))
            default: break
            }
        }
    }

    init(packing folder: String, dump: [UInt8], time: Int64) throws {
        self.time = time
        self.dump = dump
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() {
            let place = folder + "/" + path
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
            if isFolder.boolValue { continue }
            let all = try Data(contentsOf: URL(filePath: place))
            let used = all.lastIndex { $0 != 0 }.map { all[...$0] } ?? Data()
            files.append((path, all.count, Data(used)))
        }
    }

    var text: String {
        var lines = ["A data folder; see Tests/RepositoryTests/GoldenTests.swift.", "time \(time)"]
        for file in files {
            lines.append("file \(file.path) \(file.size) \(file.bytes.base64EncodedString())")
        }
        lines.append("dump \(Data(dump).base64EncodedString())")
        return lines.joined(separator: "\n") + "\n"
    }

    func unpack(into folder: String) throws {
        for file in files {
            let place = URL(filePath: folder + "/" + file.path)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try (file.bytes + Data(count: file.size - file.bytes.count)).write(to: place)
        }
    }
}
