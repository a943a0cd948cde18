package import Billing

/// Whose record it is, and when it was committed: read where it lies, without unpacking.
package struct RecordHead {
    package let customer: CustomerID
    package let time: Timestamp

    /// nil: malformed. Our own writer puts fields in order.
    @inline(__always)
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

/// A record that changes a few balances and nothing else, as most do; read where it lies, once,
/// for replay. The field numbers are those of `tally.disk.v1`; a test holds this against
/// `RecordDecoder`.
package struct UsageRecord {
    private struct Draw {
        var bucket: UInt32 = 0
        var amount = Quantity.zero
    }

    private static let drawLimit = 4

    package private(set) var customer = CustomerID.empty
    package private(set) var catalogSequence: UInt64 = 0
    /// The request it answers.
    package private(set) var request: RequestMark?
    private var draws = InlineArray<4, Draw>(repeating: Draw())
    private var drawCount = 0

    /// A place for one.
    package init() {}

    /// nil: a record of another kind, or none at all; `RecordDecoder` tells which.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)):
                guard let id = CustomerID(bytes) else { return nil }
                customer = id
            case (3, .number(let number)): catalogSequence = number
            case (5, .bytes(let fact)): guard take(fact: fact) else { return nil }
            case (6, .bytes(let receipt)): guard take(receipt: receipt) else { return nil }
            // Sealed: it says which key its customer has.
            case (7, _): return nil
            default: break
            }
        }
        if scan.failed { return nil }
    }

    package func draw(from buckets: inout BucketSet) {
        for index in 0..<drawCount {
            buckets.draw(draws[index].amount, fromBucket: draws[index].bucket)
        }
    }

    /// False: it isn't a usage's fact.
    @inline(__always)
    private mutating func take(fact: UnsafeRawBufferPointer) -> Bool {
        var scan = FieldScan(fact)
        guard let kind = scan.next(), case .bytes(let amounts) = kind.value else { return false }
        switch kind.number {
        case 3: return drawCount < UsageRecord.drawLimit && take(deducted: amounts)
        case 4: return true
        default: return false
        }
    }

    @inline(__always)
    private mutating func take(deducted bytes: UnsafeRawBufferPointer) -> Bool {
        var scan = FieldScan(bytes)
        var bucket: UInt64 = 0
        var (whole, fraction) = (Int64(0), Int64(0))
        while let field = scan.next() {
            guard case .number(let number) = field.value else { continue }
            switch field.number {
            case 1: bucket = number
            case 2: whole = Int64(zigzag: number)
            case 3: fraction = Int64(zigzag: number)
            // An entity's: it isn't among the customer's own.
            case 4: return false
            default: break
            }
        }
        guard !scan.failed, let number = UInt32(exactly: bucket) else { return false }
        draws[drawCount] = Draw(
            bucket: number, amount: Quantity(whole: whole, fraction: fraction))
        drawCount += 1
        return true
    }

    @inline(__always)
    private mutating func take(receipt bytes: UnsafeRawBufferPointer) -> Bool {
        var scan = FieldScan(bytes)
        var id: RequestID?
        var (method, fingerprint) = (UInt32(0), UInt64(0))
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): id = RequestID(bytes)
            case (2, .number(let number)): method = UInt32(truncatingIfNeeded: number)
            case (3, .number(let number)): fingerprint = number
            default: break
            }
        }
        guard !scan.failed, let id else { return false }
        request = RequestMark(id: id, method: method, fingerprint: fingerprint)
        return true
    }
}

extension Int64 {
    /// protobuf's sint64.
    init(zigzag number: UInt64) {
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
