internal import RPC
internal import Synchronization
internal import Wire

/// `grpc.health.v1`: whether the server serves, for load balancers and orchestrators. Open without
/// a key. All services stand and fall together, and the empty name stands for them all. What only
/// an operator should look at has names of its own, such as `tally.storage`.
package final class Health: Sendable {
    /// Raw values are those of `grpc.health.v1.HealthCheckResponse.ServingStatus`.
    enum Status: UInt64 {
        case serving = 1
        case notServing = 2
        case serviceUnknown = 3
    }

    private struct State {
        var isServing = true
        /// Conditions that are not well, by name.
        var unwell: Set<String> = []
        var watchers: [Int: @Sendable () -> Void] = [:]
        var last = 0
    }

    private let state = Mutex(State())
    private let services: Set<String>
    private let conditions: Set<String>

    /// - Parameter conditions: names whose status is `set`.
    package init(conditions: [String] = []) {
        services = Set(ReflectionIndex(others: Route.otherServices).services + [""])
        self.conditions = Set(conditions)
    }

    /// From now on NOT_SERVING: the server finishes what it has and takes no more.
    package func drain() { change { $0.isServing = false } }

    /// Whether a condition is well; calls are served either way.
    package func set(_ condition: String, isWell: Bool) {
        change { state in
            if isWell { state.unwell.remove(condition) } else { state.unwell.insert(condition) }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let watchers = state.withLock { state in
            body(&state)
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher() }
    }

    func status(of service: String) -> Status {
        if conditions.contains(service) {
            return state.withLock { $0.unwell.contains(service) } ? .notServing : .serving
        }
        guard services.contains(service) else { return .serviceUnknown }
        return state.withLock { $0.isServing } ? .serving : .notServing
    }

    /// Calls back, on any thread, after each change; the number is for `forget`.
    func watch(_ changed: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.watchers[state.last] = changed
            return state.last
        }
    }

    func forget(_ number: Int) {
        state.withLock { _ = $0.watchers.removeValue(forKey: number) }
    }

    /// `Check`: an unknown service is NOT_FOUND there.
    func check(_ request: UnsafeRawBufferPointer) throws(RPCStatus) -> [UInt8] {
        let status = self.status(of: try Health.service(request))
        guard status != .serviceUnknown else {
            throw .refused(.notFound, "SERVICE_UNKNOWN", "there is no such service")
        }
        return Health.response(status)
    }

    static func service(_ request: UnsafeRawBufferPointer) throws(RPCStatus) -> String {
        guard let fields = textFields(of: request) else { throw RPCStatus(CallFault.malformed) }
        return fields[1] ?? ""
    }

    static func response(_ status: Status) -> [UInt8] { [1 << 3, UInt8(status.rawValue)] }
}
