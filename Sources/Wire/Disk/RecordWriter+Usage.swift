internal import Billing

/// Records of usage are written by hand: most records are. The field numbers are those of
/// `tally.disk.v1`; a test holds this against the generated code. `UsageRecord` reads them.
extension RecordWriter {
    /// Bytes that a fact takes at most.
    private static let factLimit = 64
    /// A customer's id and numbers.
    private static let headLimit = 128
    /// A request's id and numbers.
    private static let receiptLimit = 128

    /// nil: it holds something else, too.
    func usage(
        _ record: borrowing CustomerRecord, reply: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard record.facts.allSatisfy(\.isPlainUsage) else { return nil }
        var writer = FieldWriter(
            arena,
            capacity: Self.headLimit + record.facts.count * Self.factLimit + Self.receiptLimit
                + reply.count)
        record.customer.withBytes { writer.text(1, $0) }
        writer.number(2, UInt64(bitPattern: record.time.milliseconds))
        writer.number(3, record.catalogSequence)
        writer.number(4, record.previousPosition)
        for fact in record.facts { writer.message(5) { $0.usage(fact) } }
        if let request = record.request {
            writer.message(6) { writer in
                request.id.withBytes { writer.text(1, $0) }
                writer.number(2, UInt64(request.method))
                writer.fixed(3, request.fingerprint)
                writer.text(4, reply)
            }
        }
        return writer.written
    }
}

extension Fact {
    /// A draw, or usage without properties.
    fileprivate var isPlainUsage: Bool {
        switch self {
        case .deducted: true
        case .usageRecorded(_, _, let label): label?.properties.isEmpty ?? true
        default: false
        }
    }
}

extension FieldWriter {
    @inline(__always)
    fileprivate mutating func usage(_ fact: Fact) {
        switch fact {
        case .deducted(let bucket, let amount, let entity):
            message(3) { writer in
                writer.number(1, UInt64(bucket))
                writer.quantity(amount)
                writer.number(4, UInt64(entity))
            }
        case .usageRecorded(let feature, let value, let label):
            message(4) { writer in
                writer.number(1, UInt64(feature.rawValue))
                writer.quantity(value)
                writer.number(4, UInt64(bitPattern: label?.time?.milliseconds ?? 0))
            }
        default: preconditionFailure("it is plain usage")
        }
    }

    /// Both kinds of facts have it in fields 2 and 3.
    @inline(__always)
    private mutating func quantity(_ quantity: Quantity) {
        let (whole, fraction) = quantity.parts
        signed(2, whole)
        signed(3, fraction)
    }
}
