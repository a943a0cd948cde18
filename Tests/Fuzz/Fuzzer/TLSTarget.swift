import NIOCore

@testable import RPC

/// Bytes of a peer before there is a handshake.
final class TLSTarget: FuzzTarget {
    private let bench: ServerBench
    private let greeting: [UInt8]

    init() throws {
        bench = try ServerBench()
        greeting = try Self.hello()
    }

    func run(_ input: FuzzInput) throws {
        var input = input
        let plan = PiecePlan(&input)
        try bench.connect { connection in
            plan.cut(input.rest) { piece, happening in
                connection.deliver(ByteBuffer(bytes: piece))
                connection.happen(happening)
            }
        }
    }

    /// A client's first words.
    private static func hello() throws -> [UInt8] {
        let workshop = HTTP2Workshop()
        let context = try TLSContext.client(authorityFile: nil)
        let machine = try TLSMachine(client: context, name: "localhost", output: workshop.wire)
        _ = machine.handshake()
        return Array(workshop.wire.pointee.readableBytesView)
    }

    func seeds() -> [[UInt8]] {
        let alert: [UInt8] = [21, 3, 3, 0, 2, 2, 40]
        return [greeting, greeting + alert, alert, Array("GET / HTTP/1.1\r\n\r\n".utf8)]
            .map { PiecePlan.plain + $0 } + [[0x28, 0x1B, 0x53, 0, 0, 0, 0, 0] + greeting]
    }
}
