import COpenSSL
import Glibc
import NIOCore

/// One TLS connection without a socket: bytes from the peer go in with `offer`, clear text
/// comes out of `read`; what is for the peer is appended to the loop's output buffer.
/// Owner of one `SSL`. Confined to its loop.
final class TLSMachine {
    enum Handshake: Equatable {
        case done
        case needsMore
        case failed(String)
    }

    enum Read: Equatable {
        case bytes(Int)
        case needsMore
        case closed
        case failed(String)
    }

    enum Application {
        case http2
        case http1
    }

    private let ssl: OpaquePointer
    private let wires: UnsafeMutablePointer<TLSWires>
    private let context: TLSContext

    /// `output` must outlive the machine.
    /// `maxSteps`: key updates and the like that a peer may cause between two `sweep`s.
    convenience init(
        server context: TLSContext, maxSteps: Int, output: UnsafeMutablePointer<ByteBuffer>
    ) throws {
        try self.init(context, output)
        wires.pointee.maxSteps = maxSteps
        SSL_set_accept_state(ssl)
    }

    /// `name`: the host name or address that the peer's certificate must be for.
    convenience init(
        client context: TLSContext, name: String, output: UnsafeMutablePointer<ByteBuffer>
    ) throws {
        try self.init(context, output)
        SSL_set_connect_state(ssl)
        let parameters = SSL_get0_param(ssl)
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, name) != 1 {
            ERR_clear_error()
            guard SSL_set1_host(ssl, name) == 1, shim_SSL_set_tlsext_host_name(ssl, name) == 1
            else { throw TLSFault.last("server name \(name)") }
        }
    }

    private init(_ context: TLSContext, _ output: UnsafeMutablePointer<ByteBuffer>) throws {
        guard let ssl = SSL_new(context.pointer) else { throw TLSFault.last("no TLS connection") }
        self.ssl = ssl
        self.context = context
        wires = .allocate(capacity: 1)
        wires.initialize(to: TLSWires(output: output))
        guard let bio = TLSBIO.make(wires) else { throw TLSFault.last("no BIO") }
        // One BIO both ways: SSL_free frees it once.
        SSL_set_bio(ssl, bio, bio)
    }

    deinit {
        SSL_free(ssl)
        wires.deinitialize(count: 1)
        wires.deallocate()
    }

    /// The memory must stay valid until it is used up or `withdraw`n.
    func offer(_ bytes: UnsafeRawBufferPointer) {
        wires.pointee.input = bytes.baseAddress
        wires.pointee.inputCount = bytes.count
    }

    func withdraw() {
        wires.pointee.input = nil
        wires.pointee.inputCount = 0
    }

    /// Nothing more can come out of `read` before more goes in: saves its last, empty turn.
    var isDrained: Bool { wires.pointee.inputCount == 0 && SSL_has_pending(ssl) == 0 }

    func handshake() -> Handshake {
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            wires.pointee.isEstablished = true
            return .done
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        default:
            let verified = SSL_get_verify_result(ssl)
            if verified != X509_V_OK, let words = X509_verify_cert_error_string(verified) {
                ERR_clear_error()
                return .failed("the certificate was refused: \(String(cString: words))")
            }
            return .failed(TLSFault.last("TLS handshake").description)
        }
    }

    /// The client came back with a session ticket.
    var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// Of the peer, whose certificate was verified in this handshake or the one of its ticket.
    var peer: PeerCertificate? {
        guard SSL_get_verify_result(ssl) == X509_V_OK else { return nil }
        return SSL_get0_peer_certificate(ssl).map { PeerCertificate($0) }
    }

    /// The peer made TLS itself work more than any peer needs.
    var isFlooded: Bool { wires.pointee.steps > wires.pointee.maxSteps }

    /// Once a second.
    func sweep() { wires.pointee.steps = 0 }

    var application: Application {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        return length == 2 ? .http2 : .http1
    }

    func read(into target: UnsafeMutableRawBufferPointer) -> Read {
        let count = SSL_read(ssl, target.baseAddress, Int32(clamping: target.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: return .failed(TLSFault.last("TLS").description)
        }
    }

    /// Encrypts all of it, in records of up to 16 KiB. False: the connection is unusable.
    func write(_ plaintext: UnsafeRawBufferPointer) -> Bool {
        let records = plaintext.count / 16_384 + 1
        wires.pointee.output.pointee.reserveCapacity(
            minimumWritableBytes: plaintext.count + records * 64)
        var sent = 0
        while sent < plaintext.count {
            let left = Int32(clamping: plaintext.count - sent)
            let count = SSL_write(ssl, plaintext.baseAddress.unsafelyUnwrapped + sent, left)
            guard count > 0 else {
                ERR_clear_error()
                return false
            }
            sent += Int(count)
        }
        return true
    }

    /// Says goodbye (close_notify) without waiting for the peer's.
    func close() {
        if SSL_in_init(ssl) == 0 { SSL_shutdown(ssl) }
        ERR_clear_error()
    }
}
