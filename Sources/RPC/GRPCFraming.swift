/// gRPC's own frame around a message: a flag byte (1: compressed), four bytes of length, big
/// endian, then the message.
enum GRPCFraming {
    static let prefixBytes = 5

    enum Message: Equatable {
        /// Where the message stands in the bytes given.
        case message(Range<Int>)
        case failed(RPCStatus)
    }

    enum Next: Equatable {
        case incomplete
        /// Where it stands in the bytes given, behind its prefix.
        case message(isCompressed: Bool, Range<Int>)
        case failed(RPCStatus)
    }

    /// The first message of those that `bytes` begins with.
    static func next(_ bytes: UnsafeRawBufferPointer, limit: Int) -> Next {
        guard bytes.count >= prefixBytes else { return .incomplete }
        guard bytes[0] <= 1 else { return .failed(badFlag) }
        let length = declaredLength(bytes)
        guard length <= limit else { return .failed(tooLarge(length, limit: limit)) }
        guard bytes.count - prefixBytes >= length else { return .incomplete }
        return .message(isCompressed: bytes[0] == 1, prefixBytes..<(prefixBytes + length))
    }

    /// The one message of a unary call; `bytes` is everything the peer sent.
    static func unary(_ bytes: UnsafeRawBufferPointer, limit: Int) -> Message {
        guard bytes.count >= prefixBytes else {
            return .failed(
                RPCStatus(.internalError, "the request ended before its message's prefix"))
        }
        guard bytes[0] <= 1 else { return .failed(badFlag) }
        let length = declaredLength(bytes)
        guard length <= limit else { return .failed(tooLarge(length, limit: limit)) }
        guard bytes.count - prefixBytes == length else {
            let fault =
                bytes.count - prefixBytes < length
                ? "the request ended inside its message" : "more than one message in a unary call"
            return .failed(RPCStatus(.internalError, fault))
        }
        return .message(prefixBytes..<bytes.count)
    }

    /// What is known to be wrong before all of it has come, so that nothing more is collected.
    static func early(_ bytes: UnsafeRawBufferPointer, limit: Int) -> RPCStatus? {
        guard bytes.count >= prefixBytes else { return nil }
        guard bytes[0] <= 1 else { return badFlag }
        let length = declaredLength(bytes)
        if length > limit { return tooLarge(length, limit: limit) }
        if bytes.count - prefixBytes > length {
            return RPCStatus(.internalError, "more than one message in a unary call")
        }
        return nil
    }

    static func declaredLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    }

    static func writePrefix(
        _ prefix: UnsafeMutableRawPointer, length: Int, isCompressed: Bool = false
    ) {
        prefix.storeBytes(of: isCompressed ? 1 : 0, as: UInt8.self)
        prefix.storeBytes(
            of: UInt32(length).bigEndian, toByteOffset: 1, as: UInt32.self)
    }

    private static let badFlag =
        RPCStatus(.internalError, "a message's flag is neither 0 nor 1")

    static func tooLarge(_ length: Int, limit: Int) -> RPCStatus {
        RPCStatus(
            .resourceExhausted, "the message has \(length) bytes; at most \(limit) are accepted")
    }
}
