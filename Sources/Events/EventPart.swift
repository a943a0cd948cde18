/// Where a day file's bytes come from.
package protocol EventBytes: Sendable {
    var count: Int { get }
    /// Fills the buffer from `offset` on, or throws.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws
}

/// A day file to be read, or the events that will become one. Never changes.
package struct EventPart: Sendable {
    enum Source: Sendable {
        case file(any EventBytes, tables: [TableReference])
        /// The whole blocks, the block that isn't full, and the tables.
        case memory([UInt8], [UInt8], tables: [TextTable])
    }

    package let identity: UInt64
    /// Which of the logs that a question is about; a file doesn't know.
    package var partition: UInt16 = 0
    package let firstSequence: UInt64
    /// The last record covered.
    package let watermark: EventWatermark
    /// Commit day of the first event.
    package let day: Int
    let keys: [String]
    let blocks: [BlockReference]
    /// Of the events' times; nil: there are none.
    let times: ClosedRange<Int64>?
    private let source: Source

    init(
        identity: UInt64, firstSequence: UInt64, watermark: EventWatermark, day: Int,
        keys: [String],
        blocks: [BlockReference], source: Source
    ) {
        self.identity = identity
        self.firstSequence = firstSequence
        self.watermark = watermark
        self.day = day
        self.keys = keys
        self.blocks = blocks
        self.source = source
        let first = blocks.map { $0[.time].minimum }.min()
        let last = blocks.map { $0[.time].maximum }.max()
        times = first.flatMap { first in last.map { Int64(first)...Int64($0) } }
    }

    /// How many events there are.
    package var rows: Int { blocks.reduce(0) { $0 + $1.rows } }

    func column(_ column: Int, of block: Int) -> ColumnReference {
        // A property that came up only after this block.
        guard column < blocks[block].columns.count else { return ColumnReference() }
        return blocks[block].columns[column]
    }

    func table(_ table: EventTable) throws -> TextTable { try self.table(table.rawValue) }

    /// The values of a property column.
    func values(ofProperty property: Int) throws -> TextTable {
        try table(EventTable.propertyBase + property)
    }

    private func table(_ index: Int) throws -> TextTable {
        switch source {
        case .memory(_, _, let tables): return tables[index]
        case .file(let file, let tables):
            let reference = tables[index]
            let chunk = try file.bytes(Int(reference.length), at: Int(reference.offset))
            return try chunk.withUnsafeBytes { chunk in
                guard checksum(chunk) == reference.checksum else {
                    throw EventFault.damaged("the checksum of table \(index) is wrong")
                }
                return try TextTable(decoding: chunk, entries: Int(reference.entries))
            }
        }
    }

    /// Reads a chunk into a buffer that is large enough.
    func read(
        _ column: ColumnReference, rows: Int, into buffer: UnsafeMutableRawBufferPointer
    ) throws {
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(rows * Int(column.width))])
        switch source {
        case .file(let file, _): try file.read(into: target, at: Int(column.offset))
        case .memory(let image, let tail, _):
            let offset = Int(column.offset) - EventFormat.headerSize
            let (bytes, start) =
                offset < image.count ? (image, offset) : (tail, offset - image.count)
            bytes.withUnsafeBytes {
                target.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[start..<start + target.count]))
            }
        }
        guard checksum(UnsafeRawBufferPointer(target)) == column.checksum else {
            throw EventFault.damaged("the checksum of the column at \(column.offset) is wrong")
        }
    }
}

