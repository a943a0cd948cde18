package import RPC
package import Repository
internal import Wire

/// The whole API in JSON: `POST /tally.v1.<Service>/<Method>` with the method's request as
/// `MessageJSON` has it, for every unary method, and the reply the same way.
///
/// It decides nothing, and is no way of its own: the message goes through one of the server's own
/// loops, as a call that came over gRPC does, so that keys, scopes, limits, metrics and the access
/// log are that call's. Key and scope are asked here before, in the same words, so that nothing is
/// read of a body whose sender may not call.
///
/// No other site's page may call: there is no CORS, and a body must say that it is JSON, which no
/// form can.
package final class CallPages: Sendable {
    private static let prefix = "/tally.v1."
    private static let longestMilliseconds: Int64 = 24 * 3600 * 1000
    private static let usualMilliseconds: Int64 = 30_000

    private let access: AccessList
    private let doors = CallDoors()

    package init(_ access: AccessList) {
        self.access = access
    }

    /// The server runs. Before that calls are answered with 503.
    package func open(_ ports: [LoopPort]) { doors.open(ports) }

    /// nil: the path is no method's.
    package func respond(to request: PageRequest) async -> PageResponse? {
        guard request.path.hasPrefix(CallPages.prefix) else { return nil }
        do throws(CallProblem) {
            return PageResponse(
                status: 200, headers: [("content-type", "application/json")],
                body: JSONWriter.bytes(try await answer(request)))
        } catch {
            return error.response(to: request)
        }
    }

    /// What the server says of a request that never came here whole; nil: none of this face's.
    package func refusal(
        _ status: Int, _ reason: String, of target: Substring
    ) -> PageResponse? {
        guard target.hasPrefix(CallPages.prefix) else { return nil }
        let code: RPCCode = status == 503 ? .unavailable : .resourceExhausted
        return CallProblem(status, RPCStatus(code, reason)).response(to: nil)
    }

    private func answer(_ request: PageRequest) async throws(CallProblem) -> JSONValue {
        let method = try CalledMethod.named(request.path)
        guard request.method == "POST" else { throw .methodNotAllowed }
        try CallPages.checkType(request)
        let caller = try authenticate(request)
        let metadata = ["authorization", "traceparent", "x-request-id"].compactMap { name in
            request.header(name).map { (name: name, value: $0) }
        }
        let deadline = try CallPages.deadline(request.header("connect-timeout-ms"))
        do throws(RPCStatus) {
            try caller.scopes.require(method.route.scope)
            let message = try method.message(request.body)
            // A caller that sends a key is judged by the key alone.
            let peer = request.header("authorization") == nil ? request.peer : nil
            let door = try doors.next(for: peer, caller)
            let reply = try await door.call(
                path: method.path, message: message, metadata: metadata, deadline: deadline)
            return try method.value(reply)
        } catch {
            throw CallProblem(error)
        }
    }

    private func authenticate(_ request: PageRequest) throws(CallProblem) -> Access {
        let answer: Authentication
        if var text = request.header("authorization") {
            answer = text.withUTF8 {
                access.authenticate(UnsafeRawBufferPointer($0), request.peer)
            }
        } else {
            answer = access.authenticate(nil, request.peer)
        }
        switch answer {
        case .principal(let number): return Access(rawValue: number)
        case .refused(let status): throw CallProblem(status)
        }
    }

    /// No form of another site can send this type.
    private static func checkType(_ request: PageRequest) throws(CallProblem) {
        let type = request.header("content-type") ?? ""
        let name = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard name == "application/json" else {
            throw CallProblem(
                415,
                RPCStatus(
                    .invalidArgument,
                    "send the request as content-type: application/json"
                        + (type.isEmpty ? "" : ", not \(type)")))
        }
    }

    /// The caller's own, in milliseconds.
    private static func deadline(_ text: String?) throws(CallProblem) -> Duration {
        guard let text else { return .milliseconds(usualMilliseconds) }
        guard let number = Int64(text), number > 0, number <= longestMilliseconds else {
            throw CallProblem(
                RPCStatus(
                    .invalidArgument,
                    "connect-timeout-ms must be a whole number from 1 to \(longestMilliseconds)"))
        }
        return .milliseconds(number)
    }
}
