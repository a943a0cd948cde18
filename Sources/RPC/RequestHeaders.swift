import Glibc

/// Sorts a request's header fields as they come: those every call carries become flags, and only
/// the rest is stored. `:path` and `authorization` are compared with the connection's memo.
enum RequestHeaders {
    @inline(__always)
    static func take(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        into stream: StreamReference, _ state: UnsafeMutablePointer<HTTP2State>
    ) {
        switch name.count {
        case 2 where matches(name, "te"):
            return
        case 5 where matches(name, ":path"):
            takePath(value, into: stream, state)
        case 7 where matches(name, ":method"):
            if matches(value, "POST") {
                stream.pointee.flags.insert(.isPost)
            } else {
                store(name, value, stream)
            }
        case 7 where matches(name, ":scheme"):
            return
        case 12 where matches(name, "content-type"):
            if isGRPC(contentType: value) {
                stream.pointee.flags.insert(.isGRPC)
            } else {
                store(name, value, stream)
            }
        case 12 where matches(name, "grpc-timeout"):
            if let nanoseconds = GRPCTimeout.nanoseconds(value) {
                stream.pointee.timeout = nanoseconds
                stream.pointee.flags.insert(.hasTimeout)
            } else {
                stream.pointee.flags.insert(.timeoutMalformed)
            }
        case 13 where matches(name, "authorization"):
            takeAuthorization(value, into: stream, state)
        case 13 where matches(name, "grpc-encoding"):
            if matches(value, "gzip") {
                stream.pointee.flags.insert(.sendsGzip)
            } else {
                store(name, value, stream)
            }
        default:
            store(name, value, stream)
        }
    }

    /// `application/grpc`, or that with a `+format` or parameters; not `grpc-web`.
    static func isGRPC(contentType value: UnsafeRawBufferPointer) -> Bool {
        let prefix: StaticString = "application/grpc"
        let length = prefix.utf8CodeUnitCount
        guard value.count >= length, let base = value.baseAddress,
            memcmp(base, prefix.utf8Start, length) == 0
        else { return false }
        if value.count == length { return true }
        let next = value[length]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
    }

    @inline(__always)
    private static func takePath(
        _ value: UnsafeRawBufferPointer, into stream: StreamReference,
        _ state: UnsafeMutablePointer<HTTP2State>
    ) {
        guard let memo = state.pointee.paths.match(value) else {
            return store(":path", value, stream)
        }
        memo.pointee.fill(stream)
    }

    @inline(__always)
    private static func takeAuthorization(
        _ value: UnsafeRawBufferPointer, into stream: StreamReference,
        _ state: UnsafeMutablePointer<HTTP2State>
    ) {
        guard state.pointee.authorization.isValid, let base = value.baseAddress,
            state.pointee.authorization.bytes.equals(base, value.count)
        else { return store("authorization", value, stream) }
        stream.pointee.principal = state.pointee.authorization.principal
        stream.pointee.authenticationEpoch = state.pointee.authorization.epoch
        stream.pointee.memoGeneration = state.pointee.authorization.generation
        stream.pointee.flags.insert(.principalKnown)
    }

    /// After the last field. A page wants to see what the memos have swallowed.
    @inline(__always)
    static func end(_ stream: StreamReference, _ state: UnsafeMutablePointer<HTTP2State>) {
        if stream.pointee.flags.isSuperset(of: [.isPost, .isGRPC]) { return }
        if stream.pointee.flags.contains(.methodKnown) {
            store(":path", state.pointee.paths.lastBytes, stream)
        }
        if stream.pointee.flags.contains(.principalKnown) {
            store("authorization", state.pointee.authorization.bytes.bytes, stream)
        }
    }

    @inline(__always)
    static func matches(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount, let base = bytes.baseAddress else {
            return false
        }
        return memcmp(base, name.utf8Start, bytes.count) == 0
    }

    private static func store(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ stream: StreamReference
    ) {
        guard let nameBase = name.baseAddress else { return }
        stream.pointee.headers.append(
            nameBase, name.count, value.baseAddress ?? nameBase, value.count)
    }

    private static func store(
        _ name: StaticString, _ value: UnsafeRawBufferPointer, _ stream: StreamReference
    ) {
        store(
            UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value,
            stream)
    }
}
