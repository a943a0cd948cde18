internal import Synchronization
internal import Wire

/// An API key, as it is kept: the key itself is shown once and never stored.
package struct APIKey: Sendable, Equatable {
    package var id: String
    package var name: String
    /// The first characters, by which people tell keys apart.
    package var prefix: String
    /// SHA-256 of the key, in hex.
    package var digest: String
    package var scopes: Scopes
    /// Milliseconds since the epoch, wall time.
    package var created: Int64
    package var revoked: Bool
}

/// The API keys of an environment: a file beside its log, which the command line may change while
/// the server runs. The server looks every second whether it did.
package final class KeyRing: Sendable {
    private struct State {
        var keys: [APIKey] = []
        var byDigest: [[UInt8]: Scopes] = [:]
        var version: [Int64]?
    }

    package static let fileName = "keys.json"

    private let path: String
    private let environment: String
    private let state = Mutex(State())
    private let changes = Atomic(0)

    package init(folder: String, environment: String) throws {
        path = "\(folder)/\(KeyRing.fileName)"
        self.environment = environment
        try reload()
    }

    package var all: [APIKey] { state.withLock { $0.keys } }

    /// Changes with every change of the keys.
    package var epoch: Int { changes.load(ordering: .relaxed) }

    /// What a key of the environment allows; nil: there is no such key, or it was revoked.
    package func scopes(of key: UnsafeRawBufferPointer) -> Scopes? { find(key)?.scopes }

    /// The same with the key's SHA-256.
    func find(_ key: UnsafeRawBufferPointer) -> (scopes: Scopes, digest: [UInt8])? {
        let digest = SHA256.digest(key)
        return state.withLock { $0.byDigest[digest] }.map { ($0, digest) }
    }

    /// How every key of an environment begins.
    package static func prefix(environment: String) -> String { "tally_sk_\(environment)_" }

    /// Makes a key and returns it; it cannot be shown again.
    package func make(
        name: String, scopes: Scopes = .all, time: Int64
    ) throws -> (key: String, entry: APIKey) {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var key = KeyRing.prefix(environment: environment)
        // 43 base-62 digits hold 256 bits.
        for _ in 0..<43 {
            let digit = digits[Int.random(in: 0..<62, using: &generator)]
            key.unicodeScalars.append(Unicode.Scalar(digit))
        }
        let digest = KeyRing.digest(of: key)
        let entry = APIKey(
            id: "key_" + digest.prefix(12), name: name,
            prefix: String(key.prefix(KeyRing.prefix(environment: environment).count + 4)),
            digest: digest, scopes: scopes, created: time, revoked: false)
        try change { $0.append(entry) }
        return (key, entry)
    }

    /// False: there is no such key, or it was revoked before.
    package func revoke(id: String) throws -> Bool {
        var found = false
        try change { keys in
            for index in keys.indices where keys[index].id == id && !keys[index].revoked {
                keys[index].revoked = true
                found = true
            }
        }
        return found
    }

    /// Reads the file again if it changed.
    package func reload() throws {
        let version = SmallFile.version(path)
        guard version != state.withLock({ $0.version }) else { return }
        let keys = try load()
        state.withLock { state in
            state.version = version
            state.keys = keys
            state.byDigest = [:]
            for key in keys where !key.revoked {
                state.byDigest[KeyRing.bytes(ofHex: key.digest)] = key.scopes
            }
        }
        changes.add(1, ordering: .relaxed)
    }

    /// Two processes may change the file: each change is made on what is there now.
    private func change(_ body: (inout [APIKey]) -> Void) throws {
        let lock = try SmallFile.lock(path + ".lock")
        defer { SmallFile.unlock(lock) }
        var keys = try load()
        body(&keys)
        try SmallFile.write(Array(KeyFile.text(keys).utf8), to: path)
        try reload()
    }

    private func load() throws -> [APIKey] {
        guard let content = try SmallFile.read(path) else { return [] }
        return try KeyFile.keys(content, path: path)
    }

    private static func digest(of key: String) -> String {
        var key = key
        let digest = key.withUTF8 { SHA256.digest(UnsafeRawBufferPointer($0)) }
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    private static func bytes(ofHex text: String) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map { index in
            UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) ?? 0
        }
    }
}
