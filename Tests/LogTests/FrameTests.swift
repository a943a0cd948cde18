import CChecksum
import Testing

@testable import Repository

/// The example in the comment at the top of `LogFrame.swift`.
private let example: [UInt8] = [
    0x89, 0x54, 0x4C, 0x46, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xCA, 0x7E, 0xAC, 0x7D, 0xAD, 0xCF, 0x14, 0xC5, 0xCA, 0x29, 0xEF, 0xE4,
    0x74, 0x61, 0x6C, 0x6C, 0x79, 0x00, 0x00, 0x00,
]

@Suite struct ChecksumTests {
    /// The check value of the catalogue, and the vectors of RFC 3720, B.4.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283),
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0...31), 0x46DD_794E),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func knownValues(bytes: [UInt8], expected: UInt32) {
        #expect(bytes.withUnsafeBytes { checksum($0) } == expected)
        #expect(bytes.withUnsafeBytes { portable($0, 0) } == expected)
    }

    @Test func bothFormsAgreeAndContinue() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 73) }
        bytes.withUnsafeBytes { all in
            for start in 0..<16 {
                for end in start...all.count {
                    let part = UnsafeRawBufferPointer(rebasing: all[start..<end])
                    #expect(checksum(part, seed: 7) == portable(part, 7))
                }
                let head = UnsafeRawBufferPointer(rebasing: all[..<start])
                let tail = UnsafeRawBufferPointer(rebasing: all[start...])
                #expect(checksum(tail, seed: checksum(head)) == checksum(all))
            }
        }
    }

    private func portable(_ bytes: UnsafeRawBufferPointer, _ seed: UInt32) -> UInt32 {
        tally_crc32c_portable(seed, bytes.baseAddress, bytes.count)
    }
}

@Suite struct FrameTests {
    /// A collector over a segment of 1,024 bytes.
    private func collector() -> LogCollector {
        var collector = LogCollector(
            identity: 1, payloadLimit: 512, buffer: BatchBuffer(capacity: 4_096))
        collector.begin(at: LogEnd(), ready: [ReadySegment(id: 1, size: 1_024)])
        return collector
    }

    /// The bytes a batch would have on disk.
    private func bytes(of batch: Batch?, durableThrough: UInt64 = 0) throws -> [UInt8] {
        let batch = try #require(batch)
        let part = try #require(batch.parts.first)
        var at = 0
        while at < part.count {
            at += FrameHeader.seal(
                batch.buffer.base + part.start + at, durableThrough: durableThrough)
        }
        return Array(UnsafeRawBufferPointer(start: batch.buffer.base, count: part.count))
    }

    @Test func exampleInTheFormat() throws {
        var collector = collector()
        let appended = try Array("tally".utf8).withUnsafeBytes { try collector.append($0) }
        #expect(appended.sequence == 1)
        #expect(appended.position == LogPosition(segment: 1, offset: 80))
        let written = try bytes(of: collector.take(spare: BatchBuffer(capacity: 4_096)))
        #expect(Array(written[80...]) == example)
        let header = try example.withUnsafeBytes { try FrameHeader.decode($0) }
        #expect(header.kind == .record)
        #expect(header.segment == 1)
        #expect(header.sequence == 1)
        #expect(header.durableThrough == 0)
        #expect(header.length == 5)
        #expect(header.seed == 0)
        #expect(header.tag == FrameHeader.tag(identity: 1))
        #expect(header.frameSize == example.count)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 100, 512])
    func payloadsOfAllLengths(length: Int) throws {
        var collector = collector()
        let payload = [UInt8](repeating: 0xA5, count: length)
        _ = try payload.withUnsafeBytes { try collector.append($0) }
        let written = try bytes(
            of: collector.take(spare: BatchBuffer(capacity: 4_096)), durableThrough: 0)
        #expect(written.count % 8 == 0)
        written.withUnsafeBytes { bytes in
            let tag = FrameHeader.tag(identity: 1)
            var scan = FrameScan(bytes, segment: 1, tag: tag, after: nil)
            guard case .opening(_, let opening) = scan.next() else {
                Issue.record("no opening frame")
                return
            }
            #expect(opening.identity == 1 && opening.firstSequence == 1)
            guard case .record(let header, let range) = scan.next() else {
                Issue.record("no record")
                return
            }
            #expect(header.sequence == 1 && Array(bytes[range]) == payload)
            #expect(scan.next() == .stop(.noRoom))
        }
    }

    /// Whatever byte of the frame is changed, it is noticed.
    @Test func everyByteIsCovered() throws {
        for index in 0..<53 {
            var damaged = example
            damaged[index] ^= 0x10
            damaged.withUnsafeBytes { bytes in
                let header = try? FrameHeader.decode(bytes)
                let payload = UnsafeRawBufferPointer(rebasing: bytes[48..<53])
                let isWhole = header.map { checksum(payload, seed: $0.seed) == $0.checksum }
                #expect(isWhole != true, "byte \(index)")
            }
        }
    }

    @Test func nothingIsTakenByARefusal() throws {
        var collector = collector()
        let small = [UInt8](repeating: 1, count: 400)
        _ = try small.withUnsafeBytes { try collector.append($0) }
        let before = collector.end
        let table: [(Int, LogFault)] = [
            (513, .tooLarge(length: 513, limit: 512)),
            (512, .unavailable("the next segment is being prepared")),
        ]
        for (length, fault) in table {
            let payload = [UInt8](repeating: 2, count: length)
            #expect(throws: fault) {
                _ = try payload.withUnsafeBytes { try collector.append($0) }
            }
            #expect(collector.end == before)
        }
    }

    @Test func positionsAreOrdered() {
        let positions = [(1, 80), (1, 4_000_000_000), (2, 0), (0xFFFF_FFFF, 8)]
            .map { LogPosition(segment: UInt32($0.0), offset: $0.1) }
        #expect(positions == positions.sorted())
        #expect(positions.map(\.offset) == [80, 4_000_000_000, 0, 8])
        #expect(LogPosition(rawValue: positions[3].rawValue).segment == 0xFFFF_FFFF)
    }
}
