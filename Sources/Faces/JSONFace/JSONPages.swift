package import RPC
package import Repository
internal import Wire

/// The API in JSON: `POST /v1/<group>.<method>`, with the keys, types, nulls and codes of version
/// 2.3 of the API whose clients it serves.
///
/// It decides nothing. A body is filled into the gRPC face's own request message (`RequestForm`),
/// read and served as that face does it, and the reply message is shown in other words
/// (`ReplyShape`). So both faces agree on what a request is, and a retry that is answered from the
/// log, which holds messages, takes the same way as the first call.
package struct JSONPages: Sendable {
    let access: AccessList
    let settings: JSONSettings
    private let lane = SlowLane()
    private let locks = LockOwners()

    private static let prefix = "/v1/"

    package init(_ access: AccessList, _ settings: JSONSettings = JSONSettings()) {
        self.access = access
        self.settings = settings
    }

    /// nil: the path is none of this face's.
    package func respond(to request: PageRequest) async -> PageResponse? {
        if request.path == "/openapi.json", ["GET", "HEAD"].contains(request.method) {
            return .json(200, OpenAPIDocument.value)
        }
        guard request.path.hasPrefix(JSONPages.prefix) else { return nil }
        let pages = CrossOrigin(settings)
        if let answer = pages.preflight(request) { return answer }
        let began = SystemClock.nanoseconds
        let key = BearerKey(request.header("authorization"))
        let caller = caller(key, request.peer)
        var headers: [(name: String, value: String)] = []
        var response = await answer(request, key, caller, &headers)
        response.headers += headers
        pages.mark(&response, to: request)
        passOn(request, &response)
        note(request, response, caller, since: began)
        return response
    }

    private func answer(
        _ request: PageRequest, _ key: BearerKey?, _ caller: Access?,
        _ headers: inout [(name: String, value: String)]
    ) async -> PageResponse {
        let environment = caller.map { access.environments[$0.environment] }
        do throws(JSONProblem) {
            let target = try JSONPages.target(request)
            let version = try APIVersion(request.header("x-api-version"))
            guard let caller, let environment else { throw refusal(key, request.peer) }
            let given = try admit(caller, request, &headers)
            guard caller.scopes.isSuperset(of: target.scope) else {
                throw .missing(target.scope)
            }
            var exchange = Exchange(environment, caller.scopes, request, lane, locks)
            exchange.caller = caller
            exchange.refusesRetries = settings.refusesRetries
            exchange.given = given
            switch target {
            case .newest(let route):
                if let absence = route.absence { throw .notImplemented(absence) }
                return .json(route.success, try await exchange.answer(route, version))
            case .older(let call): return .json(200, try await exchange.answer(call, version))
            }
        } catch {
            return error.response(environment: environment?.name ?? claimedEnvironment(key))
        }
    }

    /// A key that is sent decides alone; without one, the client's certificate.
    private func caller(_ key: BearerKey?, _ peer: PeerCertificate?) -> Access? {
        if let key { return key.access(in: access) }
        return peer.flatMap { access.access(certificateNames: $0.names) }
    }

    private func refusal(_ key: BearerKey?, _ peer: PeerCertificate?) -> JSONProblem {
        if key != nil { return .invalidSecretKey }
        return peer == nil ? .noSecretKey : .unknownCertificate
    }

    private enum Target {
        case newest(Route)
        case older(OlderCall)

        var scope: Scopes {
            switch self {
            case .newest(let route): route.scope
            case .older(let call): call.route.scope
            }
        }
    }

    private static func target(_ request: PageRequest) throws(JSONProblem) -> Target {
        let path = request.path.dropFirst(prefix.count)
        guard let route = Route(rawValue: String(path)) else {
            guard let call = try OlderCall(request.method, path) else {
                throw .notFound("there is no route \(request.path)")
            }
            try checkType(request)
            return .older(call)
        }
        guard request.method == "POST" else { throw .methodNotAllowed }
        try checkType(request)
        return .newest(route)
    }

    /// A body is JSON, whether or not it says so; one that says that it is something else isn't
    /// read.
    private static func checkType(_ request: PageRequest) throws(JSONProblem) {
        guard !request.body.isEmpty, let type = request.header("content-type") else { return }
        let name = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard name == "application/json" || name.hasSuffix("+json") else {
            throw JSONProblem(
                415, "unsupported_media_type",
                "send the body as content-type: application/json, not \(type)")
        }
    }

    /// Errors name an environment even when the key opens none: the one that the key is meant for,
    /// by its first characters, else the first.
    private func claimedEnvironment(_ key: BearerKey?) -> String {
        let claimed =
            access.environments.first { key?.claims($0) ?? false } ?? access.environments.first
        return claimed?.name ?? "sandbox"
    }
}

/// The key of `Authorization: Bearer …`.
struct BearerKey {
    private let text: Substring

    init?(_ header: String?) {
        guard let header, let space = header.firstIndex(of: " "),
            header[..<space].lowercased() == "bearer"
        else { return nil }
        text = header[space...].drop { $0 == " " }
        if text.isEmpty { return nil }
    }

    func access(in list: AccessList) -> Access? {
        var text = text
        return text.withUTF8 { list.access(key: UnsafeRawBufferPointer($0)) }
    }

    func claims(_ environment: TallyEnvironment) -> Bool {
        text.hasPrefix(KeyRing.prefix(environment: environment.name))
    }
}

extension PageResponse {
    static func json(
        _ status: Int, _ value: JSONValue, headers: [(name: String, value: String)] = []
    ) -> PageResponse {
        PageResponse(
            status: status, headers: [("content-type", "application/json")] + headers,
            body: JSONWriter.bytes(value))
    }
}
