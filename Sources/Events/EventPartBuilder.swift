package import Billing

/// One usage event on its way from a record to a day file.
package struct RecordedEvent {
    package var sequence: UInt64
    /// Among the record's events.
    package var index: UInt32
    /// Raw position of the record in the log.
    package var position: UInt64
    package var commitTime: Timestamp
    package var customer: UnsafeRawBufferPointer
    package var feature: FeatureNumber
    package var value: Quantity
    package var label: EventLabel?

    package init(
        sequence: UInt64, index: UInt32, position: UInt64, commitTime: Timestamp,
        customer: UnsafeRawBufferPointer, feature: FeatureNumber, value: Quantity,
        label: EventLabel?
    ) {
        self.sequence = sequence
        self.index = index
        self.position = position
        self.commitTime = commitTime
        self.customer = customer
        self.feature = feature
        self.value = value
        self.label = label
    }
}

/// Collects the events of one file, in order of the log. The blocks that are full are encoded
/// already, so that what is kept is about as large as the file. Not copyable, because a question to
/// it asked within a closure would copy all of it.
package struct EventPartBuilder: ~Copyable, Sendable {
    private let identity: UInt64
    package let firstSequence: UInt64
    /// Everything up to here has been given.
    package private(set) var watermark: EventWatermark
    /// Of the first event; nil: there is none yet.
    private var day: Int?
    package private(set) var rows = 0

    private var image: [UInt8] = []
    private var blocks: [BlockReference] = []
    private var block = BlockRows()
    private var customers = TextInterner()
    /// Customers of the last events, which have no number yet.
    private var waiting = TextQueue()
    private var features = TextInterner()
    /// Of the event before: mostly the next one's, too.
    private var lastFeature: (feature: FeatureNumber, number: UInt32)?
    private var rest = TextInterner()
    private var properties: [PropertyColumn] = []
    private var columnOfKey: [String: Int] = [:]
    private var scratch: [UInt8] = []

    /// - Parameters:
    ///   - identity: the log's.
    ///   - watermark: the last record before this file.
    package init(identity: UInt64, after watermark: EventWatermark) {
        self.identity = identity
        self.watermark = watermark
        firstSequence = watermark.sequence + 1
    }

    package static func day(of time: Timestamp) -> Int {
        let days = time.milliseconds / 86_400_000
        return Int(time.milliseconds % 86_400_000 < 0 ? days - 1 : days)
    }

    /// The file takes no more: it is large enough, or the record belongs to a later day. A record
    /// of an earlier day, which a clock that was set back makes, stays with its neighbours.
    package func isFull(for commitTime: Timestamp?) -> Bool {
        if rows >= EventFormat.partRows || tableBytes >= EventFormat.tableBytesLimit { return true }
        if watermark.sequence + 1 - firstSequence >= EventFormat.recordLimit { return true }
        guard let commitTime, let day else { return false }
        return Self.day(of: commitTime) > day
    }

    private var tableBytes: Int {
        properties.reduce(customers.table.length + rest.table.length) {
            $0 + $1.values.table.length
        }
    }

    /// The record up to which everything has been given, its events included.
    package mutating func pass(_ watermark: EventWatermark) {
        self.watermark = watermark
    }

    package mutating func add(_ event: borrowing RecordedEvent) {
        if day == nil { day = Self.day(of: event.commitTime) }
        let time = event.label?.time ?? event.commitTime
        block.times.append(time.milliseconds)
        block.delays.append(event.commitTime.milliseconds - time.milliseconds)
        block.sequences.append(event.sequence)
        block.indices.append(event.index)
        block.positions.append(event.position)
        waiting.append(event.customer)
        if waiting.count == TextQueue.limit { numberWaiting() }
        block.features.append(number(of: event.feature))
        block.values.append(event.value.raw)
        block.rests.append(0)
        if let label = event.label { add(label.properties) }
        rows += 1
        if block.count == EventFormat.blockRows { endBlock() }
    }

    @inline(__always)
    private mutating func number(of feature: FeatureNumber) -> UInt32 {
        if let lastFeature, lastFeature.feature == feature { return lastFeature.number }
        let number = withUnsafeBytes(of: feature.rawValue.littleEndian) {
            features.number(of: $0)
        }
        lastFeature = (feature, number)
        return number
    }

    private mutating func add(_ list: [EventProperty]) {
        var others: [UInt8] = []
        for property in list {
            guard let column = column(of: property.key) else {
                PropertyCoding.encode(property, toSet: &others)
                continue
            }
            scratch.removeAll(keepingCapacity: true)
            PropertyCoding.encode(property.value, to: &scratch)
            scratch.withUnsafeBytes { properties[column].set($0, row: block.count - 1) }
        }
        guard !others.isEmpty else { return }
        block.rests[block.count - 1] = others.withUnsafeBytes { rest.number(of: $0) + 1 }
    }

    /// nil: there are too many already.
    private mutating func column(of key: String) -> Int? {
        if let known = columnOfKey[key] { return known }
        guard properties.count < EventFormat.columnLimit else { return nil }
        columnOfKey[key] = properties.count
        properties.append(PropertyColumn(key: key))
        return properties.count - 1
    }

    private mutating func numberWaiting() {
        customers.numbers(of: waiting, appendingTo: &block.customers)
        waiting.removeAll()
    }

    private mutating func endBlock() {
        numberWaiting()
        var encoder = ColumnEncoder(image: image, base: EventFormat.headerSize)
        image = []
        blocks.append(block.encode(with: &encoder, properties: properties))
        image = encoder.image
        block.removeAll()
        for column in properties.indices {
            properties[column].codes.removeAll(keepingCapacity: true)
        }
    }
}

