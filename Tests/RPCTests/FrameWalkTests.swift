import Testing

@testable import RPC

@Suite struct FrameWalkTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    struct Talk: Sendable {
        let name: String
        let frames: [[UInt8]]
        var fault: FrameWalk.Fault?
    }

    private static func headers(_ stream: UInt8, end: Bool = false) -> [UInt8] {
        RawFrames.frame(1, end ? 5 : 4, stream, [1, 2, 3])
    }

    private static func data(_ stream: UInt8, end: Bool = false, bytes: Int = 40) -> [UInt8] {
        RawFrames.frame(0, end ? 1 : 0, stream, Array(repeating: 1, count: bytes))
    }

    private static func reset(_ stream: UInt8) -> [UInt8] {
        RawFrames.frame(3, 0, stream, [0, 0, 0, 8])
    }

    private static func priority(_ stream: UInt8, on other: UInt8) -> [UInt8] {
        RawFrames.frame(2, 0, stream, [0, 0, 0, other, 15])
    }

    static let talks: [Talk] = [
        Talk(name: "calls", frames: [headers(1), data(1, end: true), headers(3, end: true)]),
        Talk(name: "trailers", frames: [headers(1), data(1), headers(1, end: true), headers(3)]),
        Talk(name: "no bytes", frames: [headers(1), data(1, bytes: 0), data(1, end: true)]),
        Talk(name: "ids passed over", frames: [headers(1), headers(9), data(9), headers(11)]),
        Talk(
            name: "data after the end", frames: [headers(1, end: true), data(1)],
            fault: .streamClosed),
        Talk(
            name: "data after a reset", frames: [headers(1), reset(1), data(1)],
            fault: .streamClosed),
        Talk(
            name: "headers after the end", frames: [headers(1, end: true), headers(1)],
            fault: .streamClosed),
        Talk(
            name: "an id passed over", frames: [headers(1), headers(5), headers(3)],
            fault: .streamPassedOver),
        Talk(
            name: "what ended long ago is forgotten",
            frames: [headers(1, end: true)]
                + (1...127).map { headers(2 * $0 + 1, end: true) }
                + [[0, 0, 1, 1, 5, 0, 0, 1, 1, 2], data(1)]),
        Talk(
            name: "what ended a while ago isn't",
            frames: [headers(1, end: true)]
                + (1...127).map { headers(2 * $0 + 1, end: true) } + [data(1)],
            fault: .streamClosed),
        Talk(name: "a priority", frames: [priority(3, on: 1), headers(1), data(1, end: true)]),
        Talk(
            name: "a priority of no stream", frames: [priority(0, on: 1)],
            fault: .priorityMalformed),
        Talk(
            name: "a priority on itself", frames: [headers(1), priority(5, on: 5)],
            fault: .priorityMalformed),
        Talk(
            name: "a priority of another length is the library's",
            frames: [RawFrames.frame(2, 0, 0, [0, 0, 0, 0]), headers(1), data(1, end: true)]),
    ]

    /// In one piece, and byte by byte.
    @Test(arguments: talks)
    func faultsAreSeen(talk: Talk) {
        let bytes = Self.preface + talk.frames.joined()
        var whole = FrameWalk()
        #expect(bytes.withUnsafeBytes { whole.walk($0) } == talk.fault)
        var pieces = FrameWalk()
        let faults = bytes.compactMap { byte in withUnsafeBytes(of: byte) { pieces.walk($0) } }
        #expect(faults.first == talk.fault)
    }
}
