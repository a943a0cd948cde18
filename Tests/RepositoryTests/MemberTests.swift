import Foundation
import Testing

@testable import Repository

@Suite("The dashboard's members") struct MemberTests {
    private let folder: TemporaryFolder
    private let clock = WallClock(1_800_000_000_000)
    private let members: MemberList

    init() throws {
        folder = try TemporaryFolder()
        members = try MemberList(folder: folder.path, environment: "sandbox", now: clock.now)
    }

    /// Another process's.
    private func other() throws -> MemberList {
        try MemberList(folder: folder.path, environment: "sandbox", now: clock.now)
    }

    private func file() throws -> String {
        try String(contentsOfFile: "\(folder.path)/members.json", encoding: .utf8)
    }

    @Test("A role's scopes are those below it and more; a key is known as the highest it covers")
    func roles() throws {
        #expect(
            Role.viewer.scopes.names == [
                "entitlement:read", "usage:read", "customers:read", "catalog:read",
                "webhooks:read", "keys:read",
            ])
        let more: [(Role, Scopes)] = [
            (.support, [.customersWrite, .usageWrite]), (.billing, .attachWrite),
        ]
        for (role, scopes) in more {
            let below = try #require(
                Role.allCases.last { $0.scopes.isStrictSubset(of: role.scopes) })
            #expect(role.scopes.subtracting(below.scopes) == scopes)
        }
        #expect(Role.admin.scopes.names == ["*"])
        for role in Role.allCases { #expect(Role(of: role.scopes) == role) }
        #expect(Role(of: [.usageWrite]) == .viewer)
        #expect(Role(of: Role.billing.scopes.union(.keysWrite)) == .billing)
    }

    @Test("An invited member comes in by its link, once; the file has no link, only its hash")
    func invite() throws {
        let made = try members.invite(name: "Support desk", role: .support)
        #expect(made.member.state == .invited && made.expires == clock.now() + 7 * 86_400_000)
        #expect(try !file().contains(made.token))
        #expect(
            made.address(at: "https://a.example.com")
                == "https://a.example.com/dashboard/sign-in?token=\(made.token)")
        #expect(try members.open(made.token + "x") == nil)
        #expect(try members.open("") == nil)
        #expect(try other().open(made.token)?.id == made.member.id)
        #expect(try members.open(made.token) == nil)
        try members.reload()
        #expect(members.find(made.member.id)?.state == .active)
    }

    @Test("A link ends with its time, and with its member")
    func links() throws {
        let late = try members.invite(name: "late", role: .viewer)
        clock.advance(MemberList.inviteValidity)
        #expect(try members.open(late.token) == nil)
        let again = try members.link(to: late.member.id, validity: 60_000)
        #expect(try other().all.count == 1)
        _ = try members.revoke(late.member.id)
        #expect(try members.open(again.token) == nil)
        #expect(throws: MemberRefusal.notFound(late.member.id)) {
            _ = try members.link(to: late.member.id, validity: 60_000)
        }
        #expect(throws: MemberRefusal.notFound(late.member.id)) {
            _ = try members.change(late.member.id, role: .admin)
        }
        #expect(throws: MemberRefusal.notFound(late.member.id)) {
            _ = try members.revoke(late.member.id)
        }
    }

    @Test("Names are told apart, until their member is revoked; a change is seen by all")
    func names() throws {
        let first = try members.invite(name: "desk", role: .viewer).member
        #expect(throws: MemberRefusal.nameTaken("desk")) {
            _ = try members.invite(name: "desk", role: .admin)
        }
        let elsewhere = try other()
        let epoch = elsewhere.epoch
        _ = try members.change(first.id, role: .billing)
        try elsewhere.reload()
        #expect(elsewhere.find(first.id)?.role == .billing && elsewhere.epoch != epoch)
        _ = try members.revoke(first.id)
        let second = try members.invite(name: "desk", role: .admin).member
        #expect(second.id != first.id)
        #expect(members.all.map(\.state) == [.revoked, .invited])
        for (name, problem) in [
            ("", "must not be empty"), (" ", "must not be empty"),
            (String(repeating: "n", count: 121), "can have 120 bytes"),
            ("a\nb", "must not have control characters"),
        ] { #expect(Member.problem(ofName: name) == problem) }
        #expect(Member.problem(ofName: "<script>") == nil)
    }

    @Test("The operator's link is of one member, who is made again once revoked")
    func operatorLink() throws {
        let first = try members.operatorLink()
        #expect(first.member.role == .admin && first.expires == clock.now() + 600_000)
        #expect(try members.operatorLink().member.id == first.member.id)
        #expect(try members.open(first.token)?.name == "operator")
        _ = try members.change(first.member.id, role: .viewer)
        #expect(try members.operatorLink().member.name == "operator 2", "not one who may do less")
        _ = try members.revoke(first.member.id)
        #expect(members.all.count == 2)
    }

    @Test("A file that makes no sense, or that is of a newer tally, is refused and stays")
    func damage() throws {
        _ = try members.invite(name: "a", role: .viewer)
        let good = try file()
        for (bad, words) in [
            (good.replacingOccurrences(of: "\"version\": 1", with: "\"version\": 2"), "newer"),
            (good.replacingOccurrences(of: "viewer", with: "owner"), "newer"),
            (String(good.dropLast(5)), "damaged"),
        ] {
            #expect(bad != good)
            try bad.write(
                toFile: "\(folder.path)/members.json", atomically: true, encoding: .utf8)
            do {
                _ = try other()
                Issue.record("it was taken: \(bad)")
            } catch {
                #expect("\(error)".contains(words))
            }
            #expect(throws: (any Error).self) { _ = try members.invite(name: "b", role: .viewer) }
            #expect(try file() == bad)
        }
    }
}
