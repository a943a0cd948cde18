internal import RPC
internal import Wire

extension RPCStatus {
    /// With a `RequestInfo` that names the call's trace, if it is part of one.
    func traced(_ call: borrowing UnaryCall) -> RPCStatus {
        guard !details.isEmpty, let trace = call.header("traceparent").flatMap({ TraceParent($0) })
        else { return self }
        var status = self
        status.details += StatusDetails.requestInfo(id: trace.traceID)
        return status
    }
}
