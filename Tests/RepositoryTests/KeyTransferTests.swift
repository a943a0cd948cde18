import Billing
import Foundation
import Testing
import Wire

@testable import Interchange
@testable import Repository

@Suite("API keys in an export") struct KeyTransferTests {
    private let folder: TemporaryFolder
    private let target: TemporaryFolder
    private let acme: CustomerID

    init() throws {
        folder = try TemporaryFolder()
        target = try TemporaryFolder()
        acme = try #require(CustomerID("acme"))
    }

    private func lines(withKeys: Bool) throws -> [String] {
        var lines: [String] = []
        _ = try EnvironmentExport("sandbox", in: folder.path + "/sandbox")
            .run(withKeys: withKeys) { lines.append($0) }
        return lines
    }

    private func take(_ lines: [String], as environment: String? = nil) throws -> KeyRing {
        let path = target.path + "/export.jsonl"
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
        _ = try EnvironmentImport(
            path, to: target.path, environment: environment, partitions: Bench.partitions
        ).run()
        let name = environment ?? "sandbox"
        return try KeyRing(folder: "\(target.path)/\(name)", environment: name)
    }

    private func accepts(_ ring: KeyRing, _ key: String) -> Bool {
        Array(key.utf8).withUnsafeBytes { ring.find($0) != nil }
    }

    /// Gives keys that are good, and one that isn't.
    private func populate() async throws -> (good: [String], revoked: String) {
        let bench = try await Bench(folder, time: ManualTime())
        try await bench.create("acme")
        let ring = bench.environment.keys
        let now = SystemClock.wall.milliseconds
        let minted = try ring.mint(for: acme, scopes: .ofCustomer, time: now)
        let endless = try ring.mint(
            for: acme, scopes: .ofCustomer, isIndefinite: true, time: now)
        let (old, made) = try ring.make(name: "old", scopes: [.usageWrite], time: now)
        let (new, _, _) = try ring.rotate(id: made.id, overlap: 3_600_000, time: now)
        let (page, _) = try ring.make(KeyDraft(kind: .publishable, name: "page"), time: now)
        let (gone, goneEntry) = try ring.make(name: "gone", time: now)
        _ = try ring.revoke(id: goneEntry.id)
        try bench.environment.close()
        let good = [minted.access, try #require(minted.refresh), endless.access, old, new, page]
        return (good, gone)
    }

    @Test("They are there as hashes, are good again, and the same is exported again")
    func roundTrip() async throws {
        let (good, revoked) = try await populate()
        let lines = try lines(withKeys: true)
        #expect(lines[0].contains("\"keys\":7"))
        #expect(lines.filter { $0.hasPrefix("{\"type\":\"key\"") }.count == 7)
        for key in good + [revoked] { #expect(!lines.contains { $0.contains(key) }) }
        let ring = try take(lines)
        for key in good { #expect(accepts(ring, key)) }
        #expect(!accepts(ring, revoked))
        var again: [String] = []
        _ = try EnvironmentExport("sandbox", in: target.path + "/sandbox")
            .run(withKeys: true) { again.append($0) }
        #expect(Set(again) == Set(lines))
    }

    @Test("Without asking there are none, and another environment takes none")
    func none() async throws {
        let (good, _) = try await populate()
        #expect(try !lines(withKeys: false).contains { $0.contains("sha256") })
        let ring = try take(try lines(withKeys: true), as: "live")
        for key in good { #expect(!accepts(ring, key)) }
    }

    @Test(
        "What makes no sense is refused with its field",
        arguments: [
            ("\"kind\":\"publishable\"", "\"kind\":\"public\"", "kind"),
            ("\"kind\":\"publishable\"", "\"kind\":\"customer\"", "customer"),
            ("\"revoked\":true", "\"revoked\":1", "revoked"),
            ("\"scopes\":[\"usage:write\"]", "\"scopes\":[\"usage:wrote\"]", "scopes"),
            ("\"name\":\"page\"", "\"nome\":\"page\"", "name"),
        ])
    func wrong(part: String, other: String, field: String) async throws {
        _ = try await populate()
        let lines = try lines(withKeys: true)
        #expect(lines.contains { $0.contains(part) })
        let fault = #expect(throws: ImportFault.self) {
            try take(lines.map { $0.replacing(part, with: other) })
        }
        #expect(fault?.field == field)
        let short = #expect(throws: ImportFault.self) { try take(Array(lines.dropLast())) }
        #expect(short?.message.contains("keys") == true)
    }
}
