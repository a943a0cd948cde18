import CZlib

/// gzip of messages, one at a time. What comes back stays valid until the next one of its kind.
/// Owner of zlib's two streams, made when first needed. Confined to its loop.
final class Gzip {
    enum Expansion {
        case done(UnsafeRawBufferPointer)
        case malformed
        case tooLarge
    }

    /// 15 bits of window, and gzip's header and checksum around it.
    private static let windowBits: Int32 = 15 + 16
    private static let pieceBytes = 16 * 1024
    private static let keptBytes = 64 * 1024
    private var inflater: UnsafeMutablePointer<z_stream>?
    private var deflater: UnsafeMutablePointer<z_stream>?
    private var expanded = RawBytes()
    private var compressed = RawBytes()

    deinit {
        if let inflater {
            inflateEnd(inflater)
            inflater.deallocate()
        }
        if let deflater {
            deflateEnd(deflater)
            deflater.deallocate()
        }
    }

    func expand(_ input: UnsafeRawBufferPointer, limit: Int) -> Expansion {
        let stream = readyInflater()
        feed(stream, input)
        expanded.clear(keeping: Self.keptBytes)
        while true {
            let room = min(Self.pieceBytes, limit - expanded.count + 1)
            drainInto(stream, expanded.reserve(room), room)
            let result = inflate(stream, Z_NO_FLUSH)
            expanded.commit(room - Int(stream.pointee.avail_out))
            guard expanded.count <= limit else { return .tooLarge }
            switch result {
            case Z_STREAM_END:
                return stream.pointee.avail_in == 0 ? .done(expanded.bytes) : .malformed
            case Z_OK: continue
            default: return .malformed
            }
        }
    }

    /// Nil when zlib fails.
    func compress(_ input: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let stream = readyDeflater()
        feed(stream, input)
        compressed.clear(keeping: Self.keptBytes)
        let room = Int(deflateBound(stream, uLong(input.count)))
        drainInto(stream, compressed.reserve(room), room)
        guard deflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
        compressed.commit(room - Int(stream.pointee.avail_out))
        return compressed.bytes
    }

    private func feed(_ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeRawBufferPointer) {
        let base = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base)
        stream.pointee.avail_in = uInt(input.count)
    }

    private func drainInto(
        _ stream: UnsafeMutablePointer<z_stream>, _ target: UnsafeMutableRawPointer, _ room: Int
    ) {
        stream.pointee.next_out = target.assumingMemoryBound(to: Bytef.self)
        stream.pointee.avail_out = uInt(room)
    }

    private func readyInflater() -> UnsafeMutablePointer<z_stream> {
        if let inflater {
            inflateReset(inflater)
            return inflater
        }
        let made = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        made.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(made, Self.windowBits, ZLIB_VERSION, size) == Z_OK else {
            fatalError("out of memory")
        }
        inflater = made
        return made
    }

    private func readyDeflater() -> UnsafeMutablePointer<z_stream> {
        if let deflater {
            deflateReset(deflater)
            return deflater
        }
        let made = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        made.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        let result = deflateInit2_(
            made, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.windowBits, 8, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, size)
        guard result == Z_OK else { fatalError("out of memory") }
        deflater = made
        return made
    }
}
