internal import NIOCore

/// Answers what isn't gRPC, over HTTP/2 and HTTP/1.1 alike. Runs off the event loops.
package protocol PageHandler: Sendable {
    func respond(to request: PageRequest) async -> PageResponse

    /// Where some are answered by `QuickPages`, if the server has them.
    var hasQuickPages: Bool { get }

    /// What is said to a request that isn't taken, because it is too large or there are too many:
    /// on the event loop, so it is short.
    func refusal(_ status: Int, _ reason: String, of target: Substring) -> PageResponse
}

extension PageHandler {
    package var hasQuickPages: Bool { false }

    package func refusal(_ status: Int, _ reason: String, of target: Substring) -> PageResponse {
        .text(status, reason)
    }
}

package struct PageRequest: Sendable {
    package var method: String
    /// Path and query, as sent.
    package var target: String
    /// Lower-case names, in the order they came; `host` stands for `:authority`.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The client's certificate, which was verified; nil: it has shown none.
    package var peer: PeerCertificate?
    /// Where the connection comes from: of a proxy, where there is one.
    var remote: SocketAddress?

    package init(
        method: String, target: String, headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], peer: PeerCertificate? = nil
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The address without its port; nil: it isn't known.
    package var address: String? { remote?.ipAddress }

    package func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    package var path: Substring { target.prefix { $0 != "?" } }

    /// Without the question mark; nil when there is none.
    package var query: Substring? {
        target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
    }
}

package struct PageResponse: Sendable {
    package var status: Int
    /// `content-length` is added; names are sent in lower case.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(
        status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func text(_ status: Int, _ text: String) -> PageResponse {
        PageResponse(
            status: status, headers: [("content-type", "text/plain; charset=utf-8")],
            body: Array((text + "\n").utf8))
    }
}

extension PageResponse {
    /// Fields that belong to a connection, not to a response: HTTP/2 forbids them.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
        "content-length",
    ]

    /// A line break in a value would begin a field of its own.
    private static func isClean(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// What is sent, but for the status: clean names, and the length.
    var fields: [(name: String, value: String)] {
        let kept = headers.lazy
            .map { (name: $0.name.lowercased(), value: $0.value) }
            .filter { !Self.hopByHop.contains($0.name) && Self.isClean($0.value) }
        return Array(kept) + [("content-length", String(body.count))]
    }
}
