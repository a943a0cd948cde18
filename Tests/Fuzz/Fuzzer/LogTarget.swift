@testable import Billing
@testable import Repository
@testable import Wire

/// The log's bytes. The first byte, modulo 3: 0 reads the rest as a segment, 1 as a record;
/// 2 writes a log, damages it as the input says and recovers it.
final class LogTarget: FuzzTarget {
    private static let identity: UInt64 = 1
    private static let folder = "log"
    private static var tag: UInt32 { FrameHeader.tag(identity: identity) }

    init() {}

    func run(_ input: FuzzInput) throws {
        var input = input
        switch input.byte() % 3 {
        case 0: scan(input.rest)
        case 1: decode(input.rest)
        default: try damage(input)
        }
    }

    // MARK: Frames

    private func scan(_ bytes: UnsafeRawBufferPointer) {
        var scan = FrameScan(bytes, segment: 1, tag: Self.tag, after: nil)
        var before = -1
        while true {
            expect(scan.offset > before, "the scan stands still")
            expect(scan.offset % FrameHeader.alignment == 0, "a frame at \(scan.offset)")
            before = scan.offset
            switch scan.next() {
            case .opening, .closing: break
            case .record(let header, let payload):
                expect(payload.upperBound <= bytes.count, "a payload beyond the segment")
                let content = UnsafeRawBufferPointer(rebasing: bytes[payload])
                expect(
                    checksum(content, seed: header.seed) == header.checksum, "a wrong checksum")
            case .stop(let problem):
                expect(!problem.description.isEmpty, "a problem without words")
                _ = scan.isRestUnused
                guard scan.resume() else { return evidence(bytes) }
            }
        }
    }

    private func evidence(_ bytes: UnsafeRawBufferPointer) {
        let found = Evidence.find(
            in: bytes, from: 0, segment: 1, tag: Self.tag, lost: 1,
            bad: LogPosition(segment: 1, offset: 0), isEnd: false)
        guard let found else { return }
        expect(found.offset + found.header.frameSize <= bytes.count, "evidence beyond the end")
    }

    // MARK: Records

    private func decode(_ bytes: UnsafeRawBufferPointer) {
        let arena = Arena(cap: 16 << 20)
        let (decoder, writer) = (RecordDecoder(arena: arena), RecordWriter(arena: arena))
        if let record = try? decoder.record(bytes) {
            let written = record.reply.withUnsafeBytes { writer.record(record, reply: $0) }
            guard let again = try? decoder.record(written) else {
                fatalError("a record that was written doesn't read")
            }
            expect(
                again.customer == record.customer && again.time == record.time
                    && again.catalogSequence == record.catalogSequence
                    && again.previousPosition == record.previousPosition
                    && again.facts == record.facts && again.request == record.request
                    && again.reply == record.reply, "a record there and back")
        }
        if let record = try? decoder.directory(bytes) {
            guard let again = try? decoder.directory(writer.directory(record)) else {
                fatalError("a publication that was written doesn't read")
            }
            expect(
                again.change == record.change && again.time == record.time
                    && again.requestID == record.requestID, "a publication there and back")
        }
    }

    // MARK: Recovery

    private func damage(_ input: FuzzInput) throws {
        var input = input
        let disk = MemoryDisk()
        let payloads = try write(&input, to: disk)
        let whole = disk.copy()
        harm(disk, &input)
        let proven = Self.proven(whole, disk)
        do {
            let log = Self.log(disk)
            var read = try Self.replay(log)
            expect(read.elementsEqual(payloads.prefix(read.count)), "a record that wasn't written")
            expect(read.count >= proven, "\(proven) were durable, \(read.count) came back")
            guard (try? Self.append([1, 2, 3], to: log)) != nil else { return }
            log.drive()
            read.append([1, 2, 3])
            expect(try Self.replay(Self.log(disk)) == read, "it doesn't go on where it ended")
        } catch is LogFault {}
    }

    /// Up to 24 records in segments of 512 bytes; some batches hold several.
    private func write(_ input: inout FuzzInput, to disk: MemoryDisk) throws -> [[UInt8]] {
        let log = Self.log(disk)
        _ = try Self.replay(log)
        var payloads: [[UInt8]] = []
        for number in 0..<UInt8(input.byte() % 25) {
            let length = input.byte()
            let payload = [UInt8](repeating: number ^ length, count: Int(length % 128))
            try Self.append(payload, to: log)
            payloads.append(payload)
            if length >= 128 { log.drive() }
        }
        log.drive()
        return payloads
    }

