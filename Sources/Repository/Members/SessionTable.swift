/// Who has a session of the dashboard.
struct Session: Equatable {
    /// By whose right it is there; asked at every use, so that it ends with it.
    enum Holder: Hashable {
        /// By the SHA-256 of the key.
        case key(KeyDigest)
        case member(String)
    }

    /// SHA-256 of what is in the cookie.
    var cookie: KeyDigest
    /// A bearer token that stands for it within this process and is never told to anybody, so that
    /// nothing can be called with a session but through the cookie.
    var pass: String
    var holder: Holder
    /// Milliseconds since the epoch.
    var created: Int64
    var used: Int64

    /// Without use it ends after this, in milliseconds.
    static let idleLimit: Int64 = 12 * 3_600_000
    /// It ends after this in any case.
    static let lifetime: Int64 = 7 * 86_400_000

    var expires: Int64 { min(created + Session.lifetime, used + Session.idleLimit) }
}

/// The sessions of an environment: bounded, the oldest ends first.
struct SessionTable {
    static let limit = 1_000
    static let limitOfHolder = 20
    /// How far back a use on disk may lie behind the last, in milliseconds.
    static let usedGrain: Int64 = 300_000

    private(set) var all: [KeyDigest: Session] = [:]
    private var passes: [KeyDigest: KeyDigest] = [:]
    /// When each member was there last, for as long as there are members.
    private(set) var seen: [String: Int64] = [:]
    /// Uses that should be written down.
    private(set) var isStale = false

    init(_ sessions: [Session] = [], seen: [String: Int64] = [:]) {
        self.seen = seen
        for session in sessions { insert(session) }
    }

    mutating func begin(_ session: Session) {
        let own = all.values.filter { $0.holder == session.holder }
        endOldest(of: own, over: SessionTable.limitOfHolder - 1)
        endOldest(of: Array(all.values), over: SessionTable.limit - 1)
        insert(session)
        note(session)
    }

    private mutating func insert(_ session: Session) {
        all[session.cookie] = session
        passes[KeyDigest(text: session.pass)] = session.cookie
    }

    private mutating func endOldest(of sessions: [Session], over count: Int) {
        guard sessions.count > count else { return }
        let oldest = sessions.sorted { $0.used < $1.used }.prefix(sessions.count - count)
        for session in oldest { end(session.cookie) }
    }

    /// nil: there is none, or it is over.
    mutating func use(_ cookie: KeyDigest, at time: Int64) -> Session? {
        guard var session = all[cookie], session.expires > time else { return nil }
        let step = time / SessionTable.usedGrain
        if step > session.used / SessionTable.usedGrain { isStale = true }
        session.used = max(session.used, time)
        all[cookie] = session
        note(session)
        return session
    }

    /// By its pass; it was used when the pass was asked for.
    func find(pass: KeyDigest, at time: Int64) -> Session? {
        guard let session = passes[pass].flatMap({ all[$0] }), session.expires > time
        else { return nil }
        return session
    }

    /// False: there was none.
    @discardableResult
    mutating func end(_ cookie: KeyDigest) -> Bool {
        guard let session = all.removeValue(forKey: cookie) else { return false }
        passes[KeyDigest(text: session.pass)] = nil
        return true
    }

    /// Ends those that are over, or that nobody has a right to; false: there were none.
    mutating func prune(at time: Int64, unless isGood: (Session.Holder) -> Bool) -> Bool {
        let over = all.values.filter { $0.expires <= time || !isGood($0.holder) }
        for session in over { end(session.cookie) }
        return !over.isEmpty
    }

    mutating func written() { isStale = false }

    private mutating func note(_ session: Session) {
        if case .member(let id) = session.holder { seen[id] = session.used }
    }

    /// Forgets when those were there who are nobody any more.
    mutating func forget(unless isMember: (String) -> Bool) {
        seen = seen.filter { isMember($0.key) }
    }
}
