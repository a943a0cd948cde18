@testable import RPC

/// gRPC's frame around messages, and gzip. Bit 0 of the first byte: the body of a streaming call
/// through a whole connection, cut as the input says, which must come to the same messages as
/// reading it in one go; otherwise the functions alone.
final class FramingTarget: FuzzTarget {
    private static let limit = 8192
    private let bench: ServerBench
    private let gzip = Gzip()

    init() throws {
        bench = try ServerBench()
    }

    func run(_ input: FuzzInput) throws {
        var input = input
        if input.byte() & 1 == 1 { try reassemble(input) } else { inspect(input) }
    }

    // MARK: Functions

    private func inspect(_ input: FuzzInput) {
        var input = input
        let limit = Int(input.byte()) * 16
        let bytes = input.rest
        let early = GRPCFraming.early(bytes, limit: limit)
        switch GRPCFraming.unary(bytes, limit: limit) {
        case .message(let range):
            expect(range.upperBound == bytes.count && range.count <= limit, "a wrong range")
            expect(early == nil, "refused early what is whole")
            var prefix: [UInt8] = [0, 0, 0, 0, 0]
            prefix.withUnsafeMutableBytes {
                GRPCFraming.writePrefix(
                    $0.baseAddress.unsafelyUnwrapped, length: range.count,
                    isCompressed: bytes[0] == 1)
            }
            expect(bytes.prefix(5).elementsEqual(prefix), "the prefix reads but doesn't write")
        case .failed(let status): expect(status.code != .ok, "a failure without a code")
        }
        if case .message(_, let range) = GRPCFraming.next(bytes, limit: limit) {
            expect(range.upperBound <= bytes.count && range.count <= limit, "a wrong range")
        }
        inspectGzip(bytes, limit: limit)
    }

    private func inspectGzip(_ bytes: UnsafeRawBufferPointer, limit: Int) {
        if case .done(let expanded) = gzip.expand(bytes, limit: limit) {
            expect(expanded.count <= limit, "expanded beyond its limit")
        }
        guard let packed = gzip.compress(bytes) else { fatalError("gzip refuses to compress") }
        let copy = Array(packed)
        copy.withUnsafeBytes { packed in
            guard case .done(let back) = gzip.expand(packed, limit: bytes.count) else {
                fatalError("what was compressed doesn't expand")
            }
            expect(back.elementsEqual(bytes), "what was compressed expands to something else")
            guard bytes.count > 0 else { return }
            guard case .tooLarge = gzip.expand(packed, limit: bytes.count - 1) else {
                fatalError("expanded beyond its limit")
            }
        }
    }

    // MARK: Reassembly

    private func reassemble(_ input: FuzzInput) throws {
        var input = input
        let plan = PiecePlan(&input)
        let body = input.take(12_000)
        bench.dispatcher.recorded = []
        try bench.connect(protocols: 0) { connection in
            let opening =
                Frames.preface + Frames.settings
                + Frames.call(1, FuzzDispatcher.Method.record.path, [("grpc-encoding", "gzip")])
            opening.withUnsafeBytes(connection.say)
            plan.cut(body) { piece, happening in
                let frame = Frames.data(1, Array(piece), isLast: false)
                frame.withUnsafeBytes(connection.say)
                connection.happen(happening == 5 ? 5 : 0)
            }
            while bench.dispatcher.isPaused { connection.happen(5) }
        }
        expect(bench.dispatcher.recorded == messages(body), "pieces make other messages")
    }

    /// In one go.
    private func messages(_ body: UnsafeRawBufferPointer) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var rest = body
        while case .message(let isCompressed, let range) =
            GRPCFraming.next(rest, limit: Self.limit)
        {
            let message = UnsafeRawBufferPointer(rebasing: rest[range])
            rest = UnsafeRawBufferPointer(rebasing: rest[range.upperBound...])
            if !isCompressed {
                found.append(Array(message))
            } else if case .done(let expanded) = gzip.expand(message, limit: Self.limit) {
                found.append(Array(expanded))
            } else {
                break
            }
        }
        return found
    }

    func seeds() -> [[UInt8]] {
        let text = [UInt8](repeating: 98, count: 700)
        let packed = text.withUnsafeBytes { gzip.compress($0).map { Array($0) } } ?? []
        let bodies: [[UInt8]] = [
            Frames.message("a") + Frames.message("pause") + Frames.message(""),
            Frames.message(packed, isCompressed: true) + Frames.message("p") + Frames.message("b"),
            Frames.message(text), [2, 0, 0, 0, 0], [0, 255, 255, 255, 255], packed,
        ]
        let cut: [UInt8] = [0x08, 0x10, 0x18, 0x25, 0x0D, 0x29, 0, 0]
        var seeds: [[UInt8]] = []
        for body in bodies {
            seeds.append([0, 64] + body)
            seeds.append([1] + PiecePlan.plain + body)
            seeds.append([1] + cut + body)
        }
        return seeds
    }
}
