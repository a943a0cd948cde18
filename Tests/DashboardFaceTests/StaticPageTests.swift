import Foundation
import RPC
import Testing

@testable import DashboardFace

@Suite("The dashboard's files") struct StaticPageTests {
    private let pages = StaticPages()

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/CDashboard/pages")

    private static func onDisk() throws -> [String: [UInt8]] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        var files: [String: [UInt8]] = [:]
        for name in names {
            let file = folder.appending(path: name)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
            else { continue }
            files[name] = Array(try Data(contentsOf: file))
        }
        return files
    }

    private func get(
        _ path: String, method: String = "GET", _ headers: (name: String, value: String)...
    ) -> PageResponse {
        let request = PageRequest(
            method: method, target: "/dashboard" + path, headers: headers)
        return pages.respond(to: request, path[...])
    }

    private func header(_ name: String, _ response: PageResponse) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    @Test("The binary holds every file of the folder, byte for byte, and no other")
    func table() throws {
        let disk = try Self.onDisk()
        #expect(disk["index.html"] != nil)
        #expect(Set(pages.files.keys) == Set(disk.keys), "run scripts/generate")
        for (name, bytes) in disk { #expect(pages.files[name]?.bytes == bytes, "\(name)") }
    }

    @Test("No page asks another host, runs what isn't a file of ours, or writes markup from data")
    func content() throws {
        for (name, bytes) in try Self.onDisk() {
            let text = String(decoding: bytes, as: UTF8.self)
            for offence in Self.offences(in: text, name) {
                Issue.record("\(name): \(offence)")
            }
        }
    }

    @Test(
        "These would be noticed",
        arguments: [
            ("a.html", "<p style=\"x\">"), ("a.html", "<a onclick='x()'>"),
            ("a.html", "<script>x()</script>"), ("a.html", "<style>p {}</style>"),
            ("a.html", "<img src=\"//cdn.example.com/a.png\">"),
            ("a.js", "import 'https://cdn.example.com/x.js'"), ("a.js", "p.innerHTML = name"),
            ("a.js", "p.outerHTML = name"), ("a.js", "p.insertAdjacentHTML('x', name)"),
            ("a.js", "document.write(name)"), ("a.js", "eval(name)"),
            ("a.js", "new Function(name)"), ("a.js", "p.setAttribute('style', name)"),
            ("a.css", "@import url(http://cdn.example.com/a.css)"),
        ])
    func isNoticed(name: String, text: String) {
        #expect(Self.offences(in: text, name).count == 1)
    }

    @Test(
        "These are fine",
        arguments: [
            ("a.html", "<script type=\"module\" src=\"/dashboard/scripts/app.js\"></script>"),
            ("a.js", "// https and http://www.w3.org/2000/svg\np.style.width = '1px'"),
            ("a.js", "retrieval(x); placeholder: 'https://example.com/hook'"),
            ("a.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ])
    func isFine(name: String, text: String) {
        #expect(Self.offences(in: text, name).isEmpty)
    }

    private static func offences(in text: String, _ name: String) -> [String] {
        var found: [String] = []
        func forbid(_ pattern: Regex<Substring>, _ what: String) {
            if let match = text.firstMatch(of: pattern) { found.append("\(what): \(match.0)") }
        }
        // Names of formats are addresses too, and examples are shown; neither is asked for.
        let addresses = text.matches(of: /(?:https?:|["'`(=\s])\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+/)
            .map { String($0.0) }
            .filter { !["http://www.w3.org", "https://example.com"].contains($0) }
        if let address = addresses.first { found.append("another host: \(address)") }
        if name.hasSuffix(".html") || name.hasSuffix(".svg") {
            forbid(/\sstyle\s*=/.ignoresCase(), "a style attribute")
            forbid(/\son[a-z]+\s*=/.ignoresCase(), "a handler in markup")
            forbid(/<script(?![^>]*\ssrc=)[^>]*>/.ignoresCase(), "a script in markup")
            forbid(/<style/.ignoresCase(), "styles in markup")
        }
        if name.hasSuffix(".js") {
            forbid(/(?:inner|outer)HTML/, "markup from text")
            forbid(/insertAdjacentHTML/, "markup from text")
            forbid(/document\.write/, "markup from text")
            forbid(/(?:^|[^a-zA-Z_$])eval\s*\(/, "code from text")
            forbid(/new Function/, "code from text")
            forbid(/setAttribute\(\s*["'`](?:style|on)/, "an attribute that isn't let through")
        }
        return found
    }

    @Test("A page's address serves index.html, a file's serves the file or 404")
    func addresses() {
        for path in ["/", "/sandbox", "/live/customers/acme", "/sign-in", "/index.html"] {
            let response = get(path)
            #expect(response.status == 200 && response.body == pages.files["index.html"]?.bytes)
            #expect(header("content-type", response) == "text/html; charset=utf-8")
        }
        for path in ["/scripts/nope.js", "/styles/../index.html", "/icons/", "/scripts"] {
            #expect(get(path).status == 404, "\(path)")
        }
        #expect(get("").status == 308 && header("location", get("")) == "/dashboard/")
        #expect(get("/", method: "POST").status == 405)
        #expect(header("allow", get("/", method: "POST")) == "GET, HEAD")
        for path in ["/", "", "/scripts/nope.js"] {
            let policy = header("content-security-policy", get(path)) ?? ""
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self';"))
            #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
            #expect(header("x-frame-options", get(path)) == "DENY")
            #expect(header("x-content-type-options", get(path)) == "nosniff")
        }
    }

    @Test("A copy that is still good isn't sent again")
    func tags() throws {
        let tag = try #require(header("etag", get("/")))
        #expect(header("cache-control", get("/")) == "no-cache")
        for known in [tag, "W/\(tag)", "\"a\", \(tag)", "*"] {
            let response = get("/", ("if-none-match", known))
            #expect(response.status == 304 && response.body.isEmpty)
            #expect(header("etag", response) == tag)
        }
        #expect(get("/", ("if-none-match", "\"a\"")).status == 200)
        #expect(Set(pages.files.values.map(\.tag)).count == pages.files.count)
    }
}
