import Synchronization

@testable import RPC

/// Sends each message back, and pauses while there is no room. A message of one byte asks for so
/// many messages of 10,000 bytes.
final class EchoHandler: StreamHandler {
    private let writer: StreamWriter
    private let log: TestLog
    private let metadata: RPCMetadata
    private var left = 0
    private var messages = 0
    private var hasEnded = false

    init(_ writer: StreamWriter, _ log: TestLog, _ metadata: RPCMetadata) {
        self.writer = writer
        self.log = log
        self.metadata = metadata
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        if messages == 0 {
            var initial = RPCMetadata()
            for value in metadata["x-echo-initial"] { initial.add("x-echo-initial", value) }
            writer.sendHeaders(initial)
        }
        messages += 1
        if message.count == 1 {
            left += Int(message[0])
            return proceed() ? .more : .pause
        }
        return writer.send(message) ? .more : .pause
    }

    private func proceed() -> Bool {
        let piece = [UInt8](repeating: 7, count: 10_000)
        while left > 0 {
            left -= 1
            if !writer.send(piece) { return false }
        }
        return true
    }

    func writable() {
        guard proceed() else { return }
        if hasEnded { end() } else { writer.resume() }
    }

    func halfClosed() {
        hasEnded = true
        if left == 0 { end() }
    }

    private func end() {
        var trailing = RPCMetadata()
        for value in metadata["x-echo-bin"] { trailing.add("x-echo-bin", value) }
        writer.finish(trailing: trailing)
    }

    func cancelled(_ reason: RPCStatus) { log.cancelled.withLock { $0.append(reason.code) } }
}

/// Client streaming: how many bytes there were, as text, once there are no more.
final class CollectHandler: StreamHandler {
    private let writer: StreamWriter
    private let log: TestLog
    private var bytes = 0

    init(_ writer: StreamWriter, _ log: TestLog) {
        self.writer = writer
        self.log = log
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        bytes += message.count
        return .more
    }

    func halfClosed() {
        writer.send(Array("\(bytes)".utf8))
        writer.finish()
    }

    func writable() {}

    func cancelled(_ reason: RPCStatus) { log.cancelled.withLock { $0.append(reason.code) } }
}

/// Server streaming: asked with the text of a number, it sends so many messages of 10,000 bytes,
/// as fast as they go.
final class CountHandler: StreamHandler {
    static let messageBytes = 10_000
    private let writer: StreamWriter
    private let log: TestLog
    private var left = 0

    init(_ writer: StreamWriter, _ log: TestLog) {
        self.writer = writer
        self.log = log
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        left = Int(String(decoding: message, as: UTF8.self)) ?? 0
        return .more
    }

    func halfClosed() { proceed() }

    func writable() { proceed() }

    private func proceed() {
        let message = [UInt8](repeating: 7, count: Self.messageBytes)
        while left > 0 {
            left -= 1
            log.sent.withLock { $0 += 1 }
            if !writer.send(message) { return }
        }
        writer.finish()
    }

    func cancelled(_ reason: RPCStatus) { log.cancelled.withLock { $0.append(reason.code) } }
}

/// Takes one message and no more.
final class StallHandler: StreamHandler {
    private let log: TestLog

    init(_ log: TestLog) {
        self.log = log
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        log.received.withLock { $0 += 1 }
        return .pause
    }

    func halfClosed() {}

    func writable() {}

    func cancelled(_ reason: RPCStatus) { log.cancelled.withLock { $0.append(reason.code) } }
}
