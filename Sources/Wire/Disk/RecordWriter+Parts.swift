internal import Billing
internal import CTallyProto

/// The messages that facts and whole states share.
extension RecordWriter {
    func bucket(
        _ bucket: Bucket, of entity: UInt32 = 0
    ) -> UnsafeMutablePointer<Tally__Disk__V1__BucketOpened> {
        let message = arena.make(tally__disk__v1__bucket_opened__init)
        message.pointee.entity = entity
        message.pointee.bucket = bucket.number
        message.pointee.feature = bucket.feature.rawValue
        message.pointee.subscription = bucket.subscription
        message.pointee.plan = bucket.plan?.rawValue ?? 0
        message.pointee.granted = quantity(bucket.granted)
        message.pointee.balance = quantity(bucket.balance)
        message.pointee.interval = UInt32(bucket.cycle.interval.rawValue)
        message.pointee.interval_count = UInt32(bucket.cycle.count)
        message.pointee.zone = UInt32(bucket.cycle.zone.rawValue)
        message.pointee.anchor = bucket.anchor.milliseconds
        message.pointee.next_reset = stored(bucket.nextReset)
        message.pointee.expires = stored(bucket.expires)
        message.pointee.created = bucket.created.milliseconds
        message.pointee.flags = UInt32(bucket.flags.rawValue)
        if bucket.flags.contains(.limited) {
            message.pointee.max_overage = quantity(bucket.maxOverage)
        }
        return message
    }

    func method(_ method: PaymentMethod) -> UnsafeMutablePointer<Tally__Disk__V1__MethodSaved> {
        let message = arena.make(tally__disk__v1__method_saved__init)
        message.pointee.token = arena.string(method.token)
        message.pointee.brand = arena.string(method.brand)
        message.pointee.last4 = arena.string(method.last4)
        message.pointee.expiry_month = method.expiry?.month ?? 0
        message.pointee.expiry_year = method.expiry?.year ?? 0
        return message
    }

    func entry(
        _ entry: MetadataEntry
    ) -> UnsafeMutablePointer<Tally__Disk__V1__MetadataEntry> {
        let message = arena.make(tally__disk__v1__metadata_entry__init)
        message.pointee.key = arena.string(entry.key)
        message.pointee.value = arena.string(entry.value)
        return message
    }
}
