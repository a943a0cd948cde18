package import Billing

/// A usage event of a record. The bytes are the record's.
package struct RecordedUsage {
    package var customer: UnsafeRawBufferPointer
    package var commitTime: Timestamp
    package var feature: FeatureNumber
    package var value: Quantity
    package var label: EventLabel?
}

/// Finds the usage in the bytes of a record and skips the rest: every record passes here once more
/// after its commit, so nothing is unpacked that isn't wanted. The field numbers are those of
/// `tally.disk.v1`; a test holds this against `RecordDecoder`.
package struct UsageScan {
    private let seals: (any CustomerSeals)?
    private var customer = UnsafeRawBufferPointer(start: nil, count: 0)
    private var commitTime = Timestamp.epoch
    /// Of the record's facts, by place: what was sealed. Most records have none.
    private var sealed: [Int: [EventProperty]] = [:]

    /// - Parameter seals: as in `RecordDecoder`. What is erased has no properties.
    package init(seals: (any CustomerSeals)? = nil) {
        self.seals = seals
    }

    /// Calls `body` for each usage, in order.
    package mutating func run(
        _ record: UnsafeRawBufferPointer, _ body: (RecordedUsage) throws -> Void
    ) throws {
        if !sealed.isEmpty { sealed = [:] }
        if let field = UsageScan.sealedField(of: record) { try unseal(field, of: record) }
        var scan = FieldScan(record)
        var place = 0
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let id)): customer = id
            case (2, .number(let time)):
                commitTime = Timestamp(milliseconds: Int64(bitPattern: time))
            case (5, .bytes(let fact)):
                try self.fact(fact, place, body)
                place += 1
            case _: break
            }
        }
        guard !scan.failed else { throw RecordFault("a record is no valid message") }
    }

    private static func sealedField(
        of record: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        var scan = FieldScan(record)
        while let field = scan.next() {
            if field.number == 7, case .bytes(let sealed) = field.value { return sealed }
        }
        return nil
    }

    private mutating func unseal(
        _ bytes: UnsafeRawBufferPointer, of record: UnsafeRawBufferPointer
    ) throws(RecordFault) {
        guard let customer = RecordHead(record)?.customer else {
            throw RecordFault("a record tells no customer")
        }
        let field = SealedField(bytes)
        guard
            let content = try seals.content(
                of: field.content, with: field.key, for: .record, customer)
        else { return }
        try content.withUnsafeBufferPointer { (content) throws(RecordFault) in
            var scan = FieldScan(UnsafeRawBufferPointer(content))
            while let field = scan.next() {
                guard field.number == 1, case .bytes(let part) = field.value else { continue }
                try take(part)
            }
            guard !scan.failed else { throw RecordFault("a sealed part is no valid message") }
        }
    }

    private mutating func take(_ part: UnsafeRawBufferPointer) throws(RecordFault) {
        var scan = FieldScan(part)
        var place = 0
        var properties: [EventProperty] = []
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .number(let number)): place = Int(truncatingIfNeeded: number)
            case (4, .bytes(let property)): properties.append(try self.property(property))
            case _: break
            }
        }
        guard !scan.failed else { throw RecordFault("a sealed part is no valid message") }
        if !properties.isEmpty { sealed[place] = properties }
    }

    private func fact(
        _ fact: UnsafeRawBufferPointer, _ place: Int, _ body: (RecordedUsage) throws -> Void
    ) throws {
        var scan = FieldScan(fact)
        while let field = scan.next() {
            guard field.number == 4, case .bytes(let usage) = field.value else { continue }
            try body(try self.usage(usage, sealed: sealed.isEmpty ? [] : sealed[place] ?? []))
        }
        guard !scan.failed else { throw RecordFault("a fact is no valid message") }
    }

    private func usage(
        _ bytes: UnsafeRawBufferPointer, sealed: [EventProperty]
    ) throws(RecordFault) -> RecordedUsage {
        var scan = FieldScan(bytes)
        var (feature, whole, fraction, time) = (UInt32(0), Int64(0), Int64(0), Int64(0))
        var properties = sealed
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .number(let number)): feature = UInt32(truncatingIfNeeded: number)
            case (2, .number(let number)): whole = UsageScan.signed(number)
            case (3, .number(let number)): fraction = UsageScan.signed(number)
            case (4, .number(let number)): time = Int64(bitPattern: number)
            case (5, .bytes(let property)): properties.append(try self.property(property))
            case _: break
            }
        }
        guard !scan.failed else { throw RecordFault("a usage is no valid message") }
        // Asked here, because a failing initialiser of a class allocates all the same.
        let isLabelled = time != 0 || !properties.isEmpty
        return RecordedUsage(
            customer: customer, commitTime: commitTime,
            feature: FeatureNumber(rawValue: feature),
            value: Quantity(whole: whole, fraction: fraction),
            label: isLabelled
                ? EventLabel(
                    time: time == 0 ? nil : Timestamp(milliseconds: time), properties: properties)
                : nil)
    }

    private func property(
        _ bytes: UnsafeRawBufferPointer
    ) throws(RecordFault) -> EventProperty {
        var scan = FieldScan(bytes)
        var key = ""
        var value: PropertyValue?
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): key = String(decoding: text, as: UTF8.self)
            case (2, .bytes(let text)): value = .text(String(decoding: text, as: UTF8.self))
            case (3, .number(let bits)): value = .number(bits: bits)
            case (4, .number(let flag)): value = .boolean(flag != 0)
            case _: break
            }
        }
        guard !scan.failed, let value else {
            throw RecordFault("unknown property value: written by a newer version of tally")
        }
        return EventProperty(key, value)
    }

    /// Zigzag.
    private static func signed(_ number: UInt64) -> Int64 {
        Int64(bitPattern: (number >> 1) ^ (0 &- (number & 1)))
    }
}
