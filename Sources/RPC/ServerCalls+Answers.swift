/// How calls are answered: with a message, or with a status alone.
extension ServerCalls {
    /// Clients take about 8 KiB of trailers.
    private static let maxDetailsBytes = 4096
    /// Our own client takes more.
    private static let maxDetailsBytesInProcess = 32 * 1024
    /// Smaller messages hardly shrink.
    private static let compressedFromBytes = 512

    enum Expansion {
        /// Valid until the next one.
        case message(UnsafeRawBufferPointer)
        case failed(RPCStatus)
    }

    func reply(_ stream: StreamReference, _ message: UnsafeRawBufferPointer) {
        var reply = ReplyBuffer(stream)
        reply.append(message)
        reply.finish()
        submit(stream)
    }

    /// The stream's `reply` is a whole message.
    @inline(__always)
    func submit(_ stream: StreamReference) {
        stream.pointee.flags.insert(.answered)
        stream.pointee.status = RPCCode.ok.rawValue
        var isCompressed = false
        if stream.pointee.flags.contains(.sendsGzip), accepts(stream) {
            isCompressed = true
            compressReply(stream, from: 0)
        }
        session.submitReply(stream, isCompressed: isCompressed)
    }

    /// The same with metadata, in the way of streaming calls.
    func submit(_ stream: StreamReference, _ initial: RPCMetadata, _ trailing: RPCMetadata) {
        let call = StreamCall(nil, kind: .unary)
        stream.pointee.attach(call)
        if stream.pointee.flags.contains(.sendsGzip), accepts(stream) {
            stream.pointee.flags.insert(.repliesGzip)
            compressReply(stream, from: 0)
        }
        sendHeaders(stream, call, initial)
        finish(stream, call, RPCStatus(.ok), trailing)
    }

    /// One block of headers that is also the trailers.
    func fail(
        _ stream: StreamReference, _ status: RPCStatus, _ trailing: RPCMetadata = RPCMetadata()
    ) {
        stream.pointee.flags.insert(.answered)
        stream.pointee.status = status.code.rawValue
        stream.pointee.reply.clear()
        var fields = replyFields(isCompressed: false) + statusFields(status)
        if status.code == .unimplemented {
            fields.append(("grpc-accept-encoding", Array("identity,gzip".utf8)))
        }
        session.submitPage(stream, fields + trailing.fields)
    }

    func replyFields(isCompressed: Bool) -> [HTTP2Session.Field] {
        var fields: [HTTP2Session.Field] = [
            (":status", Array("200".utf8)), ("content-type", Array("application/grpc".utf8)),
        ]
        if isCompressed { fields.append(("grpc-encoding", Array("gzip".utf8))) }
        return fields
    }

    func statusFields(_ status: RPCStatus) -> [HTTP2Session.Field] {
        var fields: [HTTP2Session.Field] = [
            ("grpc-status", Array(String(status.code.rawValue).utf8))
        ]
        if !status.message.isEmpty {
            let text = RPCStatus.told(status.message)
            fields.append(("grpc-message", PercentEncoding.encode(text)))
        }
        let limit = address == nil ? Self.maxDetailsBytesInProcess : Self.maxDetailsBytes
        if !status.details.isEmpty, status.details.count <= limit {
            fields.append(("grpc-status-details-bin", Base64.encode(status.details)))
        }
        return fields
    }

    // MARK: Compression

    /// What a compressed message says. At most the method's limit is unpacked.
    func expand(_ stream: StreamReference, _ message: UnsafeRawBufferPointer) -> Expansion {
        guard stream.pointee.flags.contains(.sendsGzip) else {
            let name = stream.pointee.headers.first("grpc-encoding")
                .map { String(decoding: $0, as: UTF8.self) }
            guard let name, name != "identity" else {
                let reason = "the message is marked as compressed, but no encoding is named"
                return .failed(RPCStatus(.internalError, reason))
            }
            return .failed(RPCStatus(.unimplemented, "the encoding is not supported: \(name)"))
        }
        let limit = stream.pointee.limit
        switch port.workshop.gzip.expand(message, limit: limit) {
        case .done(let expanded): return .message(expanded)
        case .malformed:
            return .failed(RPCStatus(.internalError, "the message is not gzip"))
        case .tooLarge:
            let reason = "the message unpacks to more than \(limit) bytes"
            return .failed(RPCStatus(.resourceExhausted, reason))
        }
    }

    /// The client takes gzip in return.
    func accepts(_ stream: StreamReference) -> Bool {
        guard let list = stream.pointee.headers.first("grpc-accept-encoding") else { return false }
        return list.split(separator: UInt8(ascii: ",")).contains {
            $0.filter { $0 != UInt8(ascii: " ") }.elementsEqual("gzip".utf8)
        }
    }

    /// Compresses the message that begins there, with its prefix, unless that doesn't pay.
    func compressReply(_ stream: StreamReference, from start: Int) {
        let message = UnsafeRawBufferPointer(
            rebasing: stream.pointee.reply.bytes[(start + GRPCFraming.prefixBytes)...])
        guard message.count >= Self.compressedFromBytes,
            let packed = port.workshop.gzip.compress(message), packed.count < message.count
        else { return }
        stream.pointee.reply.truncate(to: start)
        let prefix = stream.pointee.reply.reserve(GRPCFraming.prefixBytes)
        GRPCFraming.writePrefix(prefix, length: packed.count, isCompressed: true)
        stream.pointee.reply.commit(GRPCFraming.prefixBytes)
        stream.pointee.reply.append(packed)
    }
}