extension EventPartBuilder {
    /// The events so far, to be read like those of a file.
    package mutating func part() -> EventPart {
        numberWaiting()
        var encoder = ColumnEncoder(base: EventFormat.headerSize + image.count)
        var blocks = self.blocks
        if block.count > 0 { blocks.append(block.encode(with: &encoder, properties: properties)) }
        return EventPart(
            identity: identity, firstSequence: firstSequence, watermark: watermark, day: day ?? 0,
            keys: properties.map(\.key), blocks: blocks,
            source: .memory(
                image, encoder.image,
                tables: [customers.table, features.table, rest.table]
                    + properties.map(\.values.table)))
    }

    /// The bytes of the file.
    package mutating func finish() -> [UInt8] {
        if block.count > 0 { endBlock() }
        var header = ByteWriter()
        header.add(EventFormat.magic)
        header.add(EventFormat.version)
        header.add(identity)
        header.add(firstSequence)
        header.add(UInt32(truncatingIfNeeded: day ?? 0))
        header.addChecksum()
        var file = header.bytes + image
        var tables: [TableReference] = []
        for table in [customers.table, features.table, rest.table] + properties.map(\.values.table)
        {
            tables.append(Self.add(table, to: &file))
        }
        var trailer = ByteWriter()
        let footer = footer(tables)
        trailer.add(UInt64(file.count))
        trailer.add(UInt32(footer.count))
        trailer.add(footer.withUnsafeBytes { checksum($0) })
        trailer.add(EventFormat.magic)
        trailer.addChecksum()
        return file + footer + trailer.bytes
    }

    private static func add(_ table: TextTable, to file: inout [UInt8]) -> TableReference {
        let start = file.count
        table.encode(to: &file)
        return TableReference(
            offset: UInt64(start), length: UInt32(file.count - start),
            entries: UInt32(table.count),
            checksum: file.withUnsafeBytes {
                checksum(UnsafeRawBufferPointer(rebasing: $0[start...]))
            })
    }

    private func footer(_ tables: [TableReference]) -> [UInt8] {
        var footer = ByteWriter()
        footer.add(watermark.sequence)
        footer.add(watermark.position)
        footer.add(watermark.chain)
        footer.add(UInt32(blocks.count))
        footer.add(UInt32(properties.count))
        for table in tables.prefix(EventTable.propertyBase) { footer.add(table) }
        for (property, table) in zip(properties, tables.dropFirst(EventTable.propertyBase)) {
            footer.add(UInt8(property.key.utf8.count))
            footer.add(raw: property.key.utf8)
            footer.add(table)
        }
        for block in blocks {
            footer.add(UInt32(block.rows))
            for column in 0..<EventColumn.propertyBase + properties.count {
                // A block that ended before a property came up has none of it.
                footer.add(
                    column < block.columns.count ? block.columns[column] : ColumnReference())
            }
        }
        return footer.bytes
    }
}

/// The values of one property.
private struct PropertyColumn: Sendable {
    let key: String
    var values = TextInterner()
    /// Of the current block, up to the last row that has the property.
    var codes: [UInt32] = []

    mutating func set(_ value: UnsafeRawBufferPointer, row: Int) {
        pad(to: row)
        codes.append(values.number(of: value) + 1)
    }

    mutating func pad(to rows: Int) {
        while codes.count < rows { codes.append(0) }
    }
}

/// The events of the block that isn't full.
private struct BlockRows: Sendable {
    var times: [Int64] = []
    var delays: [Int64] = []
    var sequences: [UInt64] = []
    var indices: [UInt32] = []
    var positions: [UInt64] = []
    var customers: [UInt32] = []
    var features: [UInt32] = []
    var values: [Int128] = []
    var rests: [UInt32] = []

    var count: Int { times.count }

    func encode(
        with encoder: inout ColumnEncoder, properties: [PropertyColumn]
    ) -> BlockReference {
        var columns = [
            encoder.add(times), encoder.add(delays), encoder.add(sequences),
            encoder.add(indices), encoder.add(positions), encoder.add(customers),
            encoder.add(features), encoder.add(values: values), encoder.add(rests),
        ]
        for var property in properties {
            property.pad(to: count)
            columns.append(encoder.add(property.codes))
        }
        return BlockReference(rows: count, columns: columns)
    }

    mutating func removeAll() {
        times.removeAll(keepingCapacity: true)
        delays.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        customers.removeAll(keepingCapacity: true)
        features.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        rests.removeAll(keepingCapacity: true)
    }
}
