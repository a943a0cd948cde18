import Billing
import CChecksum
import Events
import Testing

@Suite("The format of day files")
struct FormatTests {
    private static let events = [
        Samples.event(
            5, time: 1_793_000_000_000, value: Quantity(units: 3),
            properties: [
                EventProperty("model", .text("m1"))
            ]),
        Samples.event(
            7, time: 1_793_000_000_500, delay: 500, customer: "zebra", feature: 2,
            value: Quantity(units: 1)),
    ]

    private static func file() -> [UInt8] {
        var builder = EventPartBuilder(identity: 1, after: .start)
        for event in events { builder.add(event) }
        return builder.finish()
    }

    /// Version 1, byte by byte. Files of it are on disks: this never changes.
    private static let example = """
        89 54 45 56 01 00 00 00  01 00 00 00 00 00 00 00
        01 00 00 00 00 00 00 00  10 51 00 00 C7 6F 40 0A
        00 00 F4 01 00 00 F4 01  00 02 00 C0 00 01 00 01
        02 00 01 00 04 00 00 00  09 00 00 00 61 63 6D 65
        7A 65 62 72 61 04 00 00  00 08 00 00 00 01 00 00
        00 02 00 00 00 03 00 00  00 73 6D 31 07 00 00 00
        00 00 00 00 A0 02 00 00  01 00 00 00 07 00 00 00
        01 00 00 00 01 00 00 00  34 00 00 00 00 00 00 00
        11 00 00 00 02 00 00 00  E8 2E 00 AC 45 00 00 00
        00 00 00 00 10 00 00 00  02 00 00 00 D6 BF 4D FC
        55 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 05 6D 6F 64  65 6C 55 00 00 00 00 00
        00 00 07 00 00 00 01 00  00 00 A6 0C BE 3D 02 00
        00 00 02 00 00 00 66 87  1C B0 20 00 00 00 00 00
        00 00 00 CA 20 77 A1 01  00 00 00 00 00 00 00 00
        00 00 F4 CB 20 77 A1 01  00 00 00 00 00 00 00 00
        00 00 02 00 00 00 66 87  1C B0 24 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 F4 01 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 25 07  5A 10 28 00 00 00 00 00
        00 00 05 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 07 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 16 51  EC 32 2A 00 00 00 00 00
        00 00 E0 01 00 00 01 00  00 00 00 00 00 00 00 00
        00 00 A0 02 00 00 01 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 D1 F4  0A 03 2C 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 D1 F4  0A 03 2E 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 0A 00 00 3C 47  24 D6 30 00 00 00 00 00
        00 00 01 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 03 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 A5 EF  C3 E2 32 00 00 00 00 00
        00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 01 00 00 00 00 00  00 00 00 00 00 00 00 00
        00 00 5C 00 00 00 00 00  00 00 56 02 00 00 85 D4
        9E 1D 89 54 45 56 17 38  7F 90
        """

    private static func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = hexadecimal.filter { !$0.isWhitespace }
        return try stride(from: 0, to: digits.count, by: 2).map { at in
            let start = digits.index(digits.startIndex, offsetBy: at)
            let pair = digits[start..<digits.index(start, offsetBy: 2)]
            return try #require(UInt8(pair, radix: 16))
        }
    }

    @Test("An example of the format is read")
    func reads() throws {
        let part = try EventPart(file: MemoryBytes(bytes: try Self.bytes(Self.example)))
        #expect(part.identity == 1)
        #expect(part.firstSequence == 1)
        #expect(part.day == 20_752)
        #expect(part.watermark == EventWatermark(sequence: 7, position: 1 << 32 | 672, chain: 7))
        try part.verify()
        let list = ListQuery(filter: EventFilter(), order: .oldestFirst)
        #expect(try list.run(over: [part]) == Self.events)
    }

    @Test("The same events are written as the example")
    func writes() throws {
        let file = Self.file()
        #expect(try file == Self.bytes(Self.example))
    }

    @Test("A file reads like the events it is made of")
    func tailAndFile() throws {
        var builder = EventPartBuilder(identity: 1, after: .start)
        let events = Samples.events(500, seed: 3)
        for event in events { builder.add(event) }
        let tail = builder.part()
        let file = try EventPart(file: MemoryBytes(bytes: builder.finish()))
        let list = ListQuery(filter: EventFilter(), order: .oldestFirst, limit: 1_000)
        #expect(try list.run(over: [tail]) == list.run(over: [file]))
        #expect(tail.watermark == file.watermark)
        #expect(tail.rows == 500 && file.rows == 500)
    }

    @Test("Every flipped bit is noticed")
    func flips() throws {
        let file = Self.file()
        for offset in file.indices {
            for bit in 0..<8 {
                var damaged = file
                damaged[offset] ^= 1 << bit
                #expect(throws: EventFault.self, "bit \(bit) at \(offset)") {
                    try EventPart(file: MemoryBytes(bytes: damaged)).verify()
                }
            }
        }
    }

    @Test("A file cut short is noticed, wherever")
    func cuts() {
        let file = Self.file()
        for count in file.indices {
            #expect(throws: EventFault.self, "at \(count)") {
                try EventPart(file: MemoryBytes(bytes: Array(file[..<count])))
            }
        }
    }

    @Test("A newer version is told from damage")
    func newer() throws {
        var file = Self.file()
        file[4] = 2
        let sum = file.withUnsafeBytes { tally_crc32c(0, $0.baseAddress, 28) }
        withUnsafeBytes(of: sum.littleEndian) { file.replaceSubrange(28..<32, with: $0) }
        #expect(throws: EventFault.newer(2)) {
            try EventPart(file: MemoryBytes(bytes: file))
        }
    }

    @Test("A file is full by its day, not by an earlier one")
    func full() {
        var builder = EventPartBuilder(identity: 1, after: .start)
        let day: Int64 = 86_400_000
        builder.add(Samples.event(1, time: 10 * day))
        let times: [Timestamp?] = [
            Timestamp(milliseconds: 11 * day - 1), Timestamp(milliseconds: 10 * day - 1),
            Timestamp(milliseconds: 11 * day), nil,
        ]
        var answers: [Bool] = []
        for time in times { answers.append(builder.isFull(for: time)) }
        #expect(answers == [false, false, true, false])
        builder.pass(EventWatermark(sequence: 1 << 22, position: 1, chain: 0))
        let isFull = builder.isFull(for: nil)
        #expect(isFull)
    }
}
