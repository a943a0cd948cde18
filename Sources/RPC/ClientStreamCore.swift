import NIOCore
import Synchronization

/// Between a streaming call on its loop and the task that uses it: one queue each way.
// Safety: `stream`, `connection`, `timer` and `isOver` are touched on the loop only; all else is
// behind the mutex.
final class ClientStreamCore: ClientStreamHandler, @unchecked Sendable {
    enum Step: Sendable {
        case message([UInt8])
        case ended(RPCStatus)
    }

    typealias Reader = CheckedContinuation<Step, Never>
    typealias Writer = CheckedContinuation<Bool, Never>

    /// Bytes that wait, each way. A message of any size is taken when less does.
    private static let mostWaitingBytes = 64 * 1024

    private struct State {
        var inbox = MessageQueue()
        var outbox = MessageQueue()
        var reader: Reader?
        var writers: [Writer] = []
        var isPaused = false
        var isFlushDue = false
        var isHalfClosed = false
        var initial = RPCMetadata()
        var trailing = RPCMetadata()
        var end: RPCStatus?
    }

    private let eventLoop: any EventLoop
    private let state = Mutex(State())
    private var stream: ClientStream?
    private var connection: RPCConnection?
    private var timer: Scheduled<Void>?
    private(set) var isOver = false
    /// The stream's own queue is full.
    private var isBlocked = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    var metadata: (initial: RPCMetadata, trailing: RPCMetadata) {
        state.withLock { ($0.initial, $0.trailing) }
    }

    // MARK: From tasks

    func next(_ continuation: Reader) {
        let (step, mustResume) = state.withLock { state -> (Step?, Bool) in
            if let message = state.inbox.popFirst() {
                let isRoomy = state.inbox.bytes < Self.mostWaitingBytes / 2
                let mustResume = state.isPaused && isRoomy
                if mustResume { state.isPaused = false }
                return (.message(message), mustResume)
            }
            if let end = state.end { return (.ended(end), false) }
            precondition(state.reader == nil, "one reader at a time")
            state.reader = continuation
            return (nil, false)
        }
        if let step { continuation.resume(returning: step) }
        if mustResume {
            eventLoop.execute { [self] in
                stream?.resume()
                connection?.flush()
            }
        }
    }

    func send(_ message: [UInt8], _ continuation: Writer) {
        let (verdict, mustFlush) = state.withLock { state -> (Bool?, Bool) in
            guard state.end == nil, !state.isHalfClosed else { return (false, false) }
            state.outbox.append(message)
            let mustFlush = !state.isFlushDue
            state.isFlushDue = true
            guard state.outbox.bytes > Self.mostWaitingBytes else { return (true, mustFlush) }
            state.writers.append(continuation)
            return (nil, mustFlush)
        }
        if let verdict { continuation.resume(returning: verdict) }
        if mustFlush { eventLoop.execute { [self] in flush() } }
    }

    func finishSending() {
        state.withLock { $0.isHalfClosed = true }
        eventLoop.execute { [self] in flush() }
    }

    func cancel() {
        eventLoop.execute { [self] in
            giveUp(RPCStatus(.cancelled, "the call was cancelled"))
        }
    }

    // MARK: On the loop

    func setTimer(_ deadline: NIODeadline) {
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.giveUp(RPCStatus(.deadlineExceeded, "the deadline passed"))
        }
    }

    func begin(_ stream: ClientStream, _ connection: RPCConnection) {
        self.stream = stream
        self.connection = connection
        flush()
        connection.flush()
    }

    /// Ends the call from this side.
    func giveUp(_ status: RPCStatus) {
        guard !isOver else { return }
        let connection = connection
        // Its end comes back through `ended`.
        if let stream { stream.cancel(status) }
        finish(status, RPCMetadata())
        connection?.flush()
    }

    private func flush() {
        guard let stream, !isBlocked else { return }
        let (messages, isHalfClosed) = state.withLock { state -> ([[UInt8]], Bool) in
            state.isFlushDue = false
            return (state.outbox.takeAll(), state.isHalfClosed)
        }
        var unsent = messages[...]
        while let message = unsent.popFirst() {
            guard !message.withUnsafeBytes({ stream.send($0) }) else { continue }
            isBlocked = true
            break
        }
        let writers = state.withLock { state -> [Writer] in
            if !unsent.isEmpty { state.outbox.putBack(unsent) }
            guard state.outbox.bytes <= Self.mostWaitingBytes / 2 else { return [] }
            defer { state.writers = [] }
            return state.writers
        }
        for writer in writers { writer.resume(returning: true) }
        if isHalfClosed, unsent.isEmpty { stream.halfClose() }
        connection?.flush()
    }

    func opened(_ metadata: RPCMetadata) { state.withLock { $0.initial = metadata } }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        let bytes = Array(message)
        let (reader, demand) = state.withLock { state -> (Reader?, StreamDemand) in
            if let reader = state.reader {
                state.reader = nil
                return (reader, StreamDemand.more)
            }
            state.inbox.append(bytes)
            state.isPaused = state.inbox.bytes > Self.mostWaitingBytes
            return (nil, state.isPaused ? .pause : .more)
        }
        reader?.resume(returning: .message(bytes))
        return demand
    }

    func writable() {
        isBlocked = false
        flush()
    }

    func ended(_ end: borrowing RPCCallEnd) { finish(end.status, end.trailingMetadata) }

    func finish(_ status: RPCStatus, _ trailing: RPCMetadata) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        stream = nil
        connection = nil
        let (reader, writers) = state.withLock { state -> (Reader?, [Writer]) in
            state.end = status
            state.trailing = trailing
            state.outbox = MessageQueue()
            defer {
                state.reader = nil
                state.writers = []
            }
            return (state.reader, state.writers)
        }
        reader?.resume(returning: .ended(status))
        for writer in writers { writer.resume(returning: false) }
    }
}

/// Messages in order, and how many bytes they have. A message counts for a little more than it
/// holds, so that empty ones are bounded too.
private struct MessageQueue {
    private static let overhead = 64
    private var messages: [[UInt8]] = []
    private var first = 0
    private(set) var bytes = 0

    mutating func append(_ message: [UInt8]) {
        messages.append(message)
        bytes += message.count + Self.overhead
    }

    mutating func popFirst() -> [UInt8]? {
        guard first < messages.count else { return nil }
        let message = messages[first]
        messages[first] = []
        first += 1
        bytes -= message.count + Self.overhead
        if first * 2 >= messages.count {
            messages.removeFirst(first)
            first = 0
        }
        return message
    }

    mutating func takeAll() -> [[UInt8]] {
        defer { self = MessageQueue() }
        return Array(messages[first...])
    }

    /// Before all that came since.
    mutating func putBack(_ earlier: ArraySlice<[UInt8]>) {
        messages = Array(earlier) + messages[first...]
        first = 0
        bytes = messages.reduce(0) { $0 + $1.count + Self.overhead }
    }
}
