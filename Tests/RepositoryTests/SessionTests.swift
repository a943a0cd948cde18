import Billing
import Foundation
import Testing

@testable import Repository

@Suite("Sessions of the dashboard") struct SessionTests {
    private let folder: TemporaryFolder
    private let clock = WallClock(1_800_000_000_000)
    private let keys: KeyRing
    private let members: MemberList
    private let sessions: Sessions

    init() throws {
        folder = try TemporaryFolder()
        keys = try KeyRing(folder: folder.path, environment: "sandbox", now: clock.now)
        members = try MemberList(folder: folder.path, environment: "sandbox", now: clock.now)
        sessions = try Sessions(
            folder: folder.path, keys: keys, members: members, now: clock.now)
    }

    private func reopened() throws -> Sessions {
        try Sessions(folder: folder.path, keys: keys, members: members, now: clock.now)
    }

    private func file() throws -> String {
        try String(contentsOfFile: "\(folder.path)/sessions.json", encoding: .utf8)
    }

    private func session(key: String) throws -> String {
        try #require(try sessions.begin(key: key)).cookie
    }

    @Test("A key's session may do what the key may, and ends with it at once")
    func key() throws {
        let (key, entry) = try keys.make(
            name: "backend", scopes: Role.support.scopes, time: clock.now())
        let cookie = try session(key: key)
        let found = try #require(sessions.find(cookie: cookie))
        #expect(found.identity.kind == .key && found.identity.id == entry.id)
        #expect(found.identity.name == "backend" && found.identity.role == .support)
        #expect(found.identity.scopes == Role.support.scopes)
        #expect(try !file().contains(cookie) && !file().contains(key))
        // The pass is good for calls; the cookie's content isn't.
        let pass = KeyDigest(text: found.pass)
        #expect(sessions.find(pass: pass)?.scopes == Role.support.scopes)
        #expect(sessions.find(pass: KeyDigest(text: cookie)) == nil)
        #expect(sessions.find(cookie: found.pass) == nil)
        #expect(try keys.revoke(id: entry.id))
        #expect(sessions.find(cookie: cookie) == nil)
        #expect(sessions.find(pass: pass) == nil)
        let epoch = sessions.epoch
        try sessions.reload()
        #expect(sessions.epoch != epoch, "connections look again")
        #expect(try !file().contains("sha256"))
    }

    @Test("Keys that are in others' hands don't sign in, nor does one that is no more")
    func otherKinds() throws {
        let acme = try #require(CustomerID("acme"))
        let minted = try keys.mint(for: acme, scopes: .ofCustomer, time: clock.now())
        let refused: [(String, APIKey.Kind)] = [
            (
                try keys.make(KeyDraft(kind: .publishable, name: ""), time: clock.now()).key,
                .publishable
            ),
            (
                try keys.make(
                    KeyDraft(kind: .customer, name: "", customer: acme), time: clock.now()
                ).key, .customer
            ), (minted.access, .customer), (try #require(minted.refresh), .refresh),
        ]
        for (key, kind) in refused {
            #expect(throws: SessionRefusal.kind(kind)) { _ = try sessions.identity(key: key) }
            #expect(throws: SessionRefusal.kind(kind)) { _ = try sessions.begin(key: key) }
        }
        let (key, _) = try keys.make(KeyDraft(name: "", validity: 1000), time: clock.now())
        let cookie = try session(key: key)
        let pass = try #require(sessions.find(cookie: cookie)).pass
        for text in [pass, cookie, ""] {
            #expect(try sessions.identity(key: text) == nil, "a session begins no session")
        }
        clock.advance(1000)
        #expect(try sessions.begin(key: key) == nil)
        #expect(sessions.find(cookie: cookie) == nil)
    }

    @Test("A member's session may do what its role says at each use, and ends with the member")
    func member() throws {
        let member = try members.invite(name: "desk", role: .viewer).member
        let cookie = try #require(try sessions.begin(member: member.id)).cookie
        let found = try #require(sessions.find(cookie: cookie))
        #expect(found.identity.kind == .member && found.identity.name == "desk")
        #expect(found.identity.scopes == Role.viewer.scopes && !found.identity.isAdmin)
        let epoch = sessions.epoch
        _ = try members.change(member.id, role: .admin)
        #expect(sessions.epoch != epoch)
        #expect(sessions.find(cookie: cookie)?.identity.isAdmin == true)
        #expect(sessions.lastSeen(member.id) == clock.now())
        _ = try members.revoke(member.id)
        #expect(sessions.find(cookie: cookie) == nil)
        #expect(sessions.find(pass: KeyDigest(text: found.pass)) == nil)
        #expect(try sessions.begin(member: member.id) == nil)
    }

    @Test("It ends after half a day without use, and after a week in any case")
    func expiry() throws {
        let (key, _) = try keys.make(name: "", time: clock.now())
        let idle = try session(key: key)
        clock.advance(Session.idleLimit - 1)
        #expect(sessions.find(cookie: idle) != nil)
        clock.advance(Session.idleLimit)
        #expect(sessions.find(cookie: idle) == nil)
        let busy = try session(key: key)
        let began = clock.now()
        while clock.now() - began < Session.lifetime - 3_600_000 {
            #expect(sessions.find(cookie: busy) != nil)
            clock.advance(3_600_000)
        }
        let last = try #require(sessions.find(cookie: busy))
        #expect(last.identity.expires == began + Session.lifetime)
        clock.advance(3_600_000)
        #expect(sessions.find(cookie: busy) == nil)
    }

    @Test("A restart signs nobody out, but nothing that was said before it is good but the cookie")
    func restart() throws {
        let (key, _) = try keys.make(name: "", time: clock.now())
        let cookie = try session(key: key)
        let ended = try session(key: key)
        try sessions.end(cookie: ended)
        clock.advance(3_600_000)
        let pass = try #require(sessions.find(cookie: cookie)).pass
        try sessions.reload()
        clock.advance(Session.idleLimit - 1)
        let after = try reopened()
        let found = try #require(after.find(cookie: cookie), "its use was written down")
        #expect(after.find(cookie: ended) == nil)
        #expect(found.pass != pass && after.find(pass: KeyDigest(text: pass)) == nil)
        try "{}".write(
            toFile: "\(folder.path)/sessions.json", atomically: true, encoding: .utf8)
        #expect(throws: (any Error).self) { _ = try reopened() }
    }

    @Test("There are so many of one, and so many in all; the one that was longest unused ends")
    func bounds() throws {
        let (key, _) = try keys.make(name: "", time: clock.now())
        let cookies = try (0..<SessionTable.limitOfHolder + 1).map { _ in
            clock.advance(1)
            return try session(key: key)
        }
        #expect(sessions.find(cookie: cookies[0]) == nil)
        #expect(cookies.dropFirst().allSatisfy { sessions.find(cookie: $0) != nil })
        var table = SessionTable()
        for number in 0...SessionTable.limit {
            table.begin(
                Session(
                    cookie: KeyDigest(text: "\(number)"), pass: "p\(number)",
                    holder: .member("m\(number)"), created: Int64(number), used: Int64(number)))
        }
        #expect(table.all.count == SessionTable.limit)
        #expect(table.use(KeyDigest(text: "0"), at: 1) == nil)
        #expect(table.find(pass: KeyDigest(text: "p0"), at: 1) == nil)
        #expect(table.use(KeyDigest(text: "1"), at: 1) != nil)
    }
}
