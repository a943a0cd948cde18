internal import Repository

/// A log of real commands, cut off at every byte, and with every byte changed.
///
/// Cut off, as a power cut leaves it: every whole record before the cut is recovered, and so is
/// what is appended next. Behind the cut the file ends, or holds what it held before: zeros, or,
/// where segments are recycled, an older segment's frames. Changed: the
/// log is refused and the place named, or the records before the place are recovered, the loss is
/// reported, and no durable frame on disk says that what is lost was durable once.
package struct EveryPoint: Sendable {
    private struct Frame: Sendable {
        var segment: UInt32
        /// Bytes of the segment.
        var range: Range<Int>
        /// Of the last record up to its end.
        var sequence: UInt64
        var durableThrough: UInt64
    }

    /// How the bytes after a cut read.
    private enum Rest: CaseIterable {
        case missing
        /// As they were before the segment was used.
        case former
    }

    static let folder = "partition-0"

    private let files: [(path: String, bytes: [UInt8])]
    /// What recycled segments held, by their paths.
    private let former: [String: [UInt8]]
    /// The first record and the first segment that are still there.
    private let first: UInt64
    private let firstSegment: UInt32
    private let payloads: [[UInt8]]
    private let frames: [Frame]
    private let settings: LogSettings

    /// - Parameter isRecycled: old segments are removed as the log grows, and used again.
    package init(records: Int, isRecycled: Bool = false) throws {
        let (files, payloads, settings) = try Simulation.smallLog(records: records)
        (self.payloads, self.settings) = (payloads, settings)
        (self.files, former) =
            isRecycled ? try RecyclingLog(settings).write(payloads) : (files, [:])
        let disk = SimulatedDisk()
        for file in self.files { disk.put(file.bytes, at: file.path) }
        var frames: [Frame] = []
        var last: UInt64 = 0
        var first: UInt64 = 0
        try LogReader(folder: Self.folder, disk: DiskSession(disk, seed: 0)).forEachFrame {
            guard let header = $0.header else { throw Violation("the sample log isn't whole") }
            if header.kind == .record { last = header.sequence }
            if frames.isEmpty { first = header.sequence }
            frames.append(
                Frame(
                    segment: $0.segment,
                    range: $0.offset..<$0.offset + FrameHeader.size + header.length,
                    sequence: last, durableThrough: header.durableThrough))
        }
        self.frames = frames
        self.first = first
        firstSegment = frames.first?.segment ?? 1
        guard payloads.count >= records, Int(last) == payloads.count else {
            throw Violation("the sample log has \(last) of \(payloads.count) records")
        }
    }

    /// One place: a segment's file and a byte of it.
    package typealias Place = (file: Int, byte: Int)

    /// Every `stride`-th byte of every segment.
    package func places(stride: Int) -> [Place] {
        files.indices.flatMap { file in
            Swift.stride(from: 0, to: files[file].bytes.count, by: stride).map { (file, $0) }
        }
    }

    /// Cuts the log off before the place.
    package func cut(at place: Place) throws {
        let segment = segment(of: place)
        let whole = frames.last {
            // Its padding included.
            $0.segment < segment
                || ($0.segment == segment && ($0.range.upperBound + 7) & ~7 <= place.byte)
        }
        for rest in Rest.allCases {
            let disk = SimulatedDisk()
            for (index, file) in files.enumerated() {
                if index > place.file, rest == .missing { continue }
                var bytes = file.bytes
                let kept = index < place.file ? bytes.count : index > place.file ? 0 : place.byte
                bytes.removeLast(bytes.count - kept)
                if rest == .former {
                    bytes +=
                        former[file.path]?.dropFirst(kept)
                        ?? [UInt8](repeating: 0, count: file.bytes.count - kept)[...]
                }
                disk.put(bytes, at: file.path)
            }
            do {
                let least = max(whole?.sequence ?? 0, first - 1)
                let (count, _) = try recover(disk, goesOn: true)
                guard count >= least else {
                    throw Violation("\(count) of \(least) whole records")
                }
                guard try recover(disk).count == count else {
                    throw Violation("what came after \(count) isn't what was appended")
                }
            } catch LogFault.corrupt where place.file == 0 && place.byte < 80 && first > 1 {
                // The log's oldest segment, whose beginning is missing.
            } catch {
                throw Violation("cut at \(files[place.file].path), byte \(place.byte): \(error)")
            }
        }
    }

    /// Changes one bit of the byte.
    package func flip(at place: Place) throws {
        let disk = SimulatedDisk()
        for (index, file) in files.enumerated() where index != place.file {
            disk.put(file.bytes, at: file.path)
        }
        var bytes = files[place.file].bytes
        bytes[place.byte] ^= 1 << UInt8(place.byte % 8)
        disk.put(bytes, at: files[place.file].path)
        do {
            try check(flipped: place, recover(disk))
        } catch LogFault.corrupt(let segment, let offset, _) {
            do {
                try check(refused: place, segment: segment, offset: offset)
            } catch {
                throw Violation("byte \(place.byte) of \(files[place.file].path): \(error)")
            }
        } catch {
            throw Violation("byte \(place.byte) of \(files[place.file].path) changed: \(error)")
        }
    }

    private func check(flipped place: Place, _ found: (count: UInt64, torn: Int)) throws {
        let hit = frame(at: place)
        // What the frames that are still whole say was durable.
        let whole = frames.filter { $0.range != hit?.range || $0.segment != hit?.segment }
        let proven = whole.map(\.durableThrough).max() ?? 0
        guard found.count >= proven else {
            throw Violation("recovered \(found.count), but \(proven) were durable for sure")
        }
        guard found.count == payloads.count || found.torn > 0 else {
            throw Violation("lost \(payloads.count - Int(found.count)) records in silence")
        }
    }

    /// The place is the frame that was hit; for a segment's first one, the end of the log before
    /// it; for what a segment has left at its end, where that begins.
    private func check(refused place: Place, segment: UInt32, offset: Int) throws {
        guard let hit = frames.firstIndex(where: { isHit($0, place) }) else {
            let last = frames.last { $0.segment == self.segment(of: place) }
            guard let last, segment == last.segment, place.byte >= last.range.upperBound,
                offset == (last.range.upperBound + 7) & ~7
            else { throw Violation("refused at \(segment), \(offset): no frame was hit") }
            return
        }
        let before = hit > 0 ? frames[hit - 1] : frames[hit]
        let isNamed = segment == frames[hit].segment && offset == frames[hit].range.lowerBound
        let isBefore = frames[hit].range.lowerBound == 0 && segment == before.segment
        guard isNamed || isBefore else {
            throw Violation("segment \(segment), offset \(offset) was named")
        }
    }

    /// What is recovered, and then, if it goes on, appended: the records that belong there, in a
    /// batch.
    private func recover(
        _ disk: SimulatedDisk, goesOn: Bool = false
    ) throws -> (count: UInt64, torn: Int) {
        var settings = settings
        settings.isDriven = true
        let log = FlatFileLog(
            folder: Self.folder, identity: Machine.identity &+ 2,
            disk: DiskSession(disk, seed: 0), settings: settings)
        var count = first - 1
        let report = try log.replay(from: first) { sequence, _, payload in
            guard sequence == count + 1, count < payloads.count,
                payloads[Int(count)].elementsEqual(payload)
            else { throw Violation("record \(sequence) isn't what was submitted") }
            count += 1
        }
        guard goesOn else { return (count, report.tornBytes) }
        log.drive()
        for payload in payloads[Int(count)...].prefix(2) {
            count = try payload.withUnsafeBytes { try log.append($0) }.sequence
        }
        log.drive()
        return (count, report.tornBytes)
    }

    private func segment(of place: Place) -> UInt32 { UInt32(place.file) + firstSegment }

    private func isHit(_ frame: Frame, _ place: Place) -> Bool {
        frame.segment == segment(of: place) && frame.range.contains(place.byte)
    }

    private func frame(at place: Place) -> Frame? { frames.first { isHit($0, place) } }
}

