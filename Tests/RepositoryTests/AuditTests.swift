import Foundation
import Testing

@testable import Repository

@Suite("The audit") struct AuditTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func trail(limit: Int = AuditTrail.sizeLimit) -> AuditTrail {
        AuditTrail(folder: folder.path, sizeLimit: limit)
    }

    private func entry(_ number: Int) -> AuditEntry {
        AuditEntry(
            time: Int64(number), who: "desk \"\n\(number)", whoID: "mem_1", kind: "member",
            method: "AttachService/Attach", customer: "acme", peer: "127.0.0.1")
    }

    private func all(_ trail: AuditTrail, pagesOf size: Int) throws -> [AuditEntry] {
        var (entries, token) = ([AuditEntry](), String?.none)
        repeat {
            let page = try trail.list(after: token, size: size)
            #expect(page.entries.count == size || page.next == nil)
            entries += page.entries
            token = page.next
        } while token != nil
        return entries
    }

    @Test("Entries come back whole, newest first, by pages, also over several files")
    func pages() throws {
        let trail = trail(limit: 20_000)
        #expect(try trail.list(after: nil, size: 10).entries.isEmpty)
        for number in 0..<300 {
            let id = try trail.begin(entry(number))
            if number % 7 != 0 { try trail.end(id, outcome: "200") }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names).isSuperset(of: AuditTrail.fileNames))
        let wanted = (0..<300).reversed().map { number in
            var entry = entry(number)
            if number % 7 != 0 { entry.outcome = "200" }
            return entry
        }
        for size in [1, 7, 100, 1000] {
            let found = try all(trail, pagesOf: size)
            // The oldest file was dropped when a third was begun.
            #expect(found.count > 100 && found == Array(wanted.prefix(found.count)), "\(size)")
        }
        #expect(throws: AuditTrail.UnknownPage.self) { _ = try trail.list(after: "x", size: 1) }
        #expect(try trail.list(after: "1-1", size: 1).entries.isEmpty)
    }

    @Test("A page goes on where the last ended, whatever was added meanwhile")
    func growth() throws {
        let trail = trail()
        for number in 0..<20 { try trail.note(entry(number)) }
        let first = try trail.list(after: nil, size: 5)
        for number in 20..<40 { try trail.note(entry(number)) }
        let second = try trail.list(after: first.next, size: 5)
        let times = (first.entries + second.entries).map(\.time)
        #expect(times == (10..<20).reversed().map { Int64($0) })
    }

    @Test("What a crash cut short is read by nobody, and hides nothing that comes after")
    func torn() throws {
        let trail = trail()
        try trail.note(entry(1))
        let path = "\(folder.path)/audit.jsonl"
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"id\": \"x\", \"ti".utf8))
        try handle.close()
        try trail.note(entry(2))
        #expect(try trail.list(after: nil, size: 10).entries.map(\.time) == [2, 1])
    }

    @Test("Who can't write it is told so")
    func unwritable() throws {
        let trail = AuditTrail(folder: folder.path + "/nowhere")
        #expect(throws: (any Error).self) { _ = try trail.begin(entry(1)) }
    }
}
