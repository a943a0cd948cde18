import Billing
import Foundation
import Synchronization
import Testing

@testable import Repository

@Suite("The ring of keys") struct KeyRingTests {
    private let folder: TemporaryFolder
    private let clock = WallClock(1_800_000_000_000)
    private let ring: KeyRing
    private let acme = CustomerID("acme") ?? .empty
    private let beta = CustomerID("beta") ?? .empty

    init() throws {
        folder = try TemporaryFolder()
        ring = try KeyRing(folder: folder.path, environment: "sandbox", now: clock.now)
    }

    /// Another process's.
    private func other() throws -> KeyRing {
        try KeyRing(folder: folder.path, environment: "sandbox", now: clock.now)
    }

    private func entry(_ ring: KeyRing, _ key: String) -> KeyRing.Entry? {
        Array(key.utf8).withUnsafeBytes { ring.find($0) }
    }

    private func access(_ key: String) -> Access? {
        entry(ring, key).map {
            Access(environment: 0, scopes: $0.scopes, caller: $0.caller, kind: $0.kind)
        }
    }

    private func file(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    }

    @Test("Plain keys are written as they always were; others so that older ones refuse the file")
    func forms() throws {
        _ = try ring.make(name: "plain", time: clock.now())
        #expect(try file("keys.json").hasPrefix("{\n  \"keys\": ["))
        let drafts = [
            KeyDraft(kind: .publishable, name: "website"),
            KeyDraft(name: "short", validity: 60_000),
            KeyDraft(kind: .customer, name: "one", scopes: .ofCustomer, customer: acme),
        ]
        for draft in drafts {
            let (key, made) = try ring.make(draft, time: clock.now())
            let text = try file("keys.json")
            #expect(text.hasPrefix("{\n  \"version\": 2,\n  \"entries\": ["))
            #expect(!text.contains(key))
            let read = try other().all.first { $0.id == made.id }
            #expect(read == made)
            #expect(entry(try other(), key)?.kind == draft.kind)
        }
        #expect(ring.all.map(\.name) == ["plain", "website", "short", "one"])
    }

    @Test("A key ends when its time is over, also for those who hold on to it")
    func expiry() throws {
        let (key, _) = try ring.make(KeyDraft(name: "a", validity: 60_000), time: clock.now())
        #expect(entry(ring, key) != nil)
        clock.advance(59_999)
        try ring.reload()
        #expect(entry(ring, key) != nil)
        let epoch = ring.epoch
        clock.advance(1)
        #expect(entry(ring, key) == nil)
        try ring.reload()
        #expect(ring.epoch != epoch, "connections look again")
        #expect(ring.all[0].state(at: clock.now()) == .expired)
    }

