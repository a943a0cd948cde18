import Foundation
import Glibc
import NIOCore

@testable import RPC

/// Runs what blocks on a thread of its own: the tasks' few threads are for the server's pages.
func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// A peer on a plain blocking socket, for what a well-behaved client would never send. Reads
/// give up after five seconds.
final class RawPeer {
    struct Failure: Error {
        let what: String
    }

    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(what: "connect") }
    }

    deinit { Glibc.close(descriptor) }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Nil: the server closed.
    func receive() throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        if count > 0 { return Array(bytes[..<count]) }
        guard count == 0 || errno == ECONNRESET else { throw Failure(what: "no answer in time") }
        return nil
    }

    /// Everything until the server closes.
    func drain() throws {
        while try receive() != nil {}
    }
}

/// TLS over such a socket.
final class SecurePeer {
    private let peer: RawPeer
    private let workshop = HTTP2Workshop()
    private let tls: TLSMachine

    init(port: Int, protocols: [UInt8]) throws {
        peer = try RawPeer(port: port)
        let context = try TLSContext.client(
            authorityFile: TestCertificate.identity.certificateChainFile, protocols: protocols)
        tls = try TLSMachine(client: context, name: "127.0.0.1", output: workshop.wire)
        var step = tls.handshake()
        while step == .needsMore {
            sendWire()
            guard let bytes = try peer.receive() else { throw RawPeer.Failure(what: "closed") }
            step = bytes.withUnsafeBytes {
                tls.offer($0)
                return tls.handshake()
            }
            tls.withdraw()
        }
        sendWire()
        guard step == .done else { throw RawPeer.Failure(what: "\(step)") }
    }

    private func sendWire() {
        peer.send(Array(workshop.wire.pointee.readableBytesView))
        workshop.wire.pointee.clear()
    }

    func send(_ plaintext: [UInt8]) {
        _ = plaintext.withUnsafeBytes { tls.write($0) }
        sendWire()
    }

    /// Clear text; nil: the server closed.
    func receive() throws -> [UInt8]? {
        var clear: [UInt8] = []
        while clear.isEmpty {
            guard let bytes = try peer.receive() else { return nil }
            let isOver = bytes.withUnsafeBytes { bytes in
                tls.offer(bytes)
                while true {
                    switch tls.read(into: workshop.input) {
                    case .bytes(let count): clear += workshop.input[..<count]
                    case .needsMore: return false
                    case .closed, .failed: return true
                    }
                }
            }
            tls.withdraw()
            if isOver && clear.isEmpty { return nil }
        }
        return clear
    }

    /// One HTTP/2 request and its answer: the status and the body.
    func request(_ fields: [(String, String)], body: [UInt8] = []) throws -> (Int, String) {
        let answer = try exchange(fields, body: body)
        return (answer.httpStatus, String(decoding: answer.body, as: UTF8.self))
    }

    struct Answer {
        var httpStatus = 0
        var status = -1
        var metadata = RPCMetadata()
        var body: [UInt8] = []
    }

    func exchange(_ fields: [(String, String)], body: [UInt8] = []) throws -> Answer {
        let session = HTTP2Session(isServer: false, settings: .init(), workshop: workshop)
        let stream = session.state.pointee.open(0)
        body.withUnsafeBytes { stream.pointee.reply.append($0) }
        let prepared = PreparedFields(fields.map { ($0.0, Array($0.1.utf8)) }, lasting: false)
        guard let id = session.submitRequest(stream, prepared) else {
            throw RawPeer.Failure(what: "request")
        }
        stream.pointee.id = id
        var answer: [UInt8] = []
        while true {
            workshop.output.pointee.clear()
            _ = session.fill(workshop.output, limit: 1 << 20)
            send(Array(workshop.output.pointee.bytes))
            guard let bytes = try receive() else { throw RawPeer.Failure(what: "closed") }
            let isOver = bytes.withUnsafeBytes { bytes in
                _ = session.receive(bytes)
                for index in 0..<session.state.pointee.events.count {
                    let event = session.state.pointee.events[index]
                    if event.kind == .data {
                        answer += event.bytes
                        session.consume(event.count, of: id)
                    }
                    if event.kind == .ended { return true }
                }
                session.state.pointee.events.removeAll()
                session.consumeConnection()
                return false
            }
            if isOver {
                return Answer(
                    httpStatus: stream.pointee.httpStatus, status: stream.pointee.status,
                    metadata: RPCMetadata(stream.pointee.headers), body: answer)
            }
        }
    }
}
