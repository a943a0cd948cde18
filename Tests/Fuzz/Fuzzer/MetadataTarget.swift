@testable import RPC

/// Time-outs and what else header fields hold.
final class MetadataTarget: FuzzTarget {
    private let workshop = HTTP2Workshop()

    init() {}

    func run(_ input: FuzzInput) {
        timeout(input.rest)
        encodings(input.rest)
        fields(input)
        var input = input
        let number = Int64(bitPattern: input.number())
        if number >= 0, number <= GRPCTimeout.longest { timeout(of: number) }
    }

    private func timeout(_ text: UnsafeRawBufferPointer) {
        guard let read = GRPCTimeout.nanoseconds(text) else { return }
        expect(read >= 0 && read <= GRPCTimeout.longest, "a time-out of \(read)")
        timeout(of: read)
    }

    private func timeout(of nanoseconds: Int64) {
        let text = Array(GRPCTimeout.text(nanoseconds: nanoseconds).utf8)
        guard let back = text.withUnsafeBytes({ GRPCTimeout.nanoseconds($0) }) else {
            fatalError("a time-out that is written doesn't read")
        }
        expect(
            back >= min(nanoseconds, GRPCTimeout.longest), "a time-out became shorter")
    }

    private func encodings(_ bytes: UnsafeRawBufferPointer) {
        let plain = Array(bytes)
        expect(Base64.decode(Base64.encode(plain)) == plain, "base64 there and back")
        if let decoded = Base64.decode(bytes) {
            expect(Base64.decode(Base64.encode(decoded)) == decoded, "base64 back and there")
            expect(decoded.count <= plain.count * 3 / 4, "base64 grows")
        }
        let text = String(decoding: plain, as: UTF8.self)
        let encoded = PercentEncoding.encode(text)
        expect(encoded.allSatisfy { $0 >= 0x20 && $0 <= 0x7E }, "not printable")
        expect(PercentEncoding.decode(encoded) == text, "percent there and back")
        _ = PercentEncoding.decode(bytes)
        _ = RequestHeaders.isGRPC(contentType: bytes)
    }

    /// A request's fields, as from HPACK: names and values that the library lets through.
    private func fields(_ input: FuzzInput) {
        let session = HTTP2Session(isServer: true, settings: .init(), workshop: workshop)
        let state = session.state
        var input = input
        var rounds = 0
        while !input.isEmpty, rounds < 4 {
            rounds += 1
            let stream = state.pointee.open(Int32(rounds))
            for _ in 0..<input.byte() % 16 {
                let name = input.short()
                guard name.count > 0 else { break }
                RequestHeaders.take(name, input.short(), into: stream, state)
            }
            RequestHeaders.end(stream, state)
            inspect(stream, state)
        }
    }

    private func inspect(_ stream: StreamReference, _ state: UnsafeMutablePointer<HTTP2State>) {
        let metadata = RPCMetadata(stream.pointee.headers)
        var again = HeaderBlock()
        for (name, value) in metadata.fields {
            value.withUnsafeBytes { value in
                Array(name.utf8).withUnsafeBytes { name in
                    guard let base = name.baseAddress else { return }
                    again.append(base, name.count, value.baseAddress ?? base, value.count)
                }
            }
        }
        expect(RPCMetadata(again) == metadata, "metadata there and back")
        let page = PageRequest(
            stream, peer: nil, body: UnsafeRawBufferPointer(start: nil, count: 0))
        let fields = PageResponse(status: 200, headers: page.headers).fields
        expect(
            fields.allSatisfy { !$0.value.utf8.contains(10) && !$0.value.utf8.contains(13) },
            "a line break in a field")
        // As an accepted call leaves it, so that later ones meet the memos.
        if let path = stream.pointee.headers.first(":path") {
            state.pointee.paths.set(path, method: 1, limit: 9, kind: [])
        }
        if let key = stream.pointee.headers.first("authorization") {
            state.pointee.authorization.bytes.clear()
            state.pointee.authorization.bytes.append(key)
            state.pointee.authorization.isValid = true
        }
    }

    func seeds() -> [[UInt8]] {
        func fields(_ fields: [(String, String)]) -> [UInt8] {
            fields.reduce(into: [UInt8(fields.count)]) {
                $0 += Frames.short($1.0) + Frames.short($1.1)
            }
        }
        let call = fields([
            (":method", "POST"), (":path", "/f.F/echo"), ("content-type", "application/grpc+x"),
            ("te", "trailers"), ("grpc-timeout", "20u"), ("authorization", "Bearer k"),
            ("grpc-encoding", "gzip"), ("x-a-bin", "AAE=,Ag"), ("x-b", "c"),
        ])
        let page = fields([
            (":method", "GET"), (":path", "/f.F/echo"), (":authority", "x"), ("cookie", "a\tb"),
            ("authorization", "Bearer k"),
        ])
        let texts = ["99999999H", "1n", "Zm9v", "a%20%zz", "application/grpc;x"]
        return texts.map { Array($0.utf8) } + [call, call + page, page + call]
    }
}
