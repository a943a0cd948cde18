internal import NIOCore
package import RPC
package import Repository
internal import Wire

/// The gRPC API on one event loop: validates, calls a service, maps the answer. Confined to the
/// loop.
// Safety: every use is on `port.eventLoop`; it is Sendable only so that tasks can come back to it.
package final class GRPCDispatcher: RPCDispatcher, @unchecked Sendable {
    let port: LoopPort
    let environments: [EnvironmentLoop]
    let workspace = Workspace()
    private let health: Health
    private let reflection = ReflectionIndex(others: Route.otherServices)
    var slowCalls = 0

    /// Calls that leave the loop, at once.
    static let maxSlowCalls = 256

    /// - Parameter environments: a key's principal is its environment's place in this list.
    package init(port: LoopPort, environments: [TallyEnvironment], health: Health) {
        self.port = port
        self.health = health
        let loop = port.eventLoop
        let later = Later()
        self.environments = environments.enumerated().map { place, environment in
            let bell = Durability.Bell { loop.execute { later.dispatcher?.release(place) } }
            environment.durability.add(bell)
            return EnvironmentLoop(environment, bell: bell)
        }
        later.dispatcher = self
        for (place, environment) in environments.enumerated() {
            environment.directory.add { names in
                try? await loop.submit {
                    later.dispatcher?.environments[place].names = names
                }.get()
            }
        }
    }

    package func methodIndex(path: UnsafeRawBufferPointer) -> Int? {
        let text = String(decoding: path, as: UTF8.self)
        return Route.allCases.first { $0.path == text }?.rawValue
    }

    package func maxMessageBytes(method: Int) -> Int { route(method).maxMessageBytes }

    package func kind(method: Int) -> CallKind { route(method).kind }

    package func isOpen(method: Int) -> Bool { route(method).isOpen }

    package var authenticationEpoch: Int {
        environments.reduce(0) { $0 &+ $1.environment.keys.epoch }
    }

    package func authenticate(authorization: UnsafeRawBufferPointer?) -> Authentication {
        guard let authorization else {
            return .refused(
                .refused(
                    .unauthenticated, "KEY_MISSING",
                    "send an API key: authorization: Bearer tally_sk_…"))
        }
        let scheme = Array("Bearer ".utf8)
        if authorization.count > scheme.count, authorization.starts(with: scheme) {
            let key = UnsafeRawBufferPointer(rebasing: authorization[scheme.count...])
            let place = environments.firstIndex { $0.environment.keys.accepts(key) }
            if let place { return .principal(place) }
        }
        return .refused(
            .refused(.unauthenticated, "KEY_UNKNOWN", "the API key is unknown or was revoked"))
    }

    package func call(
        _ call: borrowing UnaryCall, message: UnsafeRawBufferPointer, reply: inout ReplyBuffer
    ) -> CallOutcome {
        let route = route(call.method)
        do throws(RPCStatus) {
            if route == .healthCheck {
                try health.check(message).withUnsafeBytes { reply.append($0) }
                return .replied
            }
            workspace.reset()
            let environment = environments[call.principal]
            guard
                let execution = try run(route, message, environment, token: call.token)
            else { return .held }
            switch execution {
            case .done(let outcome):
                if outcome.sequence <= environment.durable {
                    reply.append(outcome.message)
                    return .replied
                }
                environment.held.hold(outcome.message, call.token, until: outcome.sequence)
            case .again(let sequence):
                environment.held.hold(
                    .init(
                        sequence: sequence, token: call.token,
                        work: .again(
                            route: route, principal: call.principal, message: Array(message))))
            }
            return .held
        } catch {
            return .failed(error)
        }
    }

    package func open(_ call: borrowing StreamingCall) -> StreamOpening {
        switch route(call.method) {
        case .streamTrack:
            return .handler(
                StreamTrackStream(environments[call.principal], workspace, call.writer))
        case .watchCustomer:
            return .handler(WatchStream(environments[call.principal], workspace, call.writer))
        case .healthWatch: return .handler(HealthStream(health, call.writer))
        case .reflection, .reflectionAlpha:
            return .handler(ReflectionStream(reflection, call.writer))
        case .check, .track, .attach, .getOrCreateCustomer, .getCustomer, .publishCatalog,
            .getCatalog, .listEvents, .aggregateEvents, .healthCheck:
            preconditionFailure("a unary method is called, not opened")
        }
    }

    /// Asks to be woken for what this burst left waiting; it may be durable already.
    package func burstEnded() {
        for (place, environment) in environments.enumerated() where environment.isWaiting {
            environment.bell.set()
            if environment.held.isReady(durable: environment.durable)
                || !environment.streams.isEmpty
                || environment.environment.durability.hasEnded
            {
                port.eventLoop.execute { self.release(place) }
            }
        }
    }

    private func route(_ method: Int) -> Route {
        guard let route = Route(rawValue: method) else {
            preconditionFailure("methods come from methodIndex")
        }
        return route
    }
}

/// Lets closures made before the dispatcher reach it.
// Safety: read and written on one event loop only.
private final class Later: @unchecked Sendable {
    weak var dispatcher: GRPCDispatcher?
}
