internal import Billing
internal import Synchronization
internal import Wire

/// The API keys of an environment: two files beside its log, which the command line may change
/// while the server runs. The server looks every second whether it did.
///
/// Keys that people make are in `keys.json`, written anew with each change; those that customers'
/// applications are given are in a `KeyJournal`. Neither holds a key, only its SHA-256.
package final class KeyRing: Sendable {
    struct State {
        /// That people made, in order, whatever is left of them.
        var made: [APIKey] = []
        var version: [Int64]?
        /// That applications were given, and that are good.
        var given = GivenKeys()
        /// Active keys.
        var byDigest: [KeyDigest: Entry] = [:]
        /// Keys that see one customer, by their number.
        var customers: [UInt32: (customer: CustomerID, id: String)] = [:]
        var lastNumber: UInt32 = 0
        /// When keys were used last, by id, where that is known.
        var used: [String: Int64] = [:]
        /// Of them, what the journal doesn't say yet.
        var unsaid: Set<String> = []
        /// Before this nothing expires.
        var nextExpiry = Int64.max
        /// When what had expired was forgotten last.
        var lastPurge: Int64 = 0
    }

    /// What is needed of an active key on each call.
    struct Entry {
        var id: String
        var kind: APIKey.Kind
        var scopes: Scopes
        /// By which callers are told apart.
        var caller: UInt32
        var customer: CustomerID?
        var expires: Int64
    }

    package static let fileName = "keys.json"
    /// Files with keys, as a backup copies them.
    static let fileNames = [fileName, KeyJournal.fileName]

    let environment: String
    private let path: String
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    /// Held by who changes the files, so that readers needn't wait for a disk.
    private let journal: Mutex<KeyJournal>
    private let changes = Atomic(0)
    /// Of the last look.
    private let hours = Atomic(0)
    /// All keys are looked through no more often.
    private static let purgeMilliseconds: Int64 = 10_000

    /// - Parameter now: milliseconds of wall time.
    package init(
        folder: String, environment: String,
        now: @escaping @Sendable () -> Int64 = { SystemClock.wall.milliseconds }
    ) throws {
        path = "\(folder)/\(KeyRing.fileName)"
        self.environment = environment
        self.now = now
        journal = Mutex(KeyJournal(folder: folder))
        try reload()
    }

    /// Those that people made, in order, then those that applications were given.
    package var all: [APIKey] { state.withLock { $0.shown($0.made + $0.given.all) } }

    package var made: [APIKey] { state.withLock { $0.shown($0.made) } }

    /// That applications were given, and that are good.
    package var givenCount: Int { state.withLock { $0.given.count } }

    /// Changes whenever a key stops being good, and once an hour, so that it is seen who is used.
    package var epoch: Int { changes.load(ordering: .relaxed) }

    /// What a secret key of the environment allows; nil: it is none, or is good no more.
    package func scopes(of key: UnsafeRawBufferPointer) -> Scopes? {
        find(key).flatMap { $0.kind == .secret ? $0.scopes : nil }
    }

    func find(_ key: UnsafeRawBufferPointer) -> Entry? { find(KeyDigest(of: key)) }

    func find(_ digest: KeyDigest) -> Entry? {
        let now = now()
        return state.withLock { state in
            guard let entry = state.byDigest[digest], entry.expires > now else { return nil }
            let hour = now - now % APIKey.lastUsedGrain
            if state.used[entry.id].map({ $0 < hour }) ?? true {
                state.used[entry.id] = hour
                state.unsaid.insert(entry.id)
            }
            return entry
        }
    }

    /// The same, but that is no use of it.
    func isGood(_ digest: KeyDigest) -> Bool {
        state.withLock { state in
            state.byDigest[digest].map { $0.expires > now() } ?? false
        }
    }

    /// Whose the key with this number is; nil: it is good no more.
    func customer(ofCaller number: UInt32) -> CustomerID? {
        state.withLock { $0.customers[number]?.customer }
    }

    func id(ofCaller number: UInt32) -> String? {
        state.withLock { $0.customers[number]?.id }
    }

    /// How every secret key of an environment begins.
    package static func prefix(environment: String) -> String {
        APIKey.prefix(.secret, environment: environment)
    }

    /// Another process may have changed the files, keys may have expired, and when keys were used
    /// is written down.
    package func reload() throws {
        let isUsed = state.withLock { !$0.unsaid.isEmpty }
        try journal.withLock { journal in
            try look(&journal)
            guard isUsed else { return }
            try locked {
                try look(&journal)
                let lines = state.withLock { state in
                    defer { state.unsaid = [] }
                    return state.unsaid.sorted().compactMap { id in
                        state.used[id].map { KeyJournal.Line.used(id, at: $0) }
                    }
                }
                try journal.append(lines, isSynced: false)
                try journal.compact { state.withLock { $0.lines } }
            }
        }
        expire(at: now())
    }

    /// Takes in what the files say that isn't known yet.
    private func look(_ journal: inout KeyJournal) throws {
        let version = SmallFile.version(path)
        let made = version == state.withLock({ $0.version }) ? nil : try load()
        let (lines, isNew) = try journal.read()
        guard made != nil || isNew || !lines.isEmpty else { return }
        state.withLock { state in
            if let made {
                state.made = made
                state.version = version
            }
            if isNew { state.given = GivenKeys() }
            if made != nil || isNew { state.index(at: now()) }
            for line in lines { state.take(line, at: now()) }
        }
        changes.add(1, ordering: .relaxed)
    }

    /// Whoever has looked a key up, and holds on to it, must look again.
    private func expire(at time: Int64) {
        let hour = Int(time / APIKey.lastUsedGrain)
        let hasExpired = state.withLock { state in
            guard state.nextExpiry <= time else { return false }
            if time - state.lastPurge >= KeyRing.purgeMilliseconds { state.expire(at: time) }
            return true
        }
        if hours.exchange(hour, ordering: .relaxed) != hour || hasExpired {
            changes.add(1, ordering: .relaxed)
        }
    }

    private func load() throws -> [APIKey] {
        guard let content = try SmallFile.read(path) else { return [] }
        return try KeyFile.keys(content, path: path)
    }

    private func locked<Result>(_ body: () throws -> Result) throws -> Result {
        let lock = try SmallFile.lock(path + ".lock")
        defer { SmallFile.unlock(lock) }
        return try body()
    }
}

