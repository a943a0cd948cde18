/// Copies a log to another folder as it becomes durable, and goes on where it stopped.
///
/// The copy is a log of the same identity and always a prefix of its source: only records are
/// shipped that a later frame says to be durable. (What is merely written may be cut off by the
/// source's recovery and replaced by something else.) It opens like any other log. Its segments are
/// cut short after their last frame, with room for a closing frame.
///
/// Reads beside the server that writes the source, without its lock. Use from one thread.
final class LogShipper {
    struct Failure: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    /// Where the copy ends.
    private struct Place {
        var segment: UInt32
        var offset: Int
        /// Nil: at a segment's opening frame, before anything was read.
        var last: (sequence: UInt64, chain: UInt32)?
    }

    /// Zeros after the last frame: room for a closing frame, up to the next block.
    private static let padding = 4_096

    private let source: SegmentFolder
    private let target: SegmentFolder
    private var tag: UInt32 = 0
    /// Of the log, once it has a record.
    private(set) var identity: UInt64?
    private var place: Place?
    private var writing: (segment: UInt32, file: any DiskFile)?
    private let beforePiece: () throws -> Void

    /// - Parameter beforePiece: ships what records refer to: called before they get into the copy,
    ///   when they are durable in the source.
    init(
        from source: String, to target: String, disk: any Disk, targetDisk: any Disk,
        beforePiece: @escaping () throws -> Void = {}
    ) {
        self.beforePiece = beforePiece
        self.source = SegmentFolder(disk: disk, folder: source)
        self.target = SegmentFolder(disk: targetDisk, folder: target)
    }

    /// The last record in the copy.
    var sequence: UInt64 { place?.last?.sequence ?? 0 }

    /// Ships everything that is durable now; gives how many bytes that were.
    func turn(_ progress: (Int) throws -> Void = { _ in }) throws -> Int {
        guard var place = try place ?? begin() else { return 0 }
        var shipped = 0
        while true {
            let moved = try shipPiece(&place)
            self.place = place
            shipped += moved
            try progress(moved)
            guard moved == 0 else { continue }
            guard let next = try opening(place.segment + 1) else { return shipped }
            // Once more: the source may have gone on and moved to the next meanwhile.
            guard try shipPiece(&place) == 0 else { continue }
            place = try self.place(in: next, after: place)
        }
    }

    // MARK: Where to begin

    /// Nil: the source has nothing yet.
    private func begin() throws -> Place? {
        guard let first = try source.segments().first, let opening = try source.opening(first)
        else { return nil }
        tag = FrameHeader.tag(identity: opening.identity)
        identity = opening.identity
        guard let last = try target.segments().last else {
            return Place(segment: first, offset: 0, last: nil)
        }
        guard try target.opening(last).map({ $0.identity == opening.identity }) ?? true else {
            throw Failure(
                description: "\(target.folder) holds a copy of another log than \(source.folder); "
                    + "choose another folder")
        }
        let place = try end(of: last)
        try check(place, first: first)
        return place
    }

    /// What lies behind the last whole frame is overwritten with the same bytes.
    private func end(of segment: UInt32) throws -> Place {
        let walk = SegmentWalk(file: try target.open(segment, .reading), segment: segment, tag: tag)
        var place = Place(segment: segment, offset: 0, last: nil)
        while true {
            let piece = try walk.piece(at: place.offset, after: place.last)
            if let frame = piece.frames.last {
                place.offset = frame.end
                place.last = frame.last
            }
            guard piece.problem == nil else { return place }
        }
    }

    /// The copy must be a prefix of the source.
    private func check(_ place: Place, first: UInt32) throws {
        guard place.segment >= first else {
            throw Failure(
                description: "\(target.folder) ends in segment \(place.segment), but "
                    + "\(source.folder) begins with \(first): what lies between is gone; back up "
                    + "to a new folder")
        }
        let ours = try target.open(place.segment, .reading).bytes(place.offset, at: 0)
        var theirs: [UInt8] = []
        if try source.segments().contains(place.segment) {
            theirs = try source.open(place.segment, .reading).bytes(place.offset, at: 0)
        }
        guard ours == theirs else {
            throw Failure(
                description: "\(target.folder) is no copy of what \(source.folder) holds now: one "
                    + "of them was restored or changed; back up to a new folder")
        }
    }

    // MARK: Shipping

    /// Ships what is durable of one piece; gives its bytes.
    private func shipPiece(_ place: inout Place) throws -> Int {
        let file: any DiskFile
        do throws(DiskFault) {
            file = try source.open(place.segment, .reading)
        } catch {
            guard error.isMissing else { throw error }
            return 0
        }
        let piece = try SegmentWalk(file: file, segment: place.segment, tag: tag)
            .piece(at: place.offset, after: place.last)
        guard let last = piece.frames.last?.last else { return 0 }
        let known =
            try isSealed(place.segment, last)
            ? .max : piece.frames.lazy.map(\.durableThrough).max() ?? 0
        guard let end = piece.frames.last(where: { $0.last.sequence <= known }) else { return 0 }
        let count = end.end - place.offset
        try beforePiece()
        try write(piece.bytes, count: count, at: place)
        place.offset = end.end
        place.last = end.last
        return count
    }

    /// No byte of a segment is written before the one before it is durable.
    private func isSealed(
        _ segment: UInt32, _ last: (sequence: UInt64, chain: UInt32)
    ) throws -> Bool {
        guard let next = try opening(segment + 1) else { return false }
        return next.firstSequence > last.sequence
    }

    /// The place at the beginning of a segment, the one before having been shipped whole.
    private func place(in next: SegmentOpening, after place: Place) throws -> Place {
        if let last = place.last, next.firstSequence == last.sequence + 1,
            next.chain == last.chain
        {
            return Place(segment: next.segment, offset: 0, last: last)
        }
        throw Failure(
            description: "\(source.folder) is damaged in segment \(place.segment) at offset "
                + "\(place.offset): run tally log verify; the copy ends before it")
    }

    private func opening(_ segment: UInt32) throws -> SegmentOpening? {
        do throws(DiskFault) {
            return try source.opening(segment)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    private func write(_ bytes: [UInt8], count: Int, at place: Place) throws(DiskFault) {
        let file = try file(place.segment)
        let end = (place.offset + count + FrameHeader.size + Self.padding - 1) / Self.padding
        let zeros = end * Self.padding - place.offset - count
        let padded = bytes[..<count] + [UInt8](repeating: 0, count: zeros)
        try file.write(Array(padded), count: padded.count, at: place.offset)
        try file.sync()
    }

    private func file(_ segment: UInt32) throws(DiskFault) -> any DiskFile {
        if let writing, writing.segment == segment { return writing.file }
        let path = SegmentName.path(segment, in: target.folder)
        let file: any DiskFile
        if try target.segments().contains(segment) {
            file = try target.disk.open(path, .writing)
        } else {
            file = try target.disk.open(path, .creating)
            try target.disk.syncFolder(target.folder)
        }
        writing = (segment, file)
        return file
    }
}
