/// The seventeen status codes of gRPC, by their numbers on the wire.
package enum RPCCode: Int, Sendable, CaseIterable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16
}

extension RPCCode {
    /// As gRPC's documentation writes it.
    package var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internalError: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}

/// How a call ended when it did not end with a message.
package struct RPCStatus: Error, Sendable, Equatable {
    package var code: RPCCode
    /// Any text: it is percent-encoded on the wire.
    package var message: String
    /// A serialized `google.rpc.Status`, or nothing. Travels as `grpc-status-details-bin`.
    package var details: [UInt8]

    package init(_ code: RPCCode, _ message: String = "", details: [UInt8] = []) {
        self.code = code
        self.message = message
        self.details = details
    }
}

extension RPCStatus {
    /// Clients take about 8 KiB of trailers; an error that can't be told whole is still told.
    private static let maxMessageScalars = 512

    /// What of a message is told. Details that say it again must say the same: clients hold one
    /// against the other.
    package static func told(_ message: String) -> String {
        String(message.unicodeScalars.prefix(maxMessageScalars))
    }

    /// What an HTTP status means when a peer that doesn't speak gRPC answered (a proxy, mostly).
    static func fromHTTP(status: Int) -> RPCStatus {
        let code: RPCCode =
            switch status {
            case 400: .internalError
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            default: .unknown
            }
        return RPCStatus(code, "the server answered with HTTP status \(status)")
    }
}
