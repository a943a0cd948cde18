import NIOCore
import NIOHTTP1

/// The shell of one connection: moves bytes between NIO's channel, the TLS machine and the
/// HTTP/2 calls; for a peer of HTTP/1.1 it is the TLS layer below NIO's own handlers.
final class ConnectionHandler: ChannelDuplexHandler, ServerConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Stage {
        case handshake
        case http2
        case http1
        /// All is said; closes when the socket has taken it.
        case closing
        case closed
    }

    private(set) var calls: ServerCalls?
    var serverCalls: ServerCalls? { calls }
    var isTouched = false
    let port: LoopPort
    private let listener: ServedListener
    private let workshop: HTTP2Workshop
    private let tls: TLSMachine
    private let output: SecureOutput
    private var dispatcher: any RPCDispatcher
    private(set) var pages: HTTP1Pages?
    private(set) var stage = Stage.handshake
    private(set) var context: ChannelHandlerContext?
    var upkeep: ConnectionUpkeep
    /// The first reason is the one that counts.
    var closing: ConnectionMetrics.Closing?
    private var slot = 0
    private var generation: UInt32 = 0
    private var readWaits = false
    private var splinters = SplinterMeter()

    init(port: LoopPort, listener: ServedListener, dispatcher: any RPCDispatcher) throws {
        self.port = port
        self.listener = listener
        self.dispatcher = dispatcher
        workshop = port.workshop
        tls = try TLSMachine(
            server: listener.context, maxSteps: port.limits.frames.tlsSteps,
            output: port.workshop.wire)
        output = SecureOutput(tls, port.workshop)
        upkeep = ConnectionUpkeep(port.limits, tick: port.tick, spread: port.metrics.opened)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        (slot, generation) = port.register(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { forget() }

    func channelInactive(context: ChannelHandlerContext) {
        forget()
        context.fireChannelInactive()
    }

    private func forget() {
        guard context != nil else { return }
        context = nil
        stage = .closed
        if let calls { port.metrics.calls += calls.takeRequestCount() }
        port.metrics.close(closing ?? .peer)
        calls?.abandon()
        calls = nil
        pages = nil
        port.unregister(slot: slot)
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard stage != .closed, stage != .closing else { return }
        upkeep.lastInput = port.tick
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            tls.offer(bytes)
            advance(context)
            tls.withdraw()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if stage == .http2 { dispatcher.burstEnded() }
        send()
        if stage == .http1 { context.fireChannelReadComplete() }
    }

    private func advance(_ context: ChannelHandlerContext) {
        if stage == .handshake {
            switch tls.handshake() {
            case .needsMore: return
            case .failed: return closeNow(.handshakeFailed)
            case .done:
                port.metrics.handshakes += 1
                if tls.isResumed { port.metrics.resumed += 1 }
                begin(context)
            }
        }
        while stage == .http2 || stage == .http1 {
            let read = tls.read(into: workshop.input)
            guard !tls.isFlooded else { return cutOff() }
            switch read {
            case .bytes(let count):
                take(UnsafeRawBufferPointer(rebasing: workshop.input[..<count]), context)
                if tls.isDrained { return }
            case .needsMore: return
            case .closed: return closeNow(.peer)
            case .failed: return closeNow(.fault)
            }
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        switch tls.application {
        case .http2:
            stage = .http2
            calls = ServerCalls(
                port: port, faces: listener.settings.faces, peer: tls.peer,
                address: context.remoteAddress, dispatcher: dispatcher, slot: slot,
                generation: generation)
        case .http1:
            stage = .http1
            let pages = HTTP1Pages(
                port: port, handler: listener.settings.pages, peer: tls.peer)
            self.pages = pages
            do {
                let pipeline = context.pipeline.syncOperations
                try pipeline.configureHTTPServerPipeline(position: .last)
                try pipeline.addHandler(pages)
            } catch {
                closeNow(.fault)
            }
        }
    }

    private func take(_ plaintext: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        if plaintext.count < SplinterMeter.wholeBytes, splinters.note(port.limits.frames, work) {
            return cutOff()
        }
        if let calls {
            // What the library wants to say before the end (GOAWAY) is still sent.
            if !calls.receive(plaintext) { closeNow(calls.isFlooded ? .flood : .fault) }
        } else if stage == .http1 {
            pages?.bytesCame()
            context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: plaintext)))
        }
    }

    /// For what TLS was made to do.
    private func cutOff() {
        calls?.refuseFlood()
        closeNow(.flood)
    }

    /// Frames of calls so far.
    private var work: Int { calls?.state.pointee.meter.work ?? 0 }

    /// Once a second.
    func sweepMeters() {
        tls.sweep()
        splinters.sweep(work)
    }

    // MARK: Out

    /// Everything there is to send now, as far as the socket takes it.
    func send() {
        guard let context else { return }
        guard let calls else { return output.sendWire(context) }
        guard stage == .http2 else { return }
        if !output.pump(context, { calls.fill(limit: $0) }) {
            closeNow(.fault)
        } else if calls.session.isOver {
            closeWhenSent(context)
        }
        port.flushTouched()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if stage == .http2 { send() }
            if readWaits {
                readWaits = false
                context.read()
            }
        }
        if stage == .http1 { context.fireChannelWritabilityChanged() }
    }

    /// A peer that doesn't read its answers isn't read either.
    func read(context: ChannelHandlerContext) {
        if stage == .http2, !context.channel.isWritable {
            readWaits = true
        } else {
            context.read()
        }
    }

    /// From the HTTP/1.1 handlers.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        guard stage == .http1, buffer.withUnsafeReadableBytes({ tls.write($0) }) else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(workshop.wire.pointee), promise: promise)
        workshop.wire.pointee = ByteBuffer()
    }

    // MARK: The end

    func close(
        context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?
    ) {
        if stage != .closed {
            if stage != .closing { tls.close() }
            stage = .closed
            output.sendWire(context)
        }
        context.close(mode: mode, promise: promise)
    }

    /// With what is still to be said: an alert, a GOAWAY, goodbye.
    func closeNow(_ reason: ConnectionMetrics.Closing) {
        guard stage != .closed, let context else { return }
        closing = closing ?? reason
        if let calls {
            workshop.output.pointee.clear()
            if calls.fill(limit: SecureOutput.sliceBytes) {
                _ = tls.write(workshop.output.pointee.bytes)
            }
        }
        close(context: context, mode: .all, promise: nil)
    }

    /// The last replies may still wait for the socket.
    private func closeWhenSent(_ context: ChannelHandlerContext) {
        stage = .closing
        tls.close()
        let wire = workshop.wire
        let sent = context.writeAndFlush(wrapOutboundOut(wire.pointee))
        wire.pointee = ByteBuffer()
        sent.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if stage == .http1 { context.fireErrorCaught(error) } else { closeNow(.peer) }
    }
}
