internal import RPC
internal import Repository
internal import Synchronization

/// The way in to the server's own loops: a connection within the process to each, and of those with
/// a certificate one for each name that the settings know, so that it counts there as it does over
/// gRPC.
final class CallDoors: Sendable {
    private struct State {
        var ports: [LoopPort] = []
        /// By the `Access` of a certificate's owner; nil: of everybody with a key.
        var clients: [Int?: [RPCClient]] = [:]
        var turn = 0
    }

    private let state = Mutex(State())

    func open(_ ports: [LoopPort]) {
        state.withLock { $0 = State(ports: ports) }
    }

    /// In turn, as loops share the work.
    func next(for peer: PeerCertificate?, _ access: Access) throws(RPCStatus) -> RPCClient {
        let client: RPCClient? = state.withLock { state in
            guard !state.ports.isEmpty else { return nil }
            let key = peer == nil ? nil : access.rawValue
            state.turn &+= 1
            if state.clients[key] == nil {
                state.clients[key] = state.ports.map { RPCClient(inProcess: $0, peer: peer) }
            }
            return state.clients[key].map { $0[abs(state.turn % $0.count)] }
        }
        guard let client else { throw RPCStatus(.unavailable, "the server is starting") }
        return client
    }
}
