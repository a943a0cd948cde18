package import Logging
package import NIOCore

/// One line for each call of one loop, up to so many a second; how many were left out is said in
/// the next second's first. A flood costs the disk no more than that.
package final class AccessLog: CallInterceptor {
    private let logger: Logger
    private let methods: [String]
    private let linesPerSecond: Int
    private let principalName: (Int) -> String
    private let now: () -> NIODeadline
    private var second = NIODeadline.distantPast
    private var lines = 0
    private var leftOut = 0

    /// `methods`: their paths, in the order of their numbers.
    package init(
        _ logger: Logger, methods: [String], linesPerSecond: Int,
        principalName: @escaping (Int) -> String = { "\($0)" },
        now: @escaping () -> NIODeadline = { .now() }
    ) {
        self.logger = logger
        self.methods = methods
        self.linesPerSecond = linesPerSecond
        self.principalName = principalName
        self.now = now
    }

    package func callEnded(_ call: borrowing EndedCall) {
        let now = now()
        if now - second >= .seconds(1) {
            second = now
            lines = 0
        }
        guard lines < linesPerSecond else { return leftOut += 1 }
        lines += 1
        var metadata: Logger.Metadata = [
            "method": "\(methods.indices.contains(call.method) ? methods[call.method] : "?")",
            "status": "\(call.code.name)", "us": "\(call.latency.nanoseconds / 1000)",
            "in": "\(call.requestBytes)", "out": "\(call.responseBytes)",
        ]
        if call.principal >= 0 { metadata["principal"] = "\(principalName(call.principal))" }
        if let trace = call.trace { metadata["trace"] = "\(trace.traceID)" }
        if let peer = call.peer { metadata["peer"] = "\(peer.ipAddress ?? "?"):\(peer.port ?? 0)" }
        if leftOut > 0 {
            metadata["left-out"] = "\(leftOut)"
            leftOut = 0
        }
        logger.info("call", metadata: metadata)
    }
}
