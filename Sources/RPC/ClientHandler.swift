import NIOCore

/// The shell of a client's connection over TCP and TLS.
final class ClientHandler: ChannelInboundHandler, ClientTransport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let calls: ClientCalls
    private let eventLoop: any EventLoop
    private let workshop: HTTP2Workshop
    private let tls: TLSMachine
    /// As in `RPCEndpoint`.
    private let silence: TimeAmount
    private let output: SecureOutput
    private let handshaken: EventLoopPromise<Void>
    private var context: ChannelHandlerContext?
    private(set) var isOpen = false
    private var isOver = false
    private var hasHeard = true
    private var isPinged = false
    private var sweeper: Scheduled<Void>?

    init(
        _ eventLoop: any EventLoop, _ workshop: HTTP2Workshop, _ tls: TLSMachine,
        silence: TimeAmount
    ) {
        self.silence = silence
        self.eventLoop = eventLoop
        self.workshop = workshop
        self.tls = tls
        output = SecureOutput(tls, workshop)
        calls = ClientCalls(workshop)
        handshaken = eventLoop.makePromise()
    }

    deinit { handshaken.fail(ChannelError.alreadyClosed) }

    func ready(_ timeout: TimeAmount) -> EventLoopFuture<Void> {
        let timer = eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            self?.end("the TLS handshake took too long")
        }
        handshaken.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
        return handshaken.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { shake(context) }
    }

    func channelActive(context: ChannelHandlerContext) { shake(context) }

    func channelInactive(context: ChannelHandlerContext) { end("the connection was closed") }

    func handlerRemoved(context: ChannelHandlerContext) {
        end("the connection was closed")
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        hasHeard = true
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            tls.offer(bytes)
            advance(context)
            tls.withdraw()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { send() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { send() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end("\(error)") }

    private func shake(_ context: ChannelHandlerContext) {
        guard !isOpen, !isOver else { return }
        switch tls.handshake() {
        case .needsMore: output.sendWire(context)
        case .failed(let reason): end(reason)
        case .done:
            guard tls.application == .http2 else {
                return end("the server does not speak HTTP/2")
            }
            isOpen = true
            scheduleSweep()
            handshaken.succeed()
            send()
        }
    }

    private func advance(_ context: ChannelHandlerContext) {
        if !isOpen { shake(context) }
        let input = workshop.input
        while isOpen {
            switch tls.read(into: input) {
            case .bytes(let count):
                guard calls.receive(UnsafeRawBufferPointer(rebasing: input[..<count])) else {
                    return end("the server broke the HTTP/2 protocol")
                }
                if tls.isDrained { return }
            case .needsMore: return
            case .closed: return end("the connection was closed")
            case .failed(let reason): return end(reason)
            }
        }
    }

    func send() {
        guard let context, isOpen else { return }
        let (calls, workshop) = (calls, workshop)
        if !output.pump(context, { calls.fill(workshop.output, limit: $0) }) {
            end("the connection broke")
        } else if calls.session.isOver {
            end("the connection was closed")
        }
    }

    func closeNow() { end("the connection was closed") }

    private func scheduleSweep() {
        sweeper = eventLoop.assumeIsolated().scheduleTask(in: silence) { [weak self] in
            self?.sweep()
        }
    }

    private func sweep() {
        scheduleSweep()
        let isSilent = !hasHeard && calls.openCalls > 0
        hasHeard = false
        guard isSilent else { return isPinged = false }
        guard !isPinged else { return end("the server has fallen silent") }
        isPinged = true
        calls.session.submitPing(HTTP2State.keepalivePing)
        send()
    }

    private func end(_ reason: String) {
        guard !isOver else { return }
        isOver = true
        isOpen = false
        sweeper?.cancel()
        handshaken.fail(RPCStatus(.unavailable, reason))
        calls.abandon(reason)
        calls.connection = nil
        guard let context else { return }
        tls.close()
        output.sendWire(context)
        context.close(promise: nil)
    }
}
