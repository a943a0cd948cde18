internal import NIOCore
internal import RPC

/// One connection of a run. Confined to the run's loop.
// Safety: touched on that loop only.
final class ConnectionVisit: RPCCallObserver, @unchecked Sendable {
    let number: Int
    let due: NIODeadline
    private(set) var connection: RPCConnection?
    private let load: ConnectionLoad
    private var callsLeft: Int
    private var header = 0

    init(_ load: ConnectionLoad, number: Int, due: NIODeadline, calls: Int) {
        self.load = load
        self.number = number
        self.due = due
        callsLeft = calls
    }

    func begin(_ connection: RPCConnection, header: Int) {
        self.connection = connection
        self.header = header
        connection.observer = self
        next()
    }

    private func next() {
        guard callsLeft > 0 else { return load.end(self, failure: nil) }
        guard let connection else { return }
        callsLeft -= 1
        if !load.call(connection, header: header) {
            load.end(self, failure: "the connection was closed")
        }
    }

    func callEnded(_ end: borrowing RPCCallEnd, message: UnsafeRawBufferPointer) {
        let failure: String?
        if end.code == .ok {
            failure = load.isDenial(message) ? "denied" : nil
        } else {
            failure = "\(end.code.name): \(end.status.message)"
        }
        load.afterwards { [self] in
            if let failure { load.end(self, failure: failure) } else { next() }
        }
    }
}