    /// Up to five bits, which a CRC-32C over so short a frame always notices, and an end.
    private func harm(_ disk: MemoryDisk, _ input: inout FuzzInput) {
        let segments = SegmentFolder(disk: disk, folder: Self.folder)
        guard let ids = try? segments.segments(), !ids.isEmpty else { return }
        for _ in 0..<input.byte() % 6 {
            let path = SegmentName.path(ids[Int(input.byte()) % ids.count], in: Self.folder)
            let place = Int(input.byte()) << 8 | Int(input.byte())
            guard let file = disk.files[path], !file.bytes.isEmpty else { continue }
            file.bytes[place / 8 % file.bytes.count] ^= 1 << UInt8(place & 7)
        }
        guard input.byte() & 1 == 1 else { return }
        let path = SegmentName.path(ids[Int(input.byte()) % ids.count], in: Self.folder)
        let place = Int(input.byte()) << 8 | Int(input.byte())
        guard let file = disk.files[path], !file.bytes.isEmpty else { return }
        file.bytes.removeLast(place % file.bytes.count)
    }

    /// The last record of which a frame that is still whole says that it was durable.
    private static func proven(_ whole: MemoryDisk, _ damaged: MemoryDisk) -> Int {
        var proven = 0
        for (path, file) in whole.files {
            guard let name = path.split(separator: "/").last.map(String.init),
                let segment = SegmentName.segment(name), let other = damaged.files[path]
            else { continue }
            file.bytes.withUnsafeBytes { bytes in
                var at = 0
                while let header = try? FrameScan.header(
                    in: bytes, at: at, segment: segment, tag: tag)
                {
                    let end = at + header.frameSize
                    if end <= other.bytes.count,
                        other.bytes[at..<end].elementsEqual(bytes[at..<end])
                    {
                        proven = max(proven, Int(header.durableThrough))
                    }
                    at = end
                    guard at + FrameHeader.size <= bytes.count else { break }
                }
            }
        }
        return proven
    }

    private static func log(_ disk: MemoryDisk) -> FlatFileLog {
        var settings = LogSettings()
        settings.segmentSize = 512
        settings.bufferSize = 8192
        settings.isDriven = true
        return FlatFileLog(folder: folder, identity: identity, disk: disk, settings: settings)
    }

    private static func replay(_ log: FlatFileLog) throws -> [[UInt8]] {
        var records: [[UInt8]] = []
        _ = try log.replay(from: 1) { sequence, _, payload in
            expect(Int(sequence) == records.count + 1, "record \(sequence) out of turn")
            records.append(Array(payload))
        }
        return records
    }

    /// Patiently, where the next segment isn't ready yet.
    private static func append(_ payload: [UInt8], to log: FlatFileLog) throws {
        for _ in 0..<4 {
            do {
                _ = try payload.withUnsafeBytes { try log.append($0) }
                return
            } catch LogFault.unavailable {
                log.drive()
            }
        }
        throw LogFault.unavailable("the fuzzer's patience is over")
    }

    func seeds() throws -> [[UInt8]] {
        let disk = MemoryDisk()
        var input: [UInt8] = [8, 5, 200, 40, 130, 0, 17, 255, 90]
        _ = try input.withUnsafeBytes { bytes in
            var input = FuzzInput(bytes)
            return try write(&input, to: disk)
        }
        var seeds = disk.files.values.map { [0] + $0.bytes }
        input += [2, 0, 1, 2, 0, 3, 4, 1, 0, 0, 30]
        seeds.append([2] + input)
        seeds.append([2, 20] + [UInt8](repeating: 150, count: 20) + [0, 0])
        return seeds + (try records())
    }

    private func records() throws -> [[UInt8]] {
        let writer = RecordWriter(arena: Arena())
        let names = try SamplePricing.names()
        let draft = PricingDraft(
            currency: "usd", features: names.pricing.features,
            plans: names.pricing.plans.map { $0[0] })
        let publication = DirectoryRecord(time: .epoch, published: draft, requestID: "r")
        let move = EnvironmentClockMove(offset: 1, time: .epoch, fingerprint: 2)
        let moved = DirectoryRecord(time: .epoch, change: .clockMoved(move), requestID: "r")
        return [publication, moved].map { [1] + Array(writer.directory($0)) }
            + SampleFacts.all.compactMap { SampleFacts.record([$0]) }.map { record in
                return [1]
                    + Array(record.reply.withUnsafeBytes { writer.record(record, reply: $0) })
            }
    }
}
