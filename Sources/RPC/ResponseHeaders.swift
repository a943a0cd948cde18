import Glibc

/// The client's side: what decides a call's end. The rest is stored.
enum ResponseHeaders {
    @inline(__always)
    static func take(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        into stream: StreamReference
    ) {
        switch name.count {
        case 7 where RequestHeaders.matches(name, ":status"):
            // An interim 1xx comes before the one that counts.
            stream.pointee.httpStatus = number(value)
        case 11 where RequestHeaders.matches(name, "grpc-status"):
            stream.pointee.status = number(value)
        case 12 where RequestHeaders.matches(name, "content-type"):
            if RequestHeaders.isGRPC(contentType: value) { stream.pointee.flags.insert(.isGRPC) }
        default:
            guard let base = name.baseAddress else { return }
            stream.pointee.headers.append(
                base, name.count, value.baseAddress ?? base, value.count)
        }
    }

    /// Up to three digits; -1 for what isn't a number.
    private static func number(_ text: UnsafeRawBufferPointer) -> Int {
        guard text.count > 0, text.count <= 3 else { return -1 }
        var value = 0
        for digit in text {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return -1 }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
