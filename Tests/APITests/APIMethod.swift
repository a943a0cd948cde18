import CProtobufC
import CTallyProto
import RPC

@testable import Wire

/// A unary method of the API with its messages, by the services' own descriptors.
struct APIMethod: Sendable {
    let path: String
    let request: MessageSchema
    let response: MessageSchema

    /// By name, such as "Track".
    static let all: [String: APIMethod] = {
        let builder = SchemaBuilder()
        let services = [
            tally__v1__attach_service__descriptor, tally__v1__catalog_service__descriptor,
            tally__v1__customer_service__descriptor, tally__v1__entitlement_service__descriptor,
            tally__v1__import_service__descriptor, tally__v1__reward_service__descriptor,
            tally__v1__sandbox_service__descriptor, tally__v1__system_service__descriptor,
            tally__v1__test_clock_service__descriptor, tally__v1__usage_service__descriptor,
            tally__v1__webhook_service__descriptor, tally__v1__key_service__descriptor,
        ]
        var found: [String: APIMethod] = [:]
        for service in services {
            let methods = UnsafeBufferPointer(
                start: service.methods, count: Int(service.n_methods))
            for method in methods {
                let name = String(cString: method.name)
                found[name] = APIMethod(
                    path: "/\(String(cString: service.name))/\(name)",
                    request: builder.schema(method.input),
                    response: builder.schema(method.output))
            }
        }
        return found
    }()
}

/// Who calls: a connection and a key.
struct APIClient: Sendable {
    let client: RPCClient
    /// nil: none is sent.
    var key: String?

    /// JSON becomes the request's bytes, and the reply's become JSON.
    func call(_ name: String, _ request: JSONObject) async throws -> JSONValue {
        guard let method = APIMethod.all[name] else { preconditionFailure("no method \(name)") }
        var encoder = MessageEncoder()
        let bytes = encoder.object(.object(request), as: method.request)
        guard encoder.faults.violations.isEmpty else {
            throw JSONFaults(violations: encoder.faults.violations)
        }
        let reply = try await send(bytes, to: method.path)
        return try reply.withUnsafeBytes {
            try MessageDecoder.object($0, as: method.response)
        }
    }

    func send(_ message: [UInt8], to path: String) async throws(RPCStatus) -> [UInt8] {
        let metadata = key.map { [(name: "authorization", value: "Bearer \($0)")] } ?? []
        return try await client.call(path: path, message: message, metadata: metadata)
    }

    /// How a call is refused; nil: it isn't, or without saying why.
    func refusal(of name: String, _ request: JSONObject) async -> ToldRefusal? {
        do {
            _ = try await call(name, request)
            return nil
        } catch {
            return (error as? RPCStatus).flatMap { ToldRefusal($0) }
        }
    }
}
