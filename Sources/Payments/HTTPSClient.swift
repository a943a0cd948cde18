internal import CCurl

/// Outgoing HTTPS: one connection that is kept, requests one after the other.
///
/// Blocks its thread while a request is under way, at most for `timeoutSeconds`; never call it on
/// an event loop. Only HTTPS, only with a verified certificate, never a redirect; without TLS only
/// where the caller says that a plain address will do.
package final class HTTPSClient {
    package struct Response: Sendable {
        package var status: Int
        package var body: [UInt8]
        /// Those that were asked for and came, by the names that were asked for.
        package var headers: [String: String] = [:]
    }

    package struct Failure: Error, Sendable, CustomStringConvertible {
        /// What libcurl says, such as "Could not connect to server".
        package var description: String
    }

    /// The most of a body that is kept; more is an error.
    private static let bodyLimit = 4 << 20

    private let easy: UnsafeMutableRawPointer
    /// What an empty body points to, and nobody reads.
    private let emptyBody = UnsafeRawPointer(bitPattern: 1)!
    private let sink = Sink()

    /// Collects a response's body. Handed to libcurl, which calls back while a request runs.
    private final class Sink {
        var body: [UInt8] = []
    }

    /// - Parameters:
    ///   - authorityFile: PEM of the authorities to trust; nil: the system's.
    ///   - timeoutSeconds: for a request and its response.
    ///   - connectSeconds: the part of it that connecting may take.
    ///   - allowsPlain: plain HTTP is allowed too.
    package init(
        authorityFile: String? = nil, timeoutSeconds: Int = 10, connectSeconds: Int = 10,
        allowsPlain: Bool = false
    ) throws {
        guard let easy = curl_easy_init() else {
            throw Failure(description: "libcurl has no handle left")
        }
        self.easy = easy
        try set(CURLOPT_PROTOCOLS_STR, allowsPlain ? "https,http" : "https")
        try set(CURLOPT_NOPROXY, "localhost,127.0.0.1,::1")
        try set(CURLOPT_TIMEOUT, timeoutSeconds)
        try set(CURLOPT_CONNECTTIMEOUT, connectSeconds)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let authorityFile { try set(CURLOPT_CAINFO, authorityFile) }
        try check(tally_curl_set_write(easy, collectBody))
        let context = Unmanaged.passUnretained(sink).toOpaque()
        try check(tally_curl_set_pointer(easy, CURLOPT_WRITEDATA, context))
    }

    deinit {
        curl_easy_cleanup(easy)
    }

    /// Sends a form (`application/x-www-form-urlencoded`) and waits for the response.
    package func post(_ url: String, form: [(name: String, value: String)]) throws -> Response {
        let body = try form.map { field in
            try escaped(field.name) + "=" + escaped(field.value)
        }.joined(separator: "&")
        return try post(url, body: Array(body.utf8), headers: [])
    }

    /// Sends bytes and waits for the response.
    ///
    /// - Parameters:
    ///   - headers: whole lines, such as "content-type: application/json".
    ///   - wanted: names of headers of the response.
    package func post(
        _ url: String, body: [UInt8], headers: [String], wanted: [String] = []
    ) throws -> Response {
        try set(CURLOPT_POSTFIELDSIZE, body.count)
        try body.withUnsafeBytes { bytes in
            let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress ?? emptyBody)
            try check(tally_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start))
        }
        return try perform(url, headers, wanted)
    }

    /// Asks for something and waits for the response.
    package func get(
        _ url: String, headers: [String], wanted: [String] = []
    ) throws -> Response {
        try set(CURLOPT_HTTPGET, 1)
        return try perform(url, headers, wanted)
    }

    /// Has something deleted and waits for the response.
    package func delete(
        _ url: String, headers: [String], wanted: [String] = []
    ) throws -> Response {
        try set(CURLOPT_HTTPGET, 1)
        try set(CURLOPT_CUSTOMREQUEST, "DELETE")
        defer { _ = tally_curl_set_pointer(easy, CURLOPT_CUSTOMREQUEST, nil) }
        return try perform(url, headers, wanted)
    }

    private func perform(
        _ url: String, _ headers: [String], _ wanted: [String]
    ) throws -> Response {
        try set(CURLOPT_URL, url)
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for line in headers {
            guard let longer = curl_slist_append(list, line) else {
                throw Failure(description: "libcurl has no memory left")
            }
            list = longer
        }
        try check(tally_curl_set_pointer(easy, CURLOPT_HTTPHEADER, list))
        defer { _ = tally_curl_set_pointer(easy, CURLOPT_HTTPHEADER, nil) }
        var response = try perform()
        for name in wanted { response.headers[name] = header(name) }
        return response
    }

    private func header(_ name: String) -> String? {
        var found: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(easy, name, 0, UInt32(CURLH_HEADER), -1, &found) == CURLHE_OK,
            let value = found?.pointee.value
        else { return nil }
        return String(cString: value)
    }

    private func perform() throws -> Response {
        sink.body.removeAll(keepingCapacity: true)
        try check(curl_easy_perform(easy))
        var status = 0
        try check(tally_curl_get_number(easy, CURLINFO_RESPONSE_CODE, &status))
        return Response(status: status, body: sink.body)
    }

    private func escaped(_ text: String) throws -> String {
        guard let escaped = curl_easy_escape(easy, text, Int32(text.utf8.count)) else {
            throw Failure(description: "libcurl could not encode a form")
        }
        defer { curl_free(escaped) }
        return String(cString: escaped)
    }

    private func set(_ option: CURLoption, _ value: String) throws {
        try check(tally_curl_set_text(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: Int) throws {
        try check(tally_curl_set_number(easy, option, value))
    }

    private func check(_ code: CURLcode) throws {
        guard code == CURLE_OK else {
            throw Failure(description: String(cString: curl_easy_strerror(code)))
        }
    }

    fileprivate static func collect(
        _ data: UnsafeMutablePointer<CChar>, _ count: Int, _ context: UnsafeMutableRawPointer
    ) -> Int {
        let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
        // Taking less than was offered is how libcurl is told to stop.
        guard sink.body.count + count <= bodyLimit else { return 0 }
        sink.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count))
        return count
    }
}

/// libcurl's way to the sink.
private func collectBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let data, let context else { return 0 }
    return HTTPSClient.collect(data, size * count, context)
}
