import RPC

@testable import Wire

/// What a status other than OK tells a program: its `google.rpc` details.
struct ToldRefusal: Equatable {
    let code: RPCCode
    /// Stable, UPPER_SNAKE.
    let reason: String
    /// Of each field that is at fault.
    let paths: [String]

    init(_ code: RPCCode, _ reason: String, _ paths: [String] = []) {
        self.code = code
        self.reason = reason
        self.paths = paths
    }

    /// nil: it carries no such details.
    init?(_ status: RPCStatus) {
        guard let details = try? StatusFields(status.details), details.code == status.code.rawValue
        else { return nil }
        code = status.code
        reason = details.reason
        paths = details.paths
    }

    /// As the rows have it.
    var word: String {
        if reason == "INVALID_ARGUMENT" { return "invalid: \(paths.first ?? "")" }
        return reason.lowercased().replacing("_", with: " ")
    }
}

/// Reads a `google.rpc.Status` with an `ErrorInfo` and perhaps a `BadRequest`.
private struct StatusFields {
    var code = 0
    var reason = ""
    var paths: [String] = []

    init(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            try StatusFields.each(bytes) { number, value in
                switch (number, value) {
                case (1, .bits(let bits)): code = Int(bits)
                case (3, .payload(let any)): try add(any)
                default: break
                }
            }
        }
    }

    private mutating func add(_ any: UnsafeRawBufferPointer) throws {
        var type = ""
        var content = UnsafeRawBufferPointer(start: nil, count: 0)
        try StatusFields.each(any) { number, value in
            guard case .payload(let payload) = value else { return }
            if number == 1 { type = String(decoding: payload, as: UTF8.self) }
            if number == 2 { content = payload }
        }
        try StatusFields.each(content) { number, value in
            guard number == 1, case .payload(let payload) = value else { return }
            if type.hasSuffix("google.rpc.ErrorInfo") {
                reason = String(decoding: payload, as: UTF8.self)
            } else if type.hasSuffix("google.rpc.BadRequest") {
                try addPath(payload)
            }
        }
    }

    private mutating func addPath(_ violation: UnsafeRawBufferPointer) throws {
        try StatusFields.each(violation) { number, value in
            guard number == 1, case .payload(let path) = value else { return }
            paths.append(String(decoding: path, as: UTF8.self))
        }
    }

    private static func each(
        _ bytes: UnsafeRawBufferPointer, _ body: (UInt32, FieldInput.Value) throws -> Void
    ) throws {
        var input = FieldInput(bytes)
        while !input.isAtEnd {
            let (number, type) = try input.tag()
            try body(number, try input.value(type))
        }
    }
}