extension EventPart {
    /// Opens a file; reads its ends and leaves its middle.
    package init(file: any EventBytes) throws {
        guard file.count >= EventFormat.headerSize + EventFormat.trailerSize else {
            throw EventFault.damaged("it is too short")
        }
        let header = try file.bytes(EventFormat.headerSize, at: 0)
        let (identity, firstSequence, day) = try header.withUnsafeBytes { try Self.header($0) }
        let footer = try Self.footer(of: file)
        self = try footer.withUnsafeBytes { footer in
            var reader = ByteReader(footer)
            let watermark = EventWatermark(
                sequence: reader.next(), position: reader.next(), chain: reader.next())
            let (blockCount, keyCount) = (reader.next(UInt32.self), reader.next(UInt32.self))
            guard keyCount <= EventFormat.columnLimit, blockCount <= footer.count else {
                throw EventFault.damaged("its footer makes no sense")
            }
            var tables = EventTable.allCases.map { _ in reader.table() }
            var keys: [String] = []
            for _ in 0..<keyCount {
                let key = reader.next(bytes: Int(reader.next(UInt8.self)))
                keys.append(String(decoding: key, as: UTF8.self))
                tables.append(reader.table())
            }
            let columns = EventColumn.propertyBase + keys.count
            let blocks = (0..<blockCount).map { _ in
                let rows = Int(reader.next(UInt32.self))
                return BlockReference(
                    rows: rows, columns: (0..<columns).map { _ in reader.column() })
            }
            guard !reader.isPastEnd, reader.rest == 0,
                blocks.allSatisfy({ Self.isSound($0, in: file.count) }),
                tables.allSatisfy({ Self.isSound($0, in: file.count) })
            else { throw EventFault.damaged("its footer makes no sense") }
            return EventPart(
                identity: identity, firstSequence: firstSequence, watermark: watermark, day: day,
                keys: keys, blocks: blocks, source: .file(file, tables: tables))
        }
    }

    private static func header(
        _ bytes: UnsafeRawBufferPointer
    ) throws(EventFault) -> (identity: UInt64, firstSequence: UInt64, day: Int) {
        var reader = ByteReader(bytes)
        guard reader.next(UInt32.self) == EventFormat.magic else {
            throw .damaged("it doesn't begin like a day file")
        }
        let version = reader.next(UInt32.self)
        let (identity, first) = (reader.next(UInt64.self), reader.next(UInt64.self))
        let day = reader.next(UInt32.self)
        guard reader.next(UInt32.self) == checksum(UnsafeRawBufferPointer(rebasing: bytes[..<28]))
        else { throw .damaged("its header's checksum is wrong") }
        guard version == EventFormat.version else { throw .newer(version) }
        return (identity, first, Int(day))
    }

    private static func footer(of file: any EventBytes) throws -> [UInt8] {
        let end = file.count - EventFormat.trailerSize
        let trailer = try file.bytes(EventFormat.trailerSize, at: end)
        let (offset, length, sum) = try trailer.withUnsafeBytes { try Self.trailer($0) }
        guard length <= EventFormat.footerLimit, offset <= end, Int(offset) + Int(length) == end
        else { throw EventFault.damaged("its trailer makes no sense") }
        let footer = try file.bytes(Int(length), at: Int(offset))
        guard footer.withUnsafeBytes({ checksum($0) }) == sum else {
            throw EventFault.damaged("its footer's checksum is wrong")
        }
        return footer
    }

    private static func trailer(
        _ bytes: UnsafeRawBufferPointer
    ) throws(EventFault) -> (offset: UInt64, length: UInt32, checksum: UInt32) {
        var reader = ByteReader(bytes)
        let (offset, length) = (reader.next(UInt64.self), reader.next(UInt32.self))
        let (sum, magic) = (reader.next(UInt32.self), reader.next(UInt32.self))
        let own = checksum(UnsafeRawBufferPointer(rebasing: bytes[..<20]))
        guard magic == EventFormat.magic, reader.next(UInt32.self) == own else {
            throw .damaged("its trailer's checksum is wrong")
        }
        return (offset, length, sum)
    }

    private static func isSound(_ block: BlockReference, in size: Int) -> Bool {
        guard block.rows <= EventFormat.blockRows else { return false }
        return block.columns.allSatisfy { column in
            [0, 1, 2, 4, 8, 16].contains(column.width) && column.exponent <= 10
                && column.offset <= UInt64(size)
                && Int(column.offset) + block.rows * Int(column.width) <= size
        }
    }

    private static func isSound(_ table: TableReference, in size: Int) -> Bool {
        table.offset <= UInt64(size) && Int(table.offset) + Int(table.length) <= size
    }

    /// Reads every chunk and table and checks its checksum.
    package func verify() throws {
        let buffer = ColumnBuffer()
        for table in 0..<EventTable.propertyBase + keys.count { _ = try self.table(table) }
        for block in blocks {
            for column in block.columns where !column.isConstant {
                try buffer.load(column, rows: block.rows, from: self)
            }
        }
    }
}

extension EventBytes {
    fileprivate func bytes(_ length: Int, at offset: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: length) { buffer, done in
            try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            done = length
        }
    }
}
