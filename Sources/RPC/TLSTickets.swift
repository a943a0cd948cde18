import COpenSSL
import NIOCore
import Synchronization

/// What session tickets are sealed with: a key that is replaced every `lifetimeSeconds` and goes
/// on opening for as long again. One for all listeners and loops of a server, apart from its
/// certificates: tickets outlive a change of those. Nothing is stored: a restart forgets them.
final class TLSTickets: Sendable {
    /// Also the longest that a ticket is good for.
    static let lifetimeSeconds = 2 * 3600

    private let keys: Mutex<TicketKeys>

    init() {
        keys = Mutex(TicketKeys(second: TLSTickets.second))
    }

    private static var second: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000_000) }

    fileprivate func current() -> TicketKey {
        keys.withLock { keys in
            keys.advance(to: TLSTickets.second)
            return keys.current
        }
    }

    /// nil: the ticket is too old, or not ours.
    fileprivate func find(_ name: UnsafePointer<UInt8>) -> (key: TicketKey, isCurrent: Bool)? {
        keys.withLock { keys in
            keys.advance(to: TLSTickets.second)
            return keys.find(name)
        }
    }
}

/// Which key seals and which may still open, at a time that is told.
struct TicketKeys {
    private(set) var current = TicketKey()
    private(set) var previous: TicketKey?
    private var since: Int

    init(second: Int) {
        since = second
    }

    mutating func advance(to second: Int) {
        let age = second - since
        guard age >= TLSTickets.lifetimeSeconds else { return }
        previous = age < 2 * TLSTickets.lifetimeSeconds ? current : nil
        current = TicketKey()
        since = second
    }

    func find(_ name: UnsafePointer<UInt8>) -> (key: TicketKey, isCurrent: Bool)? {
        if current.isNamed(name) { return (current, true) }
        guard let previous, previous.isNamed(name) else { return nil }
        return (previous, false)
    }
}

/// A name to find it by, and two secrets.
// Safety: written in init only.
final class TicketKey: @unchecked Sendable {
    static let nameBytes = 16
    private static let secretBytes = 32
    private let memory: UnsafeMutableRawPointer

    init() {
        memory = .allocate(byteCount: TicketKey.nameBytes + 2 * TicketKey.secretBytes, alignment: 8)
        TicketKey.fill(memory, TicketKey.nameBytes + 2 * TicketKey.secretBytes)
    }

    deinit {
        OPENSSL_cleanse(memory, TicketKey.nameBytes + 2 * TicketKey.secretBytes)
        memory.deallocate()
    }

    var name: UnsafeRawPointer { UnsafeRawPointer(memory) }

    func isNamed(_ name: UnsafePointer<UInt8>) -> Bool {
        CRYPTO_memcmp(memory, name, TicketKey.nameBytes) == 0
    }

    fileprivate func prepareCipher(
        _ cipher: OpaquePointer?, _ vector: UnsafePointer<UInt8>, seals: Bool
    ) -> Bool {
        let secret = (memory + TicketKey.nameBytes).assumingMemoryBound(to: UInt8.self)
        return EVP_CipherInit_ex(
            cipher, EVP_aes_256_cbc(), nil, secret, vector, seals ? 1 : 0) == 1
    }

    fileprivate func prepareSignature(_ mac: OpaquePointer?) -> Bool {
        let secret = memory + TicketKey.nameBytes + TicketKey.secretBytes
        return shim_EVP_MAC_CTX_set_hmac_sha256(mac, secret, TicketKey.secretBytes) == 1
    }

    /// A generator that has no entropy must not go on.
    fileprivate static func fill(_ memory: UnsafeMutableRawPointer, _ count: Int) {
        let done = RAND_bytes(memory.assumingMemoryBound(to: UInt8.self), Int32(count))
        precondition(done == 1, "no random bytes")
    }
}

extension TLSContext {
    /// Where a context's tickets are, among what programs may attach to one.
    private static let place: Int32 = 0

    /// `tickets` must live as long as the context.
    func seal(with tickets: TLSTickets) {
        _ = SSL_CTX_set_timeout(pointer, TLSTickets.lifetimeSeconds)
        SSL_CTX_set_num_tickets(pointer, 1)
        SSL_CTX_set_ex_data(pointer, Self.place, Unmanaged.passUnretained(tickets).toOpaque())
        SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer, chooseTicketKey)
        SSL_CTX_set_session_ticket_cb(pointer, nil, judgeTicket, nil)
    }

    fileprivate static func tickets(_ ssl: OpaquePointer?) -> TLSTickets? {
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place).map {
            Unmanaged<TLSTickets>.fromOpaque($0).takeUnretainedValue()
        }
    }
}

/// 1: go on; 2: the same, and send a new ticket; 0: there is no such key; -1: failed.
private func chooseTicketKey(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?,
    _ vector: UnsafeMutablePointer<UInt8>?, _ cipher: OpaquePointer?, _ mac: OpaquePointer?,
    _ seals: Int32
) -> Int32 {
    guard let name, let vector, let tickets = TLSContext.tickets(ssl) else { return -1 }
    if seals == 1 {
        let key = tickets.current()
        UnsafeMutableRawPointer(name).copyMemory(from: key.name, byteCount: TicketKey.nameBytes)
        TicketKey.fill(vector, Int(EVP_MAX_IV_LENGTH))
        return key.prepareCipher(cipher, vector, seals: true) && key.prepareSignature(mac) ? 1 : -1
    }
    guard let (key, isCurrent) = tickets.find(name) else { return 0 }
    guard key.prepareCipher(cipher, vector, seals: false), key.prepareSignature(mac) else {
        return -1
    }
    return isCurrent ? 1 : 2
}

/// A session is taken up again only as long as the certificate that it was begun with is good.
private func judgeTicket(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ name: UnsafePointer<UInt8>?,
    _ nameLength: Int, _ status: SSL_TICKET_STATUS, _ argument: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
        return SSL_TICKET_RETURN(SSL_TICKET_RETURN_IGNORE_RENEW)
    }
    if let certificate = SSL_SESSION_get0_peer(session), TLSContext.isPast(certificate) {
        return SSL_TICKET_RETURN(SSL_TICKET_RETURN_IGNORE_RENEW)
    }
    let isRenewed = status == SSL_TICKET_SUCCESS_RENEW
    return SSL_TICKET_RETURN(
        isRenewed ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE)
}