/// A log that drops its old segments as it grows, and uses them again.
private struct RecyclingLog {
    private let settings: LogSettings
    private let disk = SimulatedDisk()

    init(_ settings: LogSettings) {
        self.settings = settings
    }

    /// The segments that are left, and what those held that are recycled.
    func write(
        _ payloads: [[UInt8]]
    ) throws -> (files: [(path: String, bytes: [UInt8])], former: [String: [UInt8]]) {
        var settings = settings
        settings.isDriven = true
        let log = FlatFileLog(
            folder: EveryPoint.folder, identity: Machine.identity &+ 2,
            disk: DiskSession(disk, seed: 0), settings: settings)
        _ = try log.replay(from: 1) { _, _, _ in }
        var former: [String: [UInt8]] = [:]
        for (index, payload) in payloads.enumerated() {
            let appended = try payload.withUnsafeBytes { try log.append($0) }
            // What is new in the folder wasn't written to yet.
            if index % 3 == 2 { log.driveWriter(closesBatch: index % 4 == 0) }
            log.drivePreparer()
            for file in segments where former[file.path] == nil { former[file.path] = file.bytes }
            let old = UInt64(max(0, Int(appended.position.segment) - 2)) << 32
            _ = try log.removeHistory(before: LogPosition(rawValue: old))
        }
        try log.close()
        former = former.filter { $0.value.contains { $0 != 0 } }
        return (segments, former)
    }

    private var segments: [(path: String, bytes: [UInt8])] {
        disk.files.filter { $0.path.hasPrefix("\(EveryPoint.folder)/segment-") }
    }
}

extension Simulation {
    /// The segments and records of a quiet life of at least so many records.
    static func smallLog(
        records: Int
    ) throws -> (files: [(path: String, bytes: [UInt8])], payloads: [[UInt8]], LogSettings) {
        var simulation = Simulation(seed: 1, trace: Trace(isKept: false))
        simulation.keepWholeLog()
        try simulation.begin()
        let process = try simulation.start(LifePlan.quiet)
        while simulation.world.machine.records < records {
            try simulation.work(process, LifePlan(end: .close, steps: 10))
            process.drive()
        }
        let files = simulation.world.machine.disk.files.filter {
            $0.path.hasPrefix("\(EveryPoint.folder)/segment-")
        }
        return (files, simulation.world.machine.customers[0].submitted, simulation.settings)
    }
}
