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
}

private func bioRead(
    _ bio: OpaquePointer?, _ data: UnsafeMutablePointer<CChar>?, _ length: Int,
    _ done: UnsafeMutablePointer<Int>?
) -> Int32 {
    let wires = BIO_get_data(bio).unsafelyUnwrapped.assumingMemoryBound(to: TLSWires.self)
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
    let wires = BIO_get_data(bio).unsafelyUnwrapped.assumingMemoryBound(to: TLSWires.self)
    wires.pointee.output.pointee.writeBytes(UnsafeRawBufferPointer(start: data, count: length))
    done?.pointee = length
    return 1
}

private func bioControl(
    _ bio: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
    command == BIO_CTRL_FLUSH ? 1 : 0
}
