internal import NIOCore
internal import RPC

/// `Watch`: a service's status now, and after each change. It doesn't end by itself.
final class HealthStream: StreamHandler {
    private let health: Health
    private let writer: StreamWriter
    private var service: String?
    private var shown: Health.Status?
    private var number: Int?

    init(_ health: Health, _ writer: StreamWriter) {
        self.health = health
        self.writer = writer
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        do throws(RPCStatus) {
            service = try Health.service(message)
            let reference = Reference(self)
            let loop = writer.port.eventLoop
            number = health.watch { loop.execute { reference.stream?.changed() } }
            show()
        } catch {
            writer.finish(error)
        }
        return .more
    }

    func halfClosed() {}

    func writable() { show() }

    func cancelled(_ reason: RPCStatus) {
        if let number { health.forget(number) }
    }

    private func changed() {
        show()
        writer.flush()
    }

    private func show() {
        guard let service else { return }
        let status = health.status(of: service)
        guard status != shown else { return }
        shown = status
        writer.send(Health.response(status))
    }

    /// For other threads: looked into on the loop only.
    // Safety: `stream` is read on the loop that owns it.
    private final class Reference: @unchecked Sendable {
        weak var stream: HealthStream?

        init(_ stream: HealthStream) { self.stream = stream }
    }
}
