internal import Billing
internal import RPC
internal import Wire

/// A unary method by its path, with the messages that it takes and gives.
struct CalledMethod: Sendable {
    let path: String
    let route: Route
    private let request: MessageKind
    private let response: MessageKind

    private static let all = Dictionary(
        uniqueKeysWithValues: Route.allCases.compactMap { route in
            MessageKind.methods[route.path].map { kinds in
                (
                    route.path,
                    CalledMethod(
                        path: route.path, route: route, request: kinds.request,
                        response: kinds.response)
                )
            }
        })

    /// The paths of those that can be called in JSON.
    static var paths: Set<String> { Set(all.values.filter { $0.route.kind == .unary }.map(\.path)) }

    static func named(_ path: Substring) throws(CallProblem) -> CalledMethod {
        guard let method = all[String(path)] else {
            throw CallProblem(404, RPCStatus(.notFound, "there is no method \(path)"))
        }
        guard method.route.kind == .unary else {
            throw CallProblem(
                RPCStatus(
                    .unimplemented,
                    "\(path) is a stream, which JSON has no way for: call it over gRPC"))
        }
        return method
    }

    /// The protobuf bytes of a body, which may be empty where nothing need be said.
    func message(_ body: [UInt8]) throws(RPCStatus) -> [UInt8] {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = body.isEmpty ? .object([:]) : try JSONParser.parse(body)
        } catch {
            throw .refused(
                .invalidArgument, "MALFORMED_MESSAGE",
                "the body is not JSON: line \(error.line), column \(error.column): "
                    + error.message)
        }
        let message: [UInt8]
        do throws(JSONFaults) {
            message = try MessageJSON.encode(value, as: request)
        } catch {
            throw RPCRefusal(error.violations).status
        }
        guard message.count <= route.maxMessageBytes else {
            throw .refused(
                .resourceExhausted, "MESSAGE_TOO_LARGE",
                "the request is larger than \(route.maxMessageBytes) bytes")
        }
        return message
    }

    func value(_ reply: [UInt8]) throws(RPCStatus) -> JSONValue {
        do throws(MalformedMessage) {
            return try MessageJSON.decode(reply, as: response)
        } catch {
            throw RPCStatus(.internalError, "the reply makes no sense: \(error.message)")
        }
    }
}
