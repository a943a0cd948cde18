import NIOCore
import NIOHTTP1

/// Pages for HTTP/1.1. NIO's pipeline below keeps one request in progress at a time.
final class HTTP1Pages: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// An answer is being made. A request that is half sent doesn't count.
    private(set) var isBusy = false
    /// When the request that hasn't ended yet began.
    private(set) var requestBegan: Int?
    private let port: LoopPort
    private let handler: any PageHandler
    private let peer: PeerCertificate?
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false

    init(port: LoopPort, handler: any PageHandler, peer: PeerCertificate?) {
        self.port = port
        self.handler = handler
        self.peer = peer
    }

    /// Bytes of a request, whole or not.
    func bytesCame() {
        if requestBegan == nil, !isBusy { requestBegan = port.tick }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
        case .body(let bytes):
            isTooLarge =
                isTooLarge || body.count + bytes.readableBytes > port.limits.maxPageBodyBytes
            if isTooLarge { body = [] } else { body.append(contentsOf: bytes.readableBytesView) }
        case .end:
            requestBegan = nil
            guard let head else { return }
            self.head = nil
            answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isBusy = true
        guard !isTooLarge else {
            return write(refusal(413, "the body is too large", head), head, context)
        }
        guard port.pagesInProgress < port.limits.maxPagesInProgress else {
            return write(refusal(503, "too many requests are in progress", head), head, context)
        }
        port.pagesInProgress += 1
        var request = PageRequest(
            method: head.method.rawValue, target: head.uri,
            headers: head.headers.map { ($0.name.lowercased(), $0.value) }, body: body, peer: peer)
        request.remote = context.remoteAddress
        body = []
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (port, pages) = (port, handler)
        Task { [request] in
            let response = await pages.respond(to: request)
            port.eventLoop.execute {
                port.pagesInProgress -= 1
                let (handler, context) = bound.value
                handler.write(response, head, context)
            }
        }
    }

    private func refusal(
        _ status: Int, _ reason: String, _ head: HTTPRequestHead
    ) -> PageResponse {
        handler.refusal(status, reason, of: head.uri[...])
    }

    private func write(
        _ response: PageResponse, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
    ) {
        isBusy = false
        guard context.channel.isActive else { return }
        let stays = head.isKeepAlive && !isTooLarge && !port.isLeaving
        var headers = HTTPHeaders(response.fields.map { ($0.name, $0.value) })
        if !stays { headers.add(name: "connection", value: "close") }
        let status = HTTPResponseStatus(statusCode: response.status)
        let answer = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        if head.method != .HEAD, !response.body.isEmpty {
            let body = ByteBuffer(bytes: response.body)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !stays {
            sent.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
