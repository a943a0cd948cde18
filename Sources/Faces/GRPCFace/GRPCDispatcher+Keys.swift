internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// Handlers of keys: they wait for a disk, so they run on the pool.
extension GRPCDispatcher {
    func runKeys(
        _ route: Route, _ call: borrowing UnaryCall, _ message: UnsafeRawBufferPointer,
        _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> CallOutcome {
        let reader = loop.reader(workspace.arena)
        let caller = Access(rawValue: call.principal)
        switch route {
        case .createKey:
            let question = try decoded { () throws(CallFault) in try reader.createKey(message) }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                let made = try environment.createKey(question, by: caller)
                return { $0.createdKey(made.secret, made.report) }
            }
        case .listKeys:
            let customer = try decoded { () throws(CallFault) in try reader.listKeys(message) }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                let reports = try environment.listKeys(of: customer)
                return { $0.keys(reports) }
            }
        case .rotateKey:
            let question = try decoded { () throws(CallFault) in try reader.rotateKey(message) }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                let made = try environment.rotateKey(question, by: caller)
                return { $0.rotatedKey(made.secret, made.report, old: made.old) }
            }
        case .revokeKey:
            let id = try decoded { () throws(CallFault) in try reader.revokeKey(message) }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                try environment.revokeKey(id: id)
                return { _ in UnsafeRawBufferPointer(start: nil, count: 0) }
            }
        case .mintCustomerKey:
            let question = try decoded { () throws(CallFault) in
                try reader.mintCustomerKey(message)
            }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                let minted = try environment.mintKey(question, by: caller)
                return { $0.mintedKey(minted) }
            }
        case .refreshCustomerKey:
            try decoded { () throws(CallFault) in try reader.refreshCustomerKey(message) }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                let minted = try environment.refreshKey(by: caller)
                return { $0.refreshedKey(minted) }
            }
        default:
            let customer = try decoded { () throws(CallFault) in
                try reader.revokeCustomerKeys(message)
            }
            return try keys(call, loop) { (environment) throws(KeyFault) in
                let count = try environment.revokeKeys(of: customer)
                return { $0.revokedKeys(count) }
            }
        }
    }

    private func keys(
        _ call: borrowing UnaryCall, _ loop: EnvironmentLoop,
        _ answer:
            @escaping @Sendable (TallyEnvironment) throws(KeyFault) -> (
                (ReplyWriter) -> UnsafeRawBufferPointer
            )
    ) throws(RPCStatus) -> CallOutcome {
        let (environment, names) = (loop.environment, loop.names)
        return try serve(call) { (_) -> Result<[UInt8], RPCStatus> in
            do throws(KeyFault) {
                return .success(names.written(try answer(environment)))
            } catch {
                return .failure(RPCStatus(error))
            }
        }
    }
}

extension RPCStatus {
    init(_ fault: KeyFault) {
        switch fault {
        case .invalid(let violations): self.init(CallFault.invalid(violations))
        case .customerNotFound(let id): self.init(ExecuteFault.refused(.customerNotFound(id)))
        case .missing(let scopes):
            do throws(RPCStatus) {
                try Scopes([]).require(scopes)
                self.init(.permissionDenied)
            } catch {
                self = error
            }
        case .unavailable(let why):
            self = .refused(.unavailable, "KEYS_UNAVAILABLE", "the keys can't be kept: \(why)")
        case .refused(.notFound(let id)):
            self = .refused(
                .notFound, "KEY_NOT_FOUND", "there is no active key \"\(id)\"; ListKeys shows them")
        case .refused(.alreadyRotated(let id)):
            self = .refused(
                .failedPrecondition, "KEY_ALREADY_ROTATED",
                "a key came in the place of \"\(id)\" already; rotate or revoke that one")
        case .refused(.notRefreshable):
            self = .refused(
                .unauthenticated, "KEY_UNKNOWN",
                "bring a refresh token that was not exchanged before as the call's API key")
        case .refused(.tooMany(let limit, let ofCustomer)):
            self = .refused(
                .resourceExhausted, "TOO_MANY",
                "there are \(limit) keys of \(ofCustomer ? "the customer" : "customers") already")
        }
    }
}
