/// What became of a loop's connections, since it began.
package struct ConnectionMetrics: Sendable, Equatable {
    /// Why a connection ended.
    package enum Closing: Int, Sendable, CaseIterable {
        /// The peer hung up, or said goodbye and was let go.
        case peer
        /// It broke TLS or HTTP/2.
        case fault
        /// It sent too much of what carries no call.
        case flood
        case handshakeFailed
        case handshakeTimeout
        /// Its request, or the headers of one, took too long to arrive.
        case requestTimeout
        case idle
        /// It didn't answer a ping, or didn't read what it had asked for.
        case unresponsive
        case age
        case drain
    }

    package internal(set) var opened = 0
    /// Not taken, for want of room.
    package internal(set) var refused = 0
    package internal(set) var handshakes = 0
    /// Handshakes that a session ticket made short.
    package internal(set) var resumed = 0
    package internal(set) var calls = 0
    private var closings = [Int](repeating: 0, count: Closing.allCases.count)

    package func closed(_ reason: Closing) -> Int { closings[reason.rawValue] }

    package var closed: Int { closings.reduce(0, +) }

    mutating func close(_ reason: Closing) { closings[reason.rawValue] += 1 }

    /// Another loop's.
    mutating func add(_ other: ConnectionMetrics) {
        opened += other.opened
        refused += other.refused
        handshakes += other.handshakes
        resumed += other.resumed
        calls += other.calls
        for index in closings.indices { closings[index] += other.closings[index] }
    }
}
