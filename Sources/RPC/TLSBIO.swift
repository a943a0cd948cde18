import COpenSSL
import Glibc
import NIOCore

/// What OpenSSL reads from and writes to during one call of the machine: the memory of the
/// buffer that came from the socket, and the buffer that goes to it. Nothing is copied between.
struct TLSWires {
    var input: UnsafeRawPointer?
    var inputCount = 0
    /// Shared by all connections of a loop: empty before and after every use.
    let output: UnsafeMutablePointer<ByteBuffer>
    /// The handshake is over: whatever steps TLS still takes are counted.
    var isEstablished = false
    /// Key updates, attempts to renegotiate, and the answers to them, since they were last reset.
    var steps = 0
    var maxSteps = Int.max
}

/// The custom BIO over `TLSWires`. The method table is made once and never freed.
enum TLSBIO {
    // Safety: written once, before anyone reads it, and only read by OpenSSL.
    private struct Method: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private static let method: Method = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        let method = BIO_meth_new(type, "memory of the event loop")
        BIO_meth_set_read_ex(method, bioRead)
        BIO_meth_set_write_ex(method, bioWrite)
        BIO_meth_set_ctrl(method, bioControl)
        return Method(pointer: method)
    }()

    static func make(_ wires: UnsafeMutablePointer<TLSWires>) -> OpaquePointer? {
        guard let bio = BIO_new(method.pointer) else { return nil }
        BIO_set_data(bio, wires)
        BIO_set_init(bio, 1)
        return bio
    }

    fileprivate static func wires(_ bio: OpaquePointer?) -> UnsafeMutablePointer<TLSWires> {
        BIO_get_data(bio).unsafelyUnwrapped.assumingMemoryBound(to: TLSWires.self)
    }

    /// For contexts whose connections all have this BIO.
    static func meterSteps(of context: OpaquePointer) {
        SSL_CTX_set_info_callback(context, noteStep)
    }
}

private func bioRead(
    _ bio: OpaquePointer?, _ data: UnsafeMutablePointer<CChar>?, _ length: Int,
    _ done: UnsafeMutablePointer<Int>?
) -> Int32 {
    let wires = TLSBIO.wires(bio)
    let count = min(length, wires.pointee.inputCount)
    guard count > 0, let data, let input = wires.pointee.input else {
        shim_BIO_set_retry_read(bio)
        done?.pointee = 0
        return 0
    }
    shim_BIO_clear_retry_flags(bio)
    memcpy(data, input, count)
    wires.pointee.input = input + count
    wires.pointee.inputCount -= count
    done?.pointee = count
    return 1
}

private func bioWrite(
    _ bio: OpaquePointer?, _ data: UnsafePointer<CChar>?, _ length: Int,
    _ done: UnsafeMutablePointer<Int>?
) -> Int32 {
    let wires = TLSBIO.wires(bio)
    wires.pointee.output.pointee.writeBytes(UnsafeRawBufferPointer(start: data, count: length))
    done?.pointee = length
    return 1
}

private func bioControl(
    _ bio: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
    command == BIO_CTRL_FLUSH ? 1 : 0
}

/// Each step of the handshake's machine, which key updates and renegotiations go through as well.
/// The library itself lets a peer send as many as it likes, each worth thousands of its bytes in
/// work: past the limit the connection is read no further.
private func noteStep(_ ssl: OpaquePointer?, _ type: Int32, _ value: Int32) {
    guard type & SSL_CB_LOOP != 0 else { return }
    let wires = TLSBIO.wires(SSL_get_rbio(ssl))
    guard wires.pointee.isEstablished else { return }
    wires.pointee.steps += 1
    if wires.pointee.steps > wires.pointee.maxSteps {
        wires.pointee.inputCount = 0
        SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN)
    }
}
