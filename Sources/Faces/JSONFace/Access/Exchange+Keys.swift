internal import Billing
internal import Repository
internal import Wire

/// Keys of customers' applications.
extension Exchange {
    func key(_ route: Route) async throws(JSONProblem) -> JSONValue {
        guard let caller else { throw .internalError("nobody calls") }
        switch route {
        case .mintKey:
            let body = try body()
            var call = MintKeyCall(customer: try customerID(body))
            switch body["indefinite"] ?? .null {
            case .null: break
            case .bool(let isIndefinite): call.isIndefinite = isIndefinite
            default: throw .invalid("indefinite must be true or false")
            }
            let question = call
            return .minted(
                try await key { (environment) throws(KeyFault) in
                    try environment.mintKey(question, by: caller)
                })
        case .refreshKey:
            return .minted(
                try await key { (environment) throws(KeyFault) in
                    try environment.refreshKey(by: caller)
                })
        default:
            let customer = try customerID(try body())
            _ = try await key { (environment) throws(KeyFault) in
                try environment.revokeKeys(of: customer)
            }
            return .object(["revoked": .bool(true)])
        }
    }

    /// They wait for a disk.
    private func key<Answer: Sendable>(
        _ answer: @escaping @Sendable (TallyEnvironment) throws(KeyFault) -> Answer
    ) async throws(JSONProblem) -> Answer {
        let environment = environment
        let result = try await lane.run {
            () throws(ExecuteFault) -> Result<Answer, KeyFault> in
            do throws(KeyFault) {
                return .success(try answer(environment))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let answer): return answer
        case .failure(let fault): throw JSONProblem(fault)
        }
    }

    private func customerID(_ body: JSONObject) throws(JSONProblem) -> CustomerID {
        guard case .string(let text)? = body["customer_id"], let id = CustomerID(text),
            !id.isEmpty
        else { throw .invalid("customer_id must be a string of 1 to 63 bytes") }
        return id
    }
}

extension JSONValue {
    fileprivate static func minted(_ report: MintReport) -> JSONValue {
        var object: JSONObject = ["access_token": .string(report.access)]
        object.append("expires_at", report.expires == .never ? .null : time(report.expires))
        if !report.refresh.isEmpty {
            object.append("refresh_token", .string(report.refresh))
            object.append("refresh_expires_at", time(report.refreshExpires))
        }
        return .object(object)
    }

    private static func time(_ time: Timestamp) -> JSONValue { .number(time.milliseconds) }
}

extension JSONProblem {
    fileprivate init(_ fault: KeyFault) {
        switch fault {
        case .invalid(let violations): self = .invalid(violations)
        case .missing(let scopes): self = .missing(scopes)
        case .customerNotFound(let id):
            self = JSONProblem(404, "customer_not_found", "there is no customer \"\(id)\"")
        case .refused(.notRefreshable):
            self = JSONProblem(
                401, "invalid_secret_key",
                "bring a refresh token that was not exchanged before: "
                    + "Authorization: Bearer tally_rk_…")
        case .refused(.notFound(let id)): self = .notFound("there is no key \"\(id)\"")
        case .refused(.alreadyRotated(let id)):
            self = .invalidRequest("the key \"\(id)\" was rotated before")
        case .refused(.tooMany(let limit, _)):
            self = .invalidRequest("there are \(limit) keys of customers already")
        case .unavailable(let why): self = .unavailable("the keys can't be kept: \(why)")
        }
    }
}
