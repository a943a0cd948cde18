internal import NIOCore
package import RPC
package import Repository
package import Webhooks
internal import Wire

/// The gRPC API on one event loop: validates, calls a service, maps the answer. Confined to the
/// loop.
// Safety: every use is on `port.eventLoop`; it is Sendable only so that tasks can come back to it.
package final class GRPCDispatcher: RPCDispatcher, @unchecked Sendable {
    let port: LoopPort
    let environments: [EnvironmentLoop]
    let access: AccessList
    let limits: RateLimits?
    let figures: ServerFigures?
    let workspace = Workspace()
    private let health: Health
    private let reflection = ReflectionIndex(others: Route.otherServices)
    var awayCalls = 0
    var foresight = Foresight()

    /// Calls that wait for others off the loop, at once.
    static let maxAwayCalls = 256

    /// A principal is an `Access`.
    ///
    /// - Parameters:
    ///   - webhooks: by environment.
    ///   - limits: nil: callers may call as often as they like.
    ///   - figures: nil: nothing is told of the server as a whole.
    package init(
        port: LoopPort, access: AccessList, health: Health, webhooks: [String: WebhookDesk] = [:],
        limits: RateLimits? = nil, figures: ServerFigures? = nil
    ) {
        self.port = port
        self.access = access
        self.health = health
        self.limits = limits
        self.figures = figures
        let loop = port.eventLoop
        let later = Later()
        environments = access.environments.enumerated().map { place, environment in
            let bells = environment.partitions.enumerated().map { number, partition in
                let bell = Durability.Bell {
                    loop.execute { later.dispatcher?.release(place, number) }
                }
                partition.durability.add(bell)
                return bell
            }
            return EnvironmentLoop(
                environment, bells: bells, webhooks: webhooks[environment.name])
        }
        later.dispatcher = self
        for (place, environment) in access.environments.enumerated() {
            environment.directory.add { names in
                try? await loop.submit {
                    later.dispatcher?.environments[place].names = names
                }.get()
            }
        }
    }

    /// The methods' paths, in the order of their numbers.
    package static var methods: [String] { Route.allCases.map(\.path) }

    package func methodIndex(path: UnsafeRawBufferPointer) -> Int? {
        let text = String(decoding: path, as: UTF8.self)
        return Route.allCases.first { $0.path == text }?.rawValue
    }

    package func maxMessageBytes(method: Int) -> Int { route(method).maxMessageBytes }

    package func kind(method: Int) -> CallKind { route(method).kind }

    package func isOpen(method: Int) -> Bool { route(method).isOpen }

    package var authenticationEpoch: Int { access.epoch }

    package func authenticate(
        authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?
    ) -> Authentication {
        access.authenticate(authorization, peer)
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
            let access = Access(rawValue: call.principal)
            let environment = try environment(access, for: route)
            if !access.isSecret { try checkReach(access, route, message) }
            if let limits { try limits.admit(access, route, message) }
            if route.isSlow { return try ask(route, call, message, environment) }
            let scopes = access.scopes
            guard
                let execution = try run(route, message, environment, scopes, token: call.token)
            else { return .held }
            switch execution {
            case .done(let outcome):
                if environment.isDurable(outcome.point) {
                    reply.append(outcome.message)
                    return .replied
                }
                environment.partitions[outcome.point.partition].held.hold(
                    outcome.message, call.token, until: outcome.point.sequence)
            case .again(let point):
                let again = HeldReplies.Call(
                    route: route, scopes: scopes, message: Array(message))
                environment.partitions[point.partition].held.hold(
                    .init(sequence: point.sequence, token: call.token, work: .again(again)))
            case .awaiting(let charge):
                let again = HeldReplies.Call(
                    route: route, scopes: scopes, message: Array(message))
                try wait(for: charge, then: again, for: call.token, environment)
            }
            return .held
        } catch {
            return .failed(error.traced(call))
        }
    }

    package func open(_ call: borrowing StreamingCall) -> StreamOpening {
        let route = route(call.method)
        do throws(RPCStatus) {
            switch route {
            case .streamTrack:
                let environment = try streamEnvironment(call.principal, for: route)
                return .handler(StreamTrackStream(environment, workspace, call.writer))
            case .watchCustomer:
                let environment = try streamEnvironment(call.principal, for: route)
                return .handler(WatchStream(environment, workspace, call.writer))
            case .healthWatch: return .handler(HealthStream(health, call.writer))
            case .reflection, .reflectionAlpha:
                return .handler(ReflectionStream(reflection, call.writer))
            default:
                preconditionFailure("a unary method is called, not opened")
            }
        } catch {
            return .failed(error)
        }
    }

    /// The caller's, if it may do this there.
    private func environment(
        _ access: Access, for route: Route
    ) throws(RPCStatus) -> EnvironmentLoop {
        try access.scopes.require(route.scope)
        return environments[access.environment]
    }

    /// What a stream will be about isn't known when it begins.
    private func streamEnvironment(
        _ principal: Int, for route: Route
    ) throws(RPCStatus) -> EnvironmentLoop {
        let access = Access(rawValue: principal)
        if !access.isSecret {
            try checkReach(access, route, UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return try environment(access, for: route)
    }

    /// Asks to be woken for what this burst left waiting; it may be durable already.
    package func burstEnded() {
        for (place, environment) in environments.enumerated() {
            for (number, partition) in environment.partitions.enumerated()
            where environment.isWaiting(for: partition) {
                partition.bell.set()
                if partition.held.isReady(durable: partition.durable)
                    || !environment.streams.isEmpty || partition.durability.hasEnded
                {
                    port.eventLoop.execute { self.release(place, number) }
                }
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
