internal import CDashboard
internal import RPC
internal import Repository

/// The dashboard's files, from within the binary.
///
///     GET /dashboard            leads to /dashboard/
///     GET /dashboard/scripts/…  a file, as are styles and icons; 404: there is none
///     GET /dashboard/…          index.html: which page it is, is the script's to say
///
/// A browser asks each time whether its copy is still good, by the hash of the content (304).
struct StaticPages: Sendable {
    struct File: Sendable {
        var path: String
        var type: String
        var tag: String
        var bytes: [UInt8]
    }

    private static let folders = ["scripts", "styles", "icons"]
    private static let index = "index.html"

    let files: [String: File]

    init() {
        let all = (0..<tally_page_count()).map { File(tally_page_at($0)) }
        files = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    }

    /// - Parameter path: what follows `/dashboard`.
    func respond(to request: PageRequest, _ path: Substring) -> PageResponse {
        guard ["GET", "HEAD"].contains(request.method) else {
            return PageResponse(status: 405, headers: [("allow", "GET, HEAD")])
        }
        guard !path.isEmpty else {
            return PageResponse(
                status: 308, headers: [("location", "/dashboard/")] + StaticPages.security)
        }
        guard let file = file(path.dropFirst()) else {
            var response = PageResponse.text(404, "there is no such file")
            response.headers += StaticPages.security
            return response
        }
        let headers = [("etag", file.tag), ("cache-control", "no-cache")] + StaticPages.security
        if StaticPages.matches(request.header("if-none-match"), file.tag) {
            return PageResponse(status: 304, headers: headers)
        }
        return PageResponse(
            status: 200, headers: [("content-type", file.type)] + headers, body: file.bytes)
    }

    private func file(_ name: Substring) -> File? {
        if let file = files[String(name)] { return file }
        let folder = name.prefix { $0 != "/" }
        return StaticPages.folders.contains(String(folder)) ? nil : files[StaticPages.index]
    }

    private static func matches(_ header: String?, _ tag: String) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { part in
            let part = part.drop { $0 == " " }.prefix { $0 != " " }
            return part == "*" || part == tag || part == "W/" + tag
        }
    }

    /// Of every answer: no script, style or call but to this server, and nobody's frame.
    static let security = [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                + "connect-src 'self'; form-action 'self'; base-uri 'none'; "
                + "frame-ancestors 'none'"
        ), ("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"), ("x-frame-options", "DENY"),
    ]
}

extension StaticPages.File {
    init(_ page: tally_page) {
        path = String(cString: page.path)
        type = String(cString: page.content_type)
        bytes = Array(UnsafeBufferPointer(start: page.bytes, count: page.count))
        let digest = bytes.withUnsafeBytes { SHA256.digest($0) }
        let digits = Array("0123456789abcdef")
        let hex = digest.prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        tag = "\"\(String(hex))\""
    }
}
