import Glibc
import Synchronization

/// A listener at work, on all loops: its TLS context, replaced when the certificate files are.
final class ServedListener: Sendable {
    private struct State {
        var context: TLSContext
        var watch: FileWatch
    }

    let settings: RPCListener
    private let place: Int
    private let tickets: TLSTickets
    private let state: Mutex<State>

    init(_ settings: RPCListener, place: Int, tickets: TLSTickets) throws {
        self.settings = settings
        self.place = place
        self.tickets = tickets
        let watch = FileWatch(loaded: ServedListener.versions(settings))
        let context = try ServedListener.load(settings, place, tickets)
        state = Mutex(State(context: context, watch: watch))
    }

    /// For new connections; one that is open keeps what it began with.
    var context: TLSContext { state.withLock { $0.context } }

    /// Takes the files if they changed, or in any case when forced. nil: there was nothing to do.
    /// What can't be used is refused, and the old ones go on.
    func reload(force: Bool) -> Result<Void, TLSFault>? {
        let versions = ServedListener.versions(settings)
        guard state.withLock({ $0.watch.look(versions, force: force) }) else { return nil }
        do {
            let context = try ServedListener.load(settings, place, tickets)
            guard !context.isPast else {
                let file = settings.identity.certificateChainFile
                return .failure(TLSFault(description: "certificate \(file) has expired"))
            }
            state.withLock { $0.context = context }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private static func load(
        _ settings: RPCListener, _ place: Int, _ tickets: TLSTickets
    ) throws(TLSFault) -> TLSContext {
        try TLSContext.server(
            settings.identity, clients: settings.clients, place: place, tickets: tickets)
    }

    private static func versions(_ settings: RPCListener) -> [FileVersion?] {
        let (identity, clients) = (settings.identity, settings.clients)
        return [identity.certificateChainFile, identity.privateKeyFile, clients.authorityFile]
            .map { $0.flatMap { FileVersion($0) } }
    }
}

/// When files that belong together are to be read: once all of them have changed and rested, so
/// that a certificate is never taken while its key is still being copied; and once only, even if
/// they turn out to be unusable.
struct FileWatch {
    private var loaded: [FileVersion?]
    private var seen: [FileVersion?]

    init(loaded: [FileVersion?]) {
        self.loaded = loaded
        seen = loaded
    }

    mutating func look(_ versions: [FileVersion?], force: Bool) -> Bool {
        defer { seen = versions }
        guard force || versions != loaded && versions == seen else { return false }
        loaded = versions
        return true
    }
}

/// Of a file's content, as the file system tells it. Only equality matters.
struct FileVersion: Equatable {
    private let seconds: Int
    private let nanoseconds: Int
    private let node: UInt64
    private let size: Int

    /// nil: there is no such file. What a link points to is what counts.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        node = UInt64(status.st_ino)
        size = Int(status.st_size)
    }
}
