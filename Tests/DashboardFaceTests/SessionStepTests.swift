import Billing
import Foundation
import Logging
import RPC
import Repository
import Synchronization
import Testing
import Wire

@testable import DashboardFace

/// Two environments in a folder of their own, and the dashboard over them.
final class Stand: Sendable {
    let environments: [TallyEnvironment]
    let access: AccessList
    let pages: DashboardPages
    let folder: String
    /// What came to the other faces.
    let passed = Mutex<[PageRequest]>([])
    let others = Mutex(PageResponse(status: 200, body: Array("{}".utf8)))

    init() throws {
        let folder = NSTemporaryDirectory() + "tally-dashboard-" + UUID().uuidString
        self.folder = folder
        environments = try ["sandbox", "live"].map { name in
            var settings = TallyEnvironment.Settings()
            settings.segmentSize = 1 << 20
            return try TallyEnvironment(
                name, in: folder, settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        access = AccessList(environments: environments)
        pages = DashboardPages(access)
    }

    deinit {
        for environment in environments { try? environment.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func key(_ draft: KeyDraft = KeyDraft(name: "backend"), in place: Int = 0) throws -> String {
        try environments[place].keys.make(draft, time: SystemClock.wall.milliseconds).key
    }

    func send(
        _ target: String, body: String = "{}", method: String = "POST",
        _ headers: (name: String, value: String)...
    ) async -> PageResponse {
        let usual = [("host", "tally.example.com"), ("content-type", "application/json")]
        let request = PageRequest(
            method: method, target: target, headers: usual + headers, body: Array(body.utf8))
        return await pages.respond(to: request) { request in
            self.passed.withLock { $0.append(request) }
            return self.others.withLock { $0 }
        }
    }

    func signIn(_ key: String) async throws -> String {
        try cookie(await send("/dashboard/api/sign-in", body: #"{"key": "\#(key)"}"#))
    }

    /// As a browser sends it back.
    func cookie(_ response: PageResponse) throws -> String {
        let header = try #require(response.headers.first { $0.name == "set-cookie" }?.value)
        return String(header.prefix { $0 != ";" })
    }

    func last() throws -> PageRequest { try #require(passed.withLock { $0.last }) }

    func bearer() throws -> Access? {
        let header = try #require(last().header("authorization"))
        return Array(header.dropFirst("Bearer ".count).utf8).withUnsafeBytes {
            access.access(key: $0)
        }
    }
}

@Suite("A cookie as a caller") struct SessionStepTests {
    private let stand: Stand
    private static let path = "/tally.v1.CustomerService/GetCustomer"
    private let sandbox = (name: "x-tally-environment", value: "sandbox")

    init() throws {
        stand = try Stand()
    }

    private func reason(_ response: PageResponse) throws -> String {
        let body = try JSONParser.parse(response.body)
        guard case .string(let reason)? = body["reason"] else { return "" }
        return "\(response.status) \(reason)"
    }

    @Test("It counts where the environment is named, for that environment, and leaves no trace")
    func passes() async throws {
        let cookie = try await stand.signIn(
            try stand.key(KeyDraft(name: "", scopes: Role.viewer.scopes)))
        #expect(cookie.hasPrefix("__Host-tally-sandbox="))
        let live = try await stand.signIn(try stand.key(in: 1))
        for field in ["\(cookie); \(live)", "a=b;\(live); \(cookie)"] {
            let response = await stand.send(Self.path, ("cookie", field), sandbox)
            #expect(response.status == 200)
            let access = try #require(try stand.bearer())
            #expect(access.environment == 0 && access.scopes == Role.viewer.scopes)
            #expect(access.isSecret)
            let call = try stand.last()
            #expect(call.header("cookie") == nil && call.header("x-tally-environment") == nil)
        }
        // HTTP/2 may bring them one by one.
        _ = await stand.send(
            Self.path, ("cookie", cookie), ("cookie", live), ("x-tally-environment", "live"))
        #expect(try stand.bearer()?.environment == 1)
        #expect(try stand.bearer()?.scopes == .all)
    }

    @Test("It counts for nothing otherwise")
    func refuses() async throws {
        let cookie = try await stand.signIn(try stand.key())
        let field = (name: "cookie", value: cookie)
        // Without the header the others see what came, and no key.
        _ = await stand.send(Self.path, field)
        #expect(try stand.last().header("authorization") == nil)
        _ = await stand.send("/checkout/x", field, sandbox)
        #expect(try stand.last().header("authorization") == nil)
        // A key decides alone.
        _ = await stand.send(Self.path, field, sandbox, ("authorization", "Bearer x"))
        #expect(try stand.last().header("authorization") == "Bearer x")
        let before = stand.passed.withLock { $0.count }
        let wrong: [([(name: String, value: String)], String)] = [
            ([sandbox], "401 SESSION_OVER"),
            ([("cookie", cookie + "x"), sandbox], "401 SESSION_OVER"),
            ([("cookie", cookie.replacing("sandbox", with: "live")), sandbox], "401 SESSION_OVER"),
            ([field, ("x-tally-environment", "live")], "401 SESSION_OVER"),
            ([field, ("x-tally-environment", "staging")], "400 INVALID"),
            ([field, sandbox, ("sec-fetch-site", "cross-site")], "403 OTHER_SITE"),
            ([field, sandbox, ("sec-fetch-site", "same-site")], "403 OTHER_SITE"),
            ([field, sandbox, ("origin", "https://evil.example.com")], "403 OTHER_SITE"),
            ([field, sandbox, ("origin", "null")], "403 OTHER_SITE"),
        ]
        for (headers, outcome) in wrong {
            let request = PageRequest(
                method: "POST", target: Self.path,
                headers: [("host", "tally.example.com")] + headers, body: Array("{}".utf8))
            let response = await stand.pages.respond(to: request) { _ in
                PageResponse(status: 200, body: Array("{}".utf8))
            }
            #expect(try reason(response) == outcome)
        }
        #expect(stand.passed.withLock { $0.count } == before)
        let fine = await stand.send(
            Self.path, field, sandbox, ("sec-fetch-site", "same-origin"),
            ("origin", "https://tally.example.com"))
        #expect(fine.status == 200)
    }

    @Test("What changes something is told to the audit before; who can't tell it does nothing")
    func audit() async throws {
        let cookie = try await stand.signIn(try stand.key())
        let field = (name: "cookie", value: cookie)
        let attach = "/tally.v1.AttachService/Attach"
        stand.others.withLock {
            $0 = PageResponse(status: 404, body: Array(#"{"reason": "PLAN_NOT_FOUND"}"#.utf8))
        }
        _ = await stand.send(attach, body: #"{"customer_id": "acme"}"#, field, sandbox)
        _ = await stand.send(Self.path, body: #"{"customer_id": "acme"}"#, field, sandbox)
        let listed = try stand.environments[0].audit.list(after: nil, size: 10).entries
        #expect(listed.map(\.method) == ["AttachService/Attach", "sign-in"])
        #expect(listed[0].outcome == "404 PLAN_NOT_FOUND" && listed[0].customer == "acme")
        #expect(listed[0].who == "backend" && listed[0].kind == "key")
        #expect(listed[1].outcome == "200")

        let path = stand.folder + "/sandbox/audit.jsonl"
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let before = stand.passed.withLock { $0.count }
        let refused = await stand.send(attach, field, sandbox)
        #expect(try reason(refused) == "503 UNAVAILABLE")
        #expect(stand.passed.withLock { $0.count } == before)
        #expect(await stand.send(Self.path, field, sandbox).status == 404, "reading goes on")
        let body = #"{"key": "\#(try stand.key())"}"#
        let signIn = await stand.send("/dashboard/api/sign-in", body: body)
        #expect(try reason(signIn) == "503 UNAVAILABLE")
    }
}
