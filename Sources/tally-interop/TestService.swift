import NIOCore
import RPC

/// `grpc.testing.TestService`: every method but the empty one is served as a stream.
final class TestService: RPCDispatcher {
    private enum Method: Int, CaseIterable {
        case emptyCall, unaryCall, streamingOutputCall, streamingInputCall, fullDuplexCall
        case halfDuplexCall

        var path: String {
            let name = "\(self)"
            return "/grpc.testing.TestService/" + name.prefix(1).uppercased() + name.dropFirst()
        }
    }

    let authenticationEpoch = 0

    func methodIndex(path: UnsafeRawBufferPointer) -> Int? {
        Method.allCases.first { $0.path.utf8.elementsEqual(path) }?.rawValue
    }

    func maxMessageBytes(method: Int) -> Int { .max }

    func isOpen(method: Int) -> Bool { true }

    func authenticate(
        authorization: UnsafeRawBufferPointer?, peer: PeerCertificate?
    ) -> Authentication { .principal(0) }

    func kind(method: Int) -> CallKind {
        switch Method(rawValue: method) {
        case .emptyCall, nil: .unary
        case .unaryCall, .streamingOutputCall: .serverStreaming
        case .streamingInputCall: .clientStreaming
        case .fullDuplexCall, .halfDuplexCall: .bidirectional
        }
    }

    func call(
        _ call: borrowing UnaryCall, message: UnsafeRawBufferPointer, reply: inout ReplyBuffer
    ) -> CallOutcome { .replied }

    func open(_ call: borrowing StreamingCall) -> StreamOpening {
        let job: TestHandler.Job =
            switch Method(rawValue: call.method) {
            case .unaryCall: .unary
            case .streamingInputCall: .sum
            case .halfDuplexCall: .collect
            default: .stream
            }
        return .handler(TestHandler(call.writer, job, call.metadata))
    }
}

/// One call of the service.
private final class TestHandler: StreamHandler {
    enum Job { case unary, sum, stream, collect }

    private let writer: StreamWriter
    private let job: Job
    private var trailing = RPCMetadata()
    private var status = RPCStatus(.ok)
    private var sum = 0
    /// Sizes and delays, in microseconds, of what is to be sent, and whether it is compressed.
    private var due: [(bytes: Int, delay: Int, compressed: Bool?)] = []
    private var isWaiting = false
    private var hasEnded = false
    private var isOver = false

    init(_ writer: StreamWriter, _ job: Job, _ metadata: RPCMetadata) {
        self.writer = writer
        self.job = job
        var initial = RPCMetadata()
        for value in metadata["x-grpc-test-echo-initial"] {
            initial.add("x-grpc-test-echo-initial", value)
        }
        for value in metadata["x-grpc-test-echo-trailing-bin"] {
            trailing.add("x-grpc-test-echo-trailing-bin", value)
        }
        if !initial.isEmpty { writer.sendHeaders(initial) }
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        var bytes = 0
        var compressed: Bool?
        guard let fields = Proto.fields(Array(message)[...]) else {
            status = RPCStatus(.internalError, "the message is not protobuf")
            return .more
        }
        for (number, value) in fields {
            switch (job, number) {
            case (.unary, 2): bytes = value.int
            case (.unary, 6): compressed = flag(value.slice)
            case (.unary, 8), (.sum, 2): expect(flag(value.slice))
            case (.sum, 1): sum += payload(value.slice)
            case (.stream, 2), (.collect, 2): due.append(parameters(value.slice))
            case (.unary, 7), (.stream, 7), (.collect, 7): status = echoed(value.slice)
            default: break
            }
        }
        if job == .unary { due.append((bytes, 0, compressed)) }
        if job == .stream || status.code != .ok { proceed() }
        return .more
    }

    func halfClosed() {
        hasEnded = true
        if job == .sum, !isOver { writer.send(Proto.number(1, sum)) }
        proceed()
    }

    func writable() {
        isWaiting = false
        proceed()
    }

    func cancelled(_ reason: RPCStatus) { isOver = true }

    private func proceed() {
        guard !isOver, !isWaiting else { return }
        while status.code == .ok, let next = due.first {
            if next.delay > 0 {
                isWaiting = true
                due[0].delay = 0
                writer.port.eventLoop.assumeIsolated().scheduleTask(
                    in: .microseconds(Int64(next.delay))
                ) { [self] in
                    writable()
                    writer.flush()
                }
                return
            }
            due.removeFirst()
            let body = [UInt8](repeating: 0, count: next.bytes)
            let message = Proto.bytes(1, Proto.bytes(2, body))
            if !writer.send(message, compressed: next.compressed) {
                isWaiting = true
                return
            }
        }
        guard hasEnded || status.code != .ok else { return }
        isOver = true
        writer.finish(status, trailing: trailing)
    }

    private func payload(_ bytes: ArraySlice<UInt8>) -> Int {
        Proto.fields(bytes)?.first { $0.number == 2 }?.value.slice.count ?? 0
    }

    private func parameters(
        _ bytes: ArraySlice<UInt8>
    ) -> (bytes: Int, delay: Int, compressed: Bool?) {
        let fields = Proto.fields(bytes) ?? []
        return (
            fields.first { $0.number == 1 }?.value.int ?? 0,
            fields.first { $0.number == 2 }?.value.int ?? 0,
            fields.first { $0.number == 3 }.map { flag($0.value.slice) }
        )
    }

    /// A `BoolValue`.
    private func flag(_ bytes: ArraySlice<UInt8>) -> Bool {
        Proto.fields(bytes)?.first { $0.number == 1 }?.value.int == 1
    }

    /// The client probes whether compressed messages are told from others.
    private func expect(_ compressed: Bool) {
        guard compressed != writer.cameCompressed else { return }
        status = RPCStatus(.invalidArgument, "the message came otherwise than it says")
    }

    private func echoed(_ bytes: ArraySlice<UInt8>) -> RPCStatus {
        let fields = Proto.fields(bytes) ?? []
        let code = RPCCode(rawValue: fields.first { $0.number == 1 }?.value.int ?? 0)
        let text = fields.first { $0.number == 2 }?.value.slice ?? []
        return RPCStatus(code ?? .unknown, String(decoding: text, as: UTF8.self))
    }
}
