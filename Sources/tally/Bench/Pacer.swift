internal import NIOCore

/// When work falls due at a fixed rate.
struct Pacer {
    private let interval: Double
    private let start: NIODeadline
    private var count = 0

    init(rate: Double, start: NIODeadline) {
        interval = 1e9 / rate
        self.start = start
    }

    /// When the next piece was due; nil: not yet.
    func due(_ now: NIODeadline) -> NIODeadline? {
        let moment = start + .nanoseconds(Int64(Double(count) * interval))
        return moment <= now ? moment : nil
    }

    mutating func advance() { count += 1 }
}
