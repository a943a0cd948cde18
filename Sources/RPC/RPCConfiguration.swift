package struct RPCConfiguration: Sendable {
    package var host: String
    /// 0: any free one; `start` tells which.
    package var port: Int
    package var eventLoops: Int
    package var identity: TLSIdentity
    package var limits: RPCLimits

    package init(
        host: String = "127.0.0.1", port: Int, eventLoops: Int = 1, identity: TLSIdentity,
        limits: RPCLimits = RPCLimits()
    ) {
        self.host = host
        self.port = port
        self.eventLoops = eventLoops
        self.identity = identity
        self.limits = limits
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

    package init() {}
}