    @Test("Rotation: both are good for a while, then the new one alone; once for each")
    func rotation() throws {
        let (old, made) = try ring.make(name: "a", scopes: [.usageWrite], time: clock.now())
        let (new, entry, _) = try ring.rotate(id: made.id, overlap: 60_000, time: clock.now())
        #expect(entry.name == "a" && entry.scopes == [.usageWrite] && entry.replaces == made.id)
        #expect(self.entry(ring, old) != nil && self.entry(ring, new) != nil)
        #expect(throws: KeyRefusal.alreadyRotated(made.id)) {
            try ring.rotate(id: made.id, overlap: 0, time: clock.now())
        }
        clock.advance(60_000)
        #expect(self.entry(ring, old) == nil && self.entry(ring, new) != nil)
        #expect(throws: KeyRefusal.notFound(made.id)) {
            try ring.rotate(id: made.id, overlap: 0, time: clock.now())
        }
        let (newest, _, _) = try ring.rotate(id: entry.id, overlap: 0, time: clock.now())
        #expect(self.entry(ring, new) == nil && self.entry(ring, newest) != nil)
        #expect(throws: KeyRefusal.notFound("key_x")) {
            try ring.rotate(id: "key_x", overlap: 0, time: clock.now())
        }
    }

    @Test(
        "A customer's key and its refresh token: one sees the customer, the other is exchanged once"
    )
    func minting() throws {
        let minted = try ring.mint(for: acme, scopes: .ofCustomer, time: clock.now())
        let refresh = try #require(minted.refresh)
        #expect(minted.access.hasPrefix("tally_ck_sandbox_"))
        #expect(refresh.hasPrefix("tally_rk_sandbox_"))
        let seen = try #require(entry(ring, minted.access))
        #expect(seen.kind == .customer && ring.customer(ofCaller: seen.caller) == acme)
        let journal = try file("customer-tokens.jsonl")
        #expect(!journal.contains(minted.access) && !journal.contains(refresh))

        let epoch = ring.epoch
        let token = try #require(access(refresh))
        let next = try ring.refresh(token, time: clock.now())
        #expect(ring.epoch != epoch, "whoever held on to the token looks again")
        #expect(entry(ring, refresh) == nil)
        #expect(entry(ring, minted.access) != nil && entry(ring, next.access) != nil)
        #expect(throws: KeyRefusal.notRefreshable) { try ring.refresh(token, time: clock.now()) }
        let customers = try #require(access(next.access))
        #expect(throws: KeyRefusal.notRefreshable) {
            try ring.refresh(customers, time: clock.now())
        }

        clock.advance(KeyRing.accessValidity)
        #expect(entry(ring, next.access) == nil)
        let following = try #require(next.refresh)
        let last = try ring.refresh(try #require(access(following)), time: clock.now())
        #expect(entry(ring, last.access) != nil)
        clock.advance(KeyRing.refreshValidity)
        let lastToken = try #require(last.refresh)
        #expect(entry(ring, lastToken) == nil)
        try ring.reload()
        #expect(ring.givenCount == 0, "what has expired is forgotten")
    }

    @Test("All keys of a customer end at once, and nobody else's")
    func revocation() throws {
        let endless = try ring.mint(
            for: acme, scopes: .ofCustomer, isIndefinite: true, time: clock.now())
        #expect(endless.refresh == nil && endless.entry.expires == nil)
        let short = try ring.mint(for: acme, scopes: .ofCustomer, time: clock.now())
        let (made, _) = try ring.make(
            KeyDraft(kind: .customer, name: "", scopes: .ofCustomer, customer: acme),
            time: clock.now())
        let theirs = try ring.mint(for: beta, scopes: .ofCustomer, time: clock.now())
        #expect(try ring.revoke(allOf: acme) == 4)
        let token = try #require(short.refresh)
        for key in [endless.access, short.access, token, made] {
            #expect(entry(ring, key) == nil)
            #expect(entry(try other(), key) == nil)
        }
        #expect(entry(ring, theirs.access) != nil)
        #expect(try ring.revoke(allOf: acme) == 0)
        #expect(try ring.revoke(id: theirs.entry.id))
        #expect(entry(ring, theirs.access) == nil)
        #expect(try !ring.revoke(id: theirs.entry.id))
    }

    @Test("A customer has so many keys and no more: the oldest goes")
    func bounds() throws {
        var first: MintedKeys?
        for _ in 0..<GivenKeys.limitOfCustomer / 2 {
            let minted = try ring.mint(for: acme, scopes: .ofCustomer, time: clock.now())
            first = first ?? minted
            clock.advance(1)
        }
        let oldest = try #require(first)
        #expect(entry(ring, oldest.access) != nil)
        _ = try ring.mint(for: acme, scopes: .ofCustomer, time: clock.now())
        #expect(entry(ring, oldest.access) == nil)
        #expect(ring.givenCount == GivenKeys.limitOfCustomer)
    }

    @Test("Processes see each other's, a crash's torn line is cut off, and damage is refused")
    func journal() throws {
        let path = folder.path + "/customer-tokens.jsonl"
        let other = try other()
        let first = try ring.mint(for: acme, scopes: .ofCustomer, time: clock.now())
        #expect(entry(other, first.access) == nil)
        try other.reload()
        #expect(entry(other, first.access) != nil)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"put\": {\"id\"".utf8))
        try handle.close()
        let second = try other.mint(for: beta, scopes: .ofCustomer, time: clock.now())
        try ring.reload()
        #expect(entry(ring, first.access) != nil && entry(ring, second.access) != nil)
        #expect(entry(try self.other(), second.access) != nil)
        let text = try file("customer-tokens.jsonl")
        for wrong in ["{}\n", "nonsense\n", "{\"put\": {\"id\": \"key_1\"}}\n"] {
            try Data((text + wrong).utf8).write(to: URL(filePath: path))
            #expect(throws: (any Error).self) { try self.other() }
        }
    }

    @Test("The hour of the last use is kept")
    func lastUse() throws {
        let (key, _) = try ring.make(name: "a", time: clock.now())
        #expect(ring.all[0].lastUsed == nil)
        clock.advance(90 * 60_000)
        _ = entry(ring, key)
        let hour = clock.now() - clock.now() % 3_600_000
        #expect(ring.all[0].lastUsed == hour)
        try ring.reload()
        #expect(try other().all[0].lastUsed == hour)
        clock.advance(3_600_000)
        let epoch = ring.epoch
        try ring.reload()
        #expect(ring.epoch != epoch, "connections look again each hour, so that it is seen")
    }

    @Test("Numbers of customers' keys stay while the key does, whatever else changes")
    func numbers() throws {
        let minted = try ring.mint(for: acme, scopes: .ofCustomer, time: clock.now())
        let number = try #require(entry(ring, minted.access)).caller
        let theirs = try ring.mint(for: beta, scopes: .ofCustomer, time: clock.now())
        #expect(entry(ring, theirs.access)?.caller != number)
        _ = try ring.make(name: "another", time: clock.now())
        #expect(entry(ring, minted.access)?.caller == number)
        #expect(ring.customer(ofCaller: number) == acme)
        try ring.revoke(allOf: acme)
        #expect(ring.customer(ofCaller: number) == nil)
    }
}

/// A wall clock that a test moves.
final class WallClock: Sendable {
    private let value: Mutex<Int64>

    init(_ milliseconds: Int64) {
        value = Mutex(milliseconds)
    }

    @Sendable func now() -> Int64 { value.withLock { $0 } }

    func advance(_ milliseconds: Int64) { value.withLock { $0 += milliseconds } }
}
