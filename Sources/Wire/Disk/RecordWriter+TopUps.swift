internal import Billing
internal import CTallyProto

/// What is bought when little is left.
extension RecordWriter {
    func topUp(_ topUp: AutoTopUp) -> UnsafeMutablePointer<Tally__Disk__V1__AutoTopUp> {
        let message = arena.make(tally__disk__v1__auto_top_up__init)
        message.pointee.feature = topUp.feature.rawValue
        message.pointee.enabled = topUp.isEnabled ? 1 : 0
        message.pointee.threshold = quantity(topUp.threshold)
        message.pointee.quantity = quantity(topUp.quantity)
        guard let limit = topUp.limit else { return message }
        message.pointee.limit = limit.count
        message.pointee.interval = UInt32(limit.cycle.interval.rawValue)
        message.pointee.interval_count = UInt32(limit.cycle.count)
        return message
    }

    func topUpRecord(
        _ record: TopUpRecord
    ) -> UnsafeMutablePointer<Tally__Disk__V1__TopUpRecord> {
        let message = arena.make(tally__disk__v1__top_up_record__init)
        message.pointee.feature = record.feature.rawValue
        (message.pointee.n_attempts, message.pointee.attempts) =
            arena.numbers(record.attempts.map(\.milliseconds))
        message.pointee.failures = record.failures
        message.pointee.failed = record.failed.milliseconds
        message.pointee.window_start = record.windowStart.milliseconds
        message.pointee.purchases = record.purchases
        return message
    }
}

extension RecordDecoder {
    func topUp(_ message: Tally__Disk__V1__AutoTopUp) throws(RecordFault) -> AutoTopUp {
        var topUp = AutoTopUp(
            feature: FeatureNumber(rawValue: message.feature), isEnabled: message.enabled != 0,
            threshold: quantity(message.threshold), quantity: quantity(message.quantity))
        guard message.limit > 0 else { return topUp }
        topUp.limit = AutoTopUp.PurchaseLimit(
            message.limit,
            in: Cycle(
                try known(message.interval, Interval.self),
                count: UInt16(clamping: message.interval_count)))
        return topUp
    }

    func topUpRecord(_ message: Tally__Disk__V1__TopUpRecord) -> TopUpRecord {
        var record = TopUpRecord(feature: FeatureNumber(rawValue: message.feature))
        record.attempts = UnsafeBufferPointer(start: message.attempts, count: message.n_attempts)
            .map { Timestamp(milliseconds: $0) }
        record.failures = message.failures
        record.failed = Timestamp(milliseconds: message.failed)
        record.windowStart = Timestamp(milliseconds: message.window_start)
        record.purchases = message.purchases
        return record
    }
}
