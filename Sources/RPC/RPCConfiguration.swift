package struct RPCConfiguration: Sendable {
    package var listeners: [RPCListener]
    package var eventLoops: Int
    package var limits: RPCLimits

    package init(listeners: [RPCListener], eventLoops: Int = 1, limits: RPCLimits = RPCLimits()) {
        self.listeners = listeners
        self.eventLoops = eventLoops
        self.limits = limits
    }
}

/// One address to listen on, and what is served there.
package struct RPCListener: Sendable {
    package var host: String
    /// 0: any free one; `start` tells which.
    package var port: Int
    package var identity: TLSIdentity
    package var clients: ClientCertificates
    /// Without, every call is answered as if its method didn't exist.
    package var servesCalls: Bool
    /// Answers what isn't gRPC.
    package var pages: any PageHandler

    package init(
        host: String = "127.0.0.1", port: Int, identity: TLSIdentity,
        clients: ClientCertificates = .none, servesCalls: Bool = true, pages: any PageHandler
    ) {
        self.host = host
        self.port = port
        self.identity = identity
        self.clients = clients
        self.servesCalls = servesCalls
        self.pages = pages
    }
}

extension RPCListener {
    var faces: ServedFaces { ServedFaces(servesCalls: servesCalls, pages: pages) }
}

/// What a connection is served.
struct ServedFaces {
    var servesCalls: Bool
    var pages: any PageHandler
}

/// What a listener asks of its clients. The file is the PEM of the only authorities trusted.
package enum ClientCertificates: Sendable, Equatable {
    case none
    /// One that is shown must be good.
    case optional(authorityFile: String)
    case required(authorityFile: String)

    var authorityFile: String? {
        switch self {
        case .none: nil
        case .optional(let file), .required(let file): file
        }
    }

    var areRequired: Bool {
        if case .required = self { true } else { false }
    }

    var word: StaticString {
        switch self {
        case .none: "none"
        case .optional: "optional"
        case .required: "required"
        }
    }
}

package struct RPCLimits: Sendable {
    package var maxConnections = 10_000
    /// Of these, on one loop.
    package var maxConnectionsPerLoop = Int.max
    package var maxConcurrentStreams = 128
    package var maxHeaderListBytes = 16 * 1024
    package var maxMessageBytes = 4 * 1024 * 1024
    package var maxPageBodyBytes = 1024 * 1024
    /// Requests that a connection may have half sent, all together.
    package var maxCollectedBytesPerConnection = 16 * 1024 * 1024
    /// For TLS, and once more for the client's first words of HTTP/2.
    package var handshakeTimeoutSeconds = 10
    /// A connection on which no call has moved, and none is in progress, is closed after this.
    package var idleTimeoutSeconds = 300
    /// From the first byte of a request to its last; a stream that stays open is exempt.
    package var requestTimeoutSeconds = 60
    /// An answer of which the peer takes nothing for so long is dropped.
    package var responseTimeoutSeconds = 60
    /// A connection that was silent for so long is pinged, and closed when it stays silent. 0: not.
    package var keepaliveSeconds = 120
    package var keepaliveTimeoutSeconds = 20
    /// After this, give or take a tenth, the peer is told to go elsewhere. 0: never.
    package var maxConnectionAgeSeconds = 0
    /// What a connection that is too old may take to finish its calls.
    package var ageGraceSeconds = 60
    package var frames = FrameLimits()
    /// Per loop. Beyond it new calls are refused with RESOURCE_EXHAUSTED.
    package var maxHeldCalls = 4_096
    /// Per loop. Beyond it new page requests are answered with 503.
    package var maxPagesInProgress = 256
    /// Of the whole server.
    package var slowCalls = WorkPool.Limits()

    package init() {}
}
