package import RPC
internal import Repository
internal import Wire

/// What stands between who a caller is and what it asks.
extension JSONPages {
    /// Whether the caller may call this, and so often. Gives the body where it had to be read for
    /// that, saying whom it is about.
    func admit(
        _ caller: Access, _ request: PageRequest,
        _ headers: inout [(name: String, value: String)]
    ) throws(JSONProblem) -> JSONValue? {
        try CrossOrigin(settings).check(request, caller)
        let reach = Reach(access, caller)
        try reach.check(request)
        guard settings.limits != nil || !caller.isSecret else { return nil }
        let document: Result<JSONValue, JSONProblem>
        do throws(JSONProblem) {
            document = .success(try reach.limited(try Exchange.document(of: request)))
        } catch {
            document = .failure(error)
        }
        // What can't be read counts too.
        if let verdict = settings.limits?.admit(caller, request, try? document.get()) {
            headers += verdict.headers
            if !verdict.isAllowed {
                headers.append(("retry-after", "\(verdict.reset)"))
                throw verdict.problem
            }
        }
        return try document.get()
    }

    /// An error tells which trace it belongs to.
    func passOn(_ request: PageRequest, _ response: inout PageResponse) {
        guard response.status >= 400, let header = request.header("traceparent"),
            TraceParent(header) != nil
        else { return }
        response.headers.append(("traceparent", header))
    }

    /// Told to who counts and who writes.
    func note(
        _ request: PageRequest, _ response: PageResponse, _ caller: Access?, since began: Int64
    ) {
        guard settings.meter != nil || settings.onEnd != nil else { return }
        let elapsed = SystemClock.nanoseconds - began
        settings.meter?.count(path: request.path, status: response.status, nanoseconds: elapsed)
        settings.onEnd?(
            JSONVisit(
                method: request.method, path: String(request.path), status: response.status,
                nanoseconds: elapsed, requestBytes: request.body.count,
                responseBytes: response.body.count, caller: caller,
                trace: request.header("traceparent").flatMap { TraceParent($0)?.traceID }))
    }

    /// What the server says of a request that never came here whole.
    package func refusal(_ status: Int, _ reason: String) -> PageResponse {
        let code =
            switch status {
            case 413: "request_too_large"
            case 431: "invalid_request"
            default: "service_unavailable"
            }
        var problem = JSONProblem(status, code, reason)
        if status == 503 { problem.headers.append(("retry-after", "1")) }
        return problem.response(environment: access.environments.first?.name ?? "sandbox")
    }
}
