import Billing
import Foundation
import Logging
import Repository
import Testing
import Wire

@Suite("An environment's folder")
struct EnvironmentTests {
    @Test("A second process is refused, and says whose the folder is")
    func secondServer() async throws {
        let folder = try TemporaryFolder()
        let first = try await Bench(folder)
        await #expect(throws: LogFault.self) { _ = try await Bench(folder, publish: false) }
        try first.environment.close()
    }

    @Test("A log without its manifest is a half-copied folder: refused")
    func halfCopied() async throws {
        let folder = try TemporaryFolder()
        do { try (try await Bench(folder)).environment.close() }
        try FileManager.default.removeItem(atPath: folder.path + "/sandbox/MANIFEST")
        await #expect(throws: (any Error).self) { _ = try await Bench(folder, publish: false) }
    }

    @Test("A folder of another environment is refused")
    func otherEnvironment() async throws {
        let folder = try TemporaryFolder()
        do { try (try await Bench(folder)).environment.close() }
        try FileManager.default.moveItem(
            atPath: folder.path + "/sandbox", toPath: folder.path + "/live")
        #expect(throws: (any Error).self) {
            _ = try TallyEnvironment(
                "live", in: folder.path, settings: .init(), logger: Logger(label: "test"))
        }
    }

    @Test("A clock far behind the last commit is refused")
    func earlierClock() async throws {
        let folder = try TemporaryFolder()
        let time = ManualTime()
        do {
            let bench = try await Bench(folder, time: time)
            try await bench.create("acme")
            try bench.environment.close()
        }
        time.advance(days: -1)
        await #expect(throws: (any Error).self) {
            _ = try await Bench(folder, time: time, publish: false)
        }
    }

    @Test("Publishing again changes nothing; a faulty draft applies nothing")
    func publish() async throws {
        let folder = try TemporaryFolder()
        try await publishTwice(folder)
        let reopened = try await Bench(folder, publish: false)
        #expect(reopened.names.pricing.plans == [[Samples.free], [Samples.pro]])
        try reopened.environment.close()
    }

    private func publishTwice(_ folder: TemporaryFolder) async throws {
        let bench = try await Bench(folder)
        let again = PublishCall(draft: Samples.draft, validateOnly: false, requestID: "")
        let (changes, sequence) = try await bench.environment.directory.publish(
            again, found: [], time: bench.environment.now)
        #expect(changes.isEmpty)
        #expect(sequence == 1)
        var faulty = again
        faulty.draft.plans[0].name = "New name"
        faulty.draft.plans[1].items[0].featureID = "nothing"
        await #expect(throws: ExecuteFault.self) {
            try await bench.environment.directory.publish(
                faulty, found: [], time: bench.environment.now)
        }
        #expect(bench.names.pricing.plans[0].count == 1)
        try bench.environment.close()
    }

    @Test("Keys: accepted, revoked at once, seen by another process's ring")
    func keys() throws {
        let folder = try TemporaryFolder()
        let ring = try KeyRing(folder: folder.path, environment: "sandbox")
        let (key, entry) = try ring.make(name: "test", time: 0)
        let other = try KeyRing(folder: folder.path, environment: "sandbox")
        func accepts(_ ring: KeyRing, _ key: String) -> Bool {
            Array(key.utf8).withUnsafeBytes { ring.scopes(of: $0) != nil }
        }
        #expect(key.hasPrefix("tally_sk_sandbox_"))
        #expect(accepts(ring, key) && accepts(other, key))
        #expect(!accepts(ring, key + "x") && !accepts(ring, ""))
        let file = try String(contentsOfFile: folder.path + "/keys.json", encoding: .utf8)
        #expect(!file.contains(key), "only its digest is stored")
        let epoch = other.epoch
        #expect(try ring.revoke(id: entry.id))
        #expect(try !ring.revoke(id: entry.id))
        try other.reload()
        #expect(!accepts(ring, key) && !accepts(other, key))
        #expect(other.epoch != epoch)
    }

    @Test("Keys: do what their scopes say; older ones do everything; unknown scopes are refused")
    func scopes() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/keys.json"
        let ring = try KeyRing(folder: folder.path, environment: "sandbox")
        let (key, _) = try ring.make(name: "meter", scopes: [.usageWrite, .catalogRead], time: 0)
        func scopes() throws -> Scopes? {
            let other = try KeyRing(folder: folder.path, environment: "sandbox")
            return Array(key.utf8).withUnsafeBytes { other.scopes(of: $0) }
        }
        #expect(try scopes() == [.usageWrite, .catalogRead])
        let file = try String(contentsOfFile: path, encoding: .utf8)
        func rewrite(_ from: String, _ to: String) throws {
            #expect(file.contains(from))
            try file.replacing(from, with: to)
                .write(toFile: path, atomically: true, encoding: .utf8)
        }
        try rewrite("\"scopes\"", "\"other\"")
        #expect(try scopes() == .all)
        try rewrite("usage:write", "usage:wrote")
        #expect(throws: (any Error).self) { try scopes() }
    }
}
