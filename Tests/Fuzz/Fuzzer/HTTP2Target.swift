@testable import RPC

/// Clear text of a peer that has shaken hands. Bit 0 of the first byte: HTTP/1.1; bit 1: without
/// the opening of HTTP/2, so that the input has to bring it.
final class HTTP2Target: FuzzTarget {
    private let bench: ServerBench

    init() throws {
        bench = try ServerBench()
    }

    func run(_ input: FuzzInput) throws {
        var input = input
        let mode = input.byte()
        let plan = PiecePlan(&input)
        try bench.connect(protocols: Int(mode & 1)) { connection in
            if mode & 3 == 0 { (Frames.preface + Frames.settings).withUnsafeBytes(connection.say) }
            plan.cut(input.rest) { piece, happening in
                connection.say(piece)
                connection.happen(happening)
            }
        }
    }

    func seeds() -> [[UInt8]] {
        let plans: [[UInt8]] = [
            PiecePlan.plain, [0x59, 0x3A, 0x2B, 0x24, 0x8D, 0x1E, 0x37, 0],
        ]
        var all: [[UInt8]] = []
        for plan in plans {
            for call in calls { all.append([0] + plan + call) }
        }
        all.append([2] + PiecePlan.plain + Frames.preface + Frames.settings)
        for request in Self.http1 { all.append([1] + PiecePlan.plain + Array(request.utf8)) }
        return all
    }

    private var calls: [[UInt8]] {
        typealias Method = FuzzDispatcher.Method
        let gzip = Gzip()
        let text = [UInt8](repeating: 97, count: 600)
        let packed = text.withUnsafeBytes { gzip.compress($0).map { Array($0) } } ?? []
        var all: [[UInt8]] = Method.allCases.map {
            Frames.call(1, $0.path) + Frames.data(1, Frames.message("hello"))
        }
        let several = ["h", "m123", "p", "r", "echo", "f"].flatMap { Frames.message($0) }
        for method in [Method.stream, .server, .client, .record] {
            all.append(
                Frames.call(1, method.path) + Frames.data(1, several, isLast: false)
                    + Frames.frame(8, 0, 1, [0, 0, 1, 0]) + Frames.data(1, []))
        }
        let zipped = [("grpc-encoding", "gzip"), ("grpc-accept-encoding", "identity, gzip")]
        for method in [Method.echo, .stream, .meta] {
            all.append(
                Frames.call(1, method.path, zipped)
                    + Frames.data(1, Frames.message(packed, isCompressed: true)))
        }
        let fields = [
            ("grpc-timeout", "1n"), ("x-a", "b"), ("x-b-bin", "AAECAw=="), ("cookie", "c"),
        ]
        all.append(Frames.call(1, Method.hold.path, fields) + Frames.data(1, Frames.message("")))
        all.append(
            Frames.call(1, Method.hold.path) + Frames.data(1, Frames.message("a"))
                + Frames.call(3, Method.hold.path) + Frames.data(3, Frames.message("b"))
                + Frames.frame(3, 0, 1, [0, 0, 0, 8]))
        all.append(Self.control)
        all.append(Self.page + Frames.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]))
        return all
    }

    private static let page = Frames.frame(
        1, 5, 1,
        Frames.block([
            (":method", "GET"), (":scheme", "https"), (":path", "/a?b"), (":authority", "x"),
        ]))

    /// A frame of every kind.
    private static let control =
        Frames.frame(4, 0, 0, [0, 4, 0, 0, 0, 9, 0, 5, 0, 0, 64, 0]) + Frames.frame(4, 1, 0)
        + Frames.frame(6, 1, 0, [1, 0, 0, 0, 0, 0, 0, 0]) + Frames.frame(8, 0, 0, [0, 0, 1, 0])
        + Frames.frame(2, 0, 1, [0, 0, 0, 0, 15])
        + Frames.frame(1, 0, 1, Frames.block([(":method", "POST"), (":scheme", "https")]))
        + Frames.frame(9, 4, 1, Frames.block([(":path", "/f.F/echo"), (":authority", "x")]))
        + Frames.frame(0, 8, 1, [2, 0, 0, 0]) + Frames.frame(1, 5, 1, Frames.block([("x", "y")]))
        + Frames.frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])

    private static let http1 = [
        "GET /a?b HTTP/1.1\r\nhost: x\r\n\r\n",
        "POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabcGET /b HTTP/1.1\r\n\r\n",
        "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n",
        "HEAD /missing HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nexpect: 100-continue\r\nupgrade: h2c\r\n\r\n",
    ]
}
