import NIOCore

/// What isn't gRPC goes to the page handler, in a task, and comes back to the loop by token.
extension ServerCalls {
    func page(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        if stream.pointee.flags.contains(.headersTooLarge) {
            return answer(stream, refusal(stream, 431, "the header fields are too large"))
        }
        guard bytes.count <= port.limits.maxPageBodyBytes else {
            return answer(stream, refusal(stream, 413, "the body is too large"))
        }
        if quickPage(stream, bytes) { return }
        guard port.pagesInProgress < port.limits.maxPagesInProgress else {
            return answer(stream, refusal(stream, 503, "too many requests are in progress"))
        }
        port.pagesInProgress += 1
        pagesInProgress += 1
        stream.pointee.flags.insert(.page)
        var request = PageRequest(stream, peer: peer, body: bytes)
        request.remote = address
        if request.method == "HEAD" { stream.pointee.flags.insert(.isHead) }
        let token = token(stream)
        let (port, pages) = (port, faces.pages)
        Task { [request] in
            let response = await pages.respond(to: request)
            port.eventLoop.execute { port.finishPage(token, response) }
        }
    }

    /// In the words of whoever would have answered.
    func refusal(_ stream: StreamReference, _ status: Int, _ reason: String) -> PageResponse {
        let path =
            stream.pointee.headers.first(":path")
            .map { String(decoding: $0, as: UTF8.self) } ?? "/"
        return faces.pages.refusal(status, reason, of: path[...])
    }

    func pageEnded() { pagesInProgress -= 1 }

    func answer(_ stream: StreamReference, _ response: PageResponse) {
        stream.pointee.flags.insert(.answered)
        var fields: [HTTP2Session.Field] = [(":status", Array(String(response.status).utf8))]
        for field in response.fields { fields.append((field.name, Array(field.value.utf8))) }
        stream.pointee.reply.clear()
        if !stream.pointee.flags.contains(.isHead) {
            response.body.withUnsafeBytes { stream.pointee.reply.append($0) }
        }
        session.submitPage(stream, fields)
    }
}

extension PageRequest {
    init(_ stream: StreamReference, peer: PeerCertificate?, body: UnsafeRawBufferPointer) {
        self.init(method: "POST", target: "/", body: Array(body), peer: peer)
        stream.pointee.headers.walk { name, value in
            let text = String(decoding: value, as: UTF8.self)
            switch String(decoding: name, as: UTF8.self) {
            case ":method": method = text
            case ":path": target = text
            case ":authority": headers.append(("host", text))
            case let other: headers.append((other, text))
            }
        }
    }
}
