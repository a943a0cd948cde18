import NIOCore

@testable import RPC

/// A program of a few methods, of every kind and outcome. Checks that the transport keeps its
/// promises to handlers.
final class FuzzDispatcher: RPCDispatcher {
    enum Method: Int, CaseIterable {
        case echo, hold, fail, meta, small, stream, server, client, record

        var path: String { "/f.F/\(self)" }
    }

    static let key = "k"

    private let port: LoopPort
    private var held: [CallToken] = []
    private var handlers: [ObjectIdentifier: FuzzHandler] = [:]
    /// What `record` was given since it was last asked for.
    var recorded: [[UInt8]] = []

    init(_ port: LoopPort) {
        self.port = port
    }

    func methodIndex(path: UnsafeRawBufferPointer) -> Int? {
        Method.allCases.first { $0.path.utf8.elementsEqual(path) }?.rawValue
    }

    func maxMessageBytes(method: Int) -> Int { method == Method.small.rawValue ? 16 : .max }

    func kind(method: Int) -> CallKind {
        switch Method(rawValue: method) {
        case .stream, .record: .bidirectional
        case .server: .serverStreaming
        case .client: .clientStreaming
        default: .unary
        }
    }

    func isOpen(method: Int) -> Bool { method >= Method.small.rawValue }

    func authenticate(
        authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?
    ) -> Authentication {
        guard let authorization, authorization.elementsEqual(Self.key.utf8) else {
            return .refused(RPCStatus(.unauthenticated, "a key is needed"))
        }
        return .principal(7)
    }

    var authenticationEpoch = 1

    func call(
        _ call: borrowing UnaryCall, message: UnsafeRawBufferPointer, reply: inout ReplyBuffer
    ) -> CallOutcome {
        switch Method(rawValue: call.method) {
        case .hold:
            held.append(call.token)
            return .held
        case .fail: return .failed(RPCStatus(.aborted, "50% später", details: Array(message)))
        case .meta:
            reply.append(message)
            return .repliedWith(initial: call.metadata, trailing: call.metadata)
        default:
            reply.append(message)
            return .replied
        }
    }

    func open(_ call: borrowing StreamingCall) -> StreamOpening {
        let metadata = call.metadata
        if call.header("x-refuse") != nil { return .failed(RPCStatus(.notFound, "refused")) }
        let handler = FuzzHandler(call.writer, self, metadata)
        handler.isRecording = call.method == Method.record.rawValue
        handlers[ObjectIdentifier(handler)] = handler
        return .handler(handler)
    }

    func ended(_ handler: FuzzHandler) { handlers[ObjectIdentifier(handler)] = nil }

    // MARK: From outside

    func finishHeld() {
        for (index, token) in held.enumerated() {
            if index % 2 == 0 {
                "held".utf8.withContiguousStorageIfAvailable {
                    port.finish(token, message: UnsafeRawBufferPointer($0))
                }
            } else {
                port.finish(token, status: RPCStatus(.notFound, "held"))
            }
        }
        held = []
        port.flushFinished()
    }

    var isPaused: Bool { handlers.values.contains { $0.isPaused } }

    func resumeHandlers() {
        for handler in handlers.values { handler.goOn() }
        port.flushFinished()
    }

    /// After the last connection went: whoever was served has heard of it.
    func checkIsIdle() {
        held = []
        expect(handlers.isEmpty, "\(handlers.count) handlers never heard of their call's end")
    }
}

/// What it does depends on a message's first byte, so that the input decides.
final class FuzzHandler: StreamHandler {
    var isRecording = false
    private let writer: StreamWriter
    private let dispatcher: FuzzDispatcher
    private let metadata: RPCMetadata
    private var isOver = false
    private var isRunning = false
    private(set) var isPaused = false

    init(_ writer: StreamWriter, _ dispatcher: FuzzDispatcher, _ metadata: RPCMetadata) {
        self.writer = writer
        self.dispatcher = dispatcher
        self.metadata = metadata
    }

    /// The calling protocol of `StreamHandler`.
    private func running<Result>(_ body: () -> Result) -> Result {
        expect(!isOver, "a handler was called after its call's end")
        expect(!isRunning, "a handler was called from within itself")
        isRunning = true
        defer { isRunning = false }
        return body()
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        running {
            if isRecording {
                dispatcher.recorded.append(Array(message))
                isPaused = message.first == UInt8(ascii: "p")
                return isPaused ? .pause : .more
            }
            return act(message)
        }
    }

    private func act(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        switch message.first {
        case UInt8(ascii: "p"):
            isPaused = true
            return .pause
        case UInt8(ascii: "r"):
            writer.resume()
            return .pause
        case UInt8(ascii: "h"): writer.sendHeaders(metadata)
        case UInt8(ascii: "f"): finish(RPCStatus(.ok))
        case UInt8(ascii: "x"): finish(RPCStatus(.aborted, "asked for", details: Array(message)))
        case UInt8(ascii: "m"):
            let piece = [UInt8](repeating: 7, count: 100 * message.count)
            for _ in 0..<16 where !writer.send(piece) { break }
        default: writer.send(message)
        }
        return .more
    }

    private func finish(_ status: RPCStatus) {
        isOver = true
        dispatcher.ended(self)
        writer.finish(status, trailing: metadata)
    }

    func goOn() {
        guard isPaused, !isOver else { return }
        isPaused = false
        writer.send([1, 2, 3])
        writer.resume()
    }

    func halfClosed() { running { finish(RPCStatus(.ok)) } }

    func writable() { running { _ = writer.send([9]) } }

    func cancelled(_ reason: RPCStatus) {
        running {
            isOver = true
            dispatcher.ended(self)
        }
    }
}

struct FuzzPages: PageHandler {
    func respond(to request: PageRequest) async -> PageResponse {
        let seen = "\(request.method) \(request.path) \(request.query ?? "-")"
        return PageResponse(
            status: request.path == "/missing" ? 404 : 200,
            headers: request.headers, body: Array(seen.utf8) + request.body)
    }
}