// MARK: Changes

extension KeyRing {
    /// Two processes may change the file: each change is made on what is there now.
    func change(_ body: (inout [APIKey]) throws -> Void) throws {
        try journal.withLock { journal in
            try locked {
                var keys = try load()
                let before = keys
                try body(&keys)
                guard keys != before else { return }
                try SmallFile.write(Array(KeyFile.text(keys).utf8), to: path)
                try look(&journal)
            }
        }
    }

    /// The same for the journal: `body` is handed what there is now, and says what is new.
    func give(_ body: (GivenKeys) throws -> [KeyJournal.Line]) throws {
        try journal.withLock { journal in
            try locked {
                try look(&journal)
                let lines = try body(state.withLock { $0.given })
                try journal.append(lines)
                let hasEnded = state.withLock { state in
                    lines.reduce(false) { state.take($1, at: now()) || $0 }
                }
                // Who knew nothing of a new key needn't look again.
                if hasEnded { changes.add(1, ordering: .relaxed) }
                try journal.compact { state.withLock { $0.lines } }
            }
        }
    }

    var time: Int64 { now() }

    /// A prefix and 256 bits that nobody can guess.
    static func secret(_ prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var secret = prefix
        // 43 base-62 digits hold as much.
        for _ in 0..<43 {
            let digit = digits[Int.random(in: 0..<62, using: &generator)]
            secret.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return secret
    }

    /// What people called the key; nil: none that people made has this id.
    func name(ofKey id: String) -> String? {
        state.withLock { state in state.made.first { $0.id == id }?.name }
    }

    /// A key and what is kept of it.
    func draw(_ draft: KeyDraft, time: Int64) -> (key: String, entry: APIKey) {
        let prefix = APIKey.prefix(draft.kind, environment: environment)
        let key = KeyRing.secret(prefix)
        let digest = KeyDigest(text: key).hex
        let entry = APIKey(
            id: "key_" + digest.prefix(12), kind: draft.kind, name: draft.name,
            prefix: String(key.prefix(prefix.count + 4)), digest: digest, scopes: draft.scopes,
            customer: draft.customer, created: time, expires: draft.validity.map { time + $0 })
        return (key, entry)
    }
}
