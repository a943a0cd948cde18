package import Billing

/// Whose record it is, and when it was committed: read where it lies, without unpacking.
package struct RecordHead {
    package let customer: CustomerID
    package let time: Timestamp

    /// nil: malformed. Our own writer puts fields in order.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        var scan = FieldScan(bytes)
        guard let first = scan.next(), first.number == 1, case .bytes(let id) = first.value,
            let customer = CustomerID(id),
            let second = scan.next(), second.number == 2, case .number(let time) = second.value
        else { return nil }
        self.customer = customer
        self.time = Timestamp(milliseconds: Int64(bitPattern: time))
    }
}

/// A record that changes balances and nothing else, as most do; read where it lies, for replay.
package struct UsageRecord {
    package private(set) var catalogSequence: UInt64 = 0
    /// The key that its properties are sealed with; 0: none are.
    package private(set) var key: UInt32 = 0
    private var receipt: UnsafeRawBufferPointer?
    private let bytes: UnsafeRawBufferPointer

    private static let facts: UInt32 = 5
    private static let deducted: UInt32 = 3
    private static let usageRecorded: UInt32 = 4

    /// nil: a record of another kind, or none at all; `RecordDecoder` tells which.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (3, .number(let number)): catalogSequence = number
            case (UsageRecord.facts, .bytes(let fact)):
                var inner = FieldScan(fact)
                guard let kind = inner.next(),
                    kind.number == UsageRecord.deducted || kind.number == UsageRecord.usageRecorded
                else { return nil }
            case (6, .bytes(let part)): receipt = part
            case (7, .bytes(let sealed)): key = SealedField(sealed).key
            default: break
            }
        }
        if scan.failed { return nil }
    }

    /// False: malformed.
    package func draw(from buckets: inout BucketSet) -> Bool {
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            guard field.number == UsageRecord.facts, case .bytes(let fact) = field.value else {
                continue
            }
            var inner = FieldScan(fact)
            guard let kind = inner.next(), case .bytes(let amounts) = kind.value else {
                return false
            }
            guard kind.number == UsageRecord.deducted else { continue }
            guard draw(amounts, from: &buckets) else { return false }
        }
        return !scan.failed
    }

    private func draw(_ bytes: UnsafeRawBufferPointer, from buckets: inout BucketSet) -> Bool {
        var scan = FieldScan(bytes)
        var bucket: UInt64 = 0
        var (whole, fraction) = (Int64(0), Int64(0))
        while let field = scan.next() {
            guard case .number(let number) = field.value else { continue }
            switch field.number {
            case 1: bucket = number
            case 2: whole = Int64(zigzag: number)
            case 3: fraction = Int64(zigzag: number)
            default: break
            }
        }
        guard !scan.failed, let number = UInt32(exactly: bucket) else { return false }
        buckets.draw(Quantity(whole: whole, fraction: fraction), fromBucket: number)
        return true
    }

    /// The request it answers.
    package var request: RequestMark? {
        guard let receipt else { return nil }
        var scan = FieldScan(receipt)
        var mark: RequestMark?
        var (method, fingerprint) = (UInt32(0), UInt64(0))
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let id)):
                mark = RequestID(id).map { RequestMark(id: $0, method: 0, fingerprint: 0) }
            case (2, .number(let number)): method = UInt32(truncatingIfNeeded: number)
            case (3, .number(let number)): fingerprint = number
            default: break
            }
        }
        mark?.method = method
        mark?.fingerprint = fingerprint
        return mark
    }
}

extension Int64 {
    /// protobuf's sint64.
    fileprivate init(zigzag number: UInt64) {
        self = Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }
}

/// A `tally.disk.v1.Sealed`, read where it lies.
struct SealedField {
    private(set) var key: UInt32 = 0
    private(set) var content = UnsafeRawBufferPointer(start: nil, count: 0)

    init(_ bytes: UnsafeRawBufferPointer) {
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .number(let number)): key = UInt32(truncatingIfNeeded: number)
            case (2, .bytes(let bytes)): content = bytes
            default: break
            }
        }
    }
}
