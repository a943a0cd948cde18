import NIOCore

/// The calls of a loop that wait for their answer: how many, and which of them have a deadline.
/// One timer for all. It is set for the earliest deadline seen and not taken back when that
/// call is answered in time, since nearly all are: it fires, finds the next and is set again.
final class HeldCalls {
    /// For each call whose deadline passed, and once when a round of them is over.
    var onExpiry: (StreamReference) -> Void = { _ in }
    var onExpiryEnd: () -> Void = {}
    private(set) var count = 0
    private let eventLoop: any EventLoop
    private var first: StreamReference?
    private var timer: Scheduled<Void>?
    private var timerDeadline = NIODeadline.distantFuture

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func add(_ stream: StreamReference) {
        stream.pointee.flags.insert(.held)
        count += 1
        guard stream.pointee.deadline != .distantFuture else { return }
        stream.pointee.nextHeld = first
        stream.pointee.previousHeld = nil
        first?.pointee.previousHeld = stream
        first = stream
        if stream.pointee.deadline < timerDeadline { setTimer(stream.pointee.deadline) }
    }

    func remove(_ stream: StreamReference) {
        guard stream.pointee.flags.contains(.held) else { return }
        stream.pointee.flags.remove(.held)
        count -= 1
        guard stream.pointee.deadline != .distantFuture else { return }
        let next = stream.pointee.nextHeld
        let previous = stream.pointee.previousHeld
        next?.pointee.previousHeld = previous
        if let previous { previous.pointee.nextHeld = next } else { first = next }
        stream.pointee.nextHeld = nil
        stream.pointee.previousHeld = nil
    }

    func cancel() {
        timer?.cancel()
        timer = nil
        onExpiry = { _ in }
        onExpiryEnd = {}
    }

    private func setTimer(_ deadline: NIODeadline) {
        timer?.cancel()
        timerDeadline = deadline
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            [weak self] in self?.fire(now: .now())
        }
    }

    private func fire(now: NIODeadline) {
        timer = nil
        timerDeadline = .distantFuture
        var earliest = NIODeadline.distantFuture
        var next = first
        while let stream = next {
            next = stream.pointee.nextHeld
            if stream.pointee.deadline <= now {
                remove(stream)
                onExpiry(stream)
            } else {
                earliest = min(earliest, stream.pointee.deadline)
            }
        }
        if earliest != .distantFuture {
            // At most a thousand rounds a second, whatever the deadlines.
            setTimer(max(earliest, now + .milliseconds(1)))
        }
        onExpiryEnd()
    }
}
