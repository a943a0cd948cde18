/// What a server's connection is due, second by second: time-outs, pings, old age. Knows no
/// clock but the loop's tick.
struct ConnectionUpkeep {
    enum Action: Equatable {
        case nothing
        case ping
        /// Tell the peer to go elsewhere; what is open goes on.
        case leave
        /// It has had the time to hear of it.
        case finishLeaving
        case close(ConnectionMetrics.Closing)
    }

    enum Stage {
        case handshake
        case http2
        case http1
        case closing
    }

    /// The connection as it is now.
    struct Seen {
        var stage: Stage
        /// No call runs that a time-out may not cut.
        var isIdle = true
        var isWritable = true
        /// HTTP/2: SETTINGS came.
        var isGreeted = true
        var work = 0
        /// When the request, or header block, that hasn't ended began.
        var requestBegan: Int?
    }

    /// Nobody who still reads takes longer to hear of a GOAWAY.
    private static let noticeSeconds = 1

    private let limits: RPCLimits
    private let began: Int
    private let maxAge: Int
    var lastInput: Int
    private var lastWork: Int
    private var work = 0
    private var pingSent: Int?
    private var blockedSince: Int?
    private var leftAt: Int?
    private var isAged = false
    private var hasFinishedLeaving = false

    /// `spread`: any number; connections made together shall not end together.
    init(_ limits: RPCLimits, tick: Int, spread: Int) {
        self.limits = limits
        began = tick
        lastInput = tick
        lastWork = tick
        let age = limits.maxConnectionAgeSeconds
        let tenth = age / 10
        maxAge = age == 0 ? .max : age - tenth + (tenth == 0 ? 0 : spread % (2 * tenth + 1))
    }

    mutating func left(tick: Int) { leftAt = tick }

    mutating func sweep(tick: Int, _ seen: Seen) -> Action {
        if seen.work != work {
            work = seen.work
            lastWork = tick
        }
        switch seen.stage {
        case .handshake:
            let isLate = tick - began >= limits.handshakeTimeoutSeconds
            return isLate ? .close(.handshakeTimeout) : .nothing
        case .http2: return sweepHTTP2(tick, seen)
        case .http1: return sweepHTTP1(tick, seen)
        case .closing:
            let isStuck = tick - lastInput >= limits.responseTimeoutSeconds
            return isStuck ? .close(.unresponsive) : .nothing
        }
    }

    private mutating func sweepHTTP2(_ tick: Int, _ seen: Seen) -> Action {
        if !seen.isGreeted, tick - began >= limits.handshakeTimeoutSeconds {
            return .close(.handshakeTimeout)
        }
        if let since = seen.requestBegan, tick - since >= limits.requestTimeoutSeconds {
            return .close(.requestTimeout)
        }
        if isBlocked(tick, seen) { return .close(.unresponsive) }
        if seen.isIdle, tick - lastWork >= limits.idleTimeoutSeconds { return .close(.idle) }
        if let leftAt {
            if isAged, tick - leftAt >= limits.ageGraceSeconds { return .close(.age) }
            if !hasFinishedLeaving, tick - leftAt >= Self.noticeSeconds {
                hasFinishedLeaving = true
                return .finishLeaving
            }
        } else if tick - began >= maxAge {
            isAged = true
            return .leave
        }
        return keepAlive(tick)
    }

    private mutating func sweepHTTP1(_ tick: Int, _ seen: Seen) -> Action {
        if let since = seen.requestBegan, tick - since >= limits.requestTimeoutSeconds {
            return .close(.requestTimeout)
        }
        if isBlocked(tick, seen) { return .close(.unresponsive) }
        guard seen.isIdle else { return .nothing }
        if tick - began >= maxAge { return .close(.age) }
        return tick - lastInput >= limits.idleTimeoutSeconds ? .close(.idle) : .nothing
    }

    private mutating func isBlocked(_ tick: Int, _ seen: Seen) -> Bool {
        guard !seen.isWritable else {
            blockedSince = nil
            return false
        }
        let since = blockedSince ?? tick
        blockedSince = since
        return tick - since >= limits.responseTimeoutSeconds
    }

    private mutating func keepAlive(_ tick: Int) -> Action {
        if let sent = pingSent {
            if lastInput >= sent {
                pingSent = nil
            } else if tick - sent >= limits.keepaliveTimeoutSeconds {
                return .close(.unresponsive)
            }
        } else if limits.keepaliveSeconds > 0, tick - lastInput >= limits.keepaliveSeconds {
            pingSent = tick
            return .ping
        }
        return .nothing
    }
}
