/// Tells whether a record says something that somebody may be told of, from its bytes: most don't,
/// and nothing of them is unpacked. The field numbers are those of `tally.disk.v1`; a test holds
/// this against `RecordDecoder`.
package enum NotificationScan {
    /// Of facts: `effect_settled`, `invoice_raised`, `notified`, `invoice_changed`, `reminded`,
    /// `sent_invoice_raised`, `sent_invoice_changed`, `invoice_overdue`, `taxed_invoice_raised`,
    /// `taxed_invoice_changed`.
    private static let told: Set<UInt32> = plans.union(
        [10, 14, 41, 64, 70, 120, 121, 124, 172, 173])
    /// `subscription_changed`, and the same where it says more.
    private static let plans: Set<UInt32> = [8, 62, 73, 123, 140, 171]

    package static func concerns(_ record: UnsafeRawBufferPointer) -> Bool {
        has(record) { told.contains($0) }
    }

    /// It changes a subscription, whichever.
    package static func changesPlans(_ record: UnsafeRawBufferPointer) -> Bool {
        has(record) { plans.contains($0) }
    }

    private static func has(
        _ record: UnsafeRawBufferPointer, _ isWanted: (UInt32) -> Bool
    ) -> Bool {
        var scan = FieldScan(record)
        while let field = scan.next() {
            guard field.number == 5, case .bytes(let fact) = field.value else { continue }
            var kind = FieldScan(fact)
            if let kind = kind.next(), isWanted(kind.number) { return true }
        }
        // What makes no sense is for the decoder to complain of.
        return scan.failed
    }

    /// Log position of the same customer's previous record; 0: it is the first.
    package static func previous(_ record: UnsafeRawBufferPointer) -> UInt64 {
        var scan = FieldScan(record)
        while let field = scan.next() {
            if field.number == 4, case .number(let position) = field.value { return position }
        }
        return 0
    }
}
