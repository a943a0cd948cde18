import CNGHTTP2

/// How many frames that carry no call a peer may send between two sweeps, that is in a second.
/// Far above what clients do, far below what hurts: whoever passes one is cut off.
package struct FrameLimits: Sendable {
    package var settings = 50
    package var pings = 10_000
    /// Streams that ended in a reset, whoever sent it: rapid reset (CVE-2023-44487), and its
    /// sibling that provokes the server into resetting.
    package var resets = 500
    package var emptyData = 200
    /// The resource loop (CVE-2019-9513).
    package var priorities = 500
    /// Of fields in trailers, which are dropped.
    package var droppedHeaderBytes = 256 * 1024
    /// On top of four for each frame of a call.
    package var windowUpdates = 5_000
    /// A ping that follows another sooner than this, with no call's frame between them, is a
    /// strike; one more than `maxPingStrikes` of them in a row ends the connection.
    package var pingIntervalSeconds = 5
    package var maxPingStrikes = 2
    /// What TLS is made to do after the handshake: key updates and attempts to renegotiate, with
    /// the answers to them.
    package var tlsSteps = 64
    /// TLS records too small for a frame's header, on top of four for each frame of a call.
    package var splinters = 1_000

    package init() {}
}

/// Counts what a peer sends, in the callbacks: plain increments, judged once a burst.
struct FrameMeter {
    enum Verdict {
        case fine
        case flood
        case tooManyPings
    }

    private(set) var verdict = Verdict.fine
    /// Frames of calls since the connection began: requests, and pieces of bodies both ways.
    var work = 0
    var requests = 0
    /// The peer's preface and SETTINGS came.
    private(set) var isGreeted = false
    /// When the header block that is being read began.
    var headerBegan: Int?
    private let limits: FrameLimits
    private var settings = 0
    private var pings = 0
    private var resets = 0
    private var emptyData = 0
    private var priorities = 0
    private var droppedHeaderBytes = 0
    private var windowUpdates = 0
    private var workAtSweep = 0
    private var workAtPing = -1
    private var lastPing = 0
    private var strikes = 0

    init(_ limits: FrameLimits) {
        self.limits = limits
    }

    mutating func sweep() {
        settings = 0
        pings = 0
        resets = 0
        emptyData = 0
        priorities = 0
        droppedHeaderBytes = 0
        windowUpdates = 0
        workAtSweep = work
    }

    mutating func noteSettings() {
        isGreeted = true
        settings += 1
        if settings > limits.settings { verdict = .flood }
    }

    mutating func noteReset() {
        resets += 1
        if resets > limits.resets { verdict = .flood }
    }

    /// A header block that is too large is read on, so that its call is told; but one that is far
    /// too large is HPACK made to multiply a few bytes.
    mutating func permits(headerListBytes: Int, limit: Int) -> Bool {
        if headerListBytes > 4 * limit { verdict = .flood }
        return verdict == .fine
    }

    mutating func permits(droppedBytes: Int) -> Bool {
        droppedHeaderBytes += droppedBytes
        if droppedHeaderBytes > limits.droppedHeaderBytes { verdict = .flood }
        return verdict == .fine
    }

    mutating func noteEmptyData() {
        emptyData += 1
        if emptyData > limits.emptyData { verdict = .flood }
    }

    mutating func note(priorities count: Int) {
        priorities += count
        if priorities > limits.priorities { verdict = .flood }
    }

    mutating func noteWindowUpdate() {
        windowUpdates += 1
        if windowUpdates > limits.windowUpdates + 4 * (work - workAtSweep) { verdict = .flood }
    }

    mutating func notePing(tick: Int) {
        pings += 1
        if pings > limits.pings { verdict = .flood }
        if work != workAtPing {
            strikes = 0
        } else if tick - lastPing < limits.pingIntervalSeconds {
            strikes += 1
            if strikes > limits.maxPingStrikes { verdict = .tooManyPings }
        }
        workAtPing = work
        lastPing = tick
    }
}

/// Counts the TLS records that hold less than a frame's header: each costs the server as much as a
/// full one, and gets its peer nowhere.
struct SplinterMeter {
    static let wholeBytes = 9

    private var count = 0
    private var workAtSweep = 0

    /// True: too many. `work`: frames of calls, which a clumsy client may send in pieces.
    mutating func note(_ limits: FrameLimits, _ work: Int) -> Bool {
        count += 1
        return count > limits.splinters + 4 * (work - workAtSweep)
    }

    mutating func sweep(_ work: Int) {
        count = 0
        workAtSweep = work
    }
}
