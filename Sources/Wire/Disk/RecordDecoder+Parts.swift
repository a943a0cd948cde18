internal import Billing
internal import CTallyProto

extension RecordDecoder {
    func bucket(_ message: Tally__Disk__V1__BucketOpened) throws(RecordFault) -> Bucket {
        let flags = UInt8(truncatingIfNeeded: message.flags)
        return Bucket(
            number: message.bucket, feature: FeatureNumber(rawValue: message.feature),
            subscription: message.subscription,
            plan: message.plan == 0 ? nil : PlanNumber(rawValue: message.plan),
            granted: quantity(message.granted),
            balance: quantity(message.balance), maxOverage: quantity(message.max_overage),
            cycle: Cycle(
                try known(message.interval, Interval.self),
                count: UInt16(clamping: message.interval_count), in: try zone(message.zone)),
            anchor: Timestamp(milliseconds: message.anchor), nextReset: time(message.next_reset),
            expires: time(message.expires), created: Timestamp(milliseconds: message.created),
            flags: Bucket.Flags(rawValue: flags))
    }

    func zone(_ number: UInt32) throws(RecordFault) -> Zone {
        let zone = Zone(rawValue: UInt16(clamping: number))
        guard zone.isKnown else {
            throw RecordFault("unknown zone \(number): written by a newer version of tally")
        }
        return zone
    }

    func method(_ message: Tally__Disk__V1__MethodSaved) -> PaymentMethod {
        PaymentMethod(
            token: text(message.token), brand: text(message.brand), last4: text(message.last4),
            expiry: message.expiry_month == 0
                ? nil : CardExpiry(year: message.expiry_year, month: message.expiry_month))
    }

    func metadata(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__Disk__V1__MetadataEntry>?>?
    ) -> [MetadataEntry] {
        elements(count, list).map {
            MetadataEntry(text($0.pointee.key), text($0.pointee.value))
        }
    }
}
