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
    package var maxConcurrentStreams = 128
    package var maxHeaderListBytes = 16 * 1024
    package var maxMessageBytes = 4 * 1024 * 1024
    package var maxPageBodyBytes = 1024 * 1024
    /// Requests that a connection may have half sent, all together.
    package var maxCollectedBytesPerConnection = 16 * 1024 * 1024
    package var handshakeTimeoutSeconds = 10
    /// A connection without input and without a call in progress is closed after this.
    package var idleTimeoutSeconds = 300
    /// Per loop. Beyond it new calls are refused with RESOURCE_EXHAUSTED.
    package var maxHeldCalls = 4_096
    /// Per loop. Beyond it new page requests are answered with 503.
    package var maxPagesInProgress = 256

    package init() {}
}
