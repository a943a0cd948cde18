package import Billing

/// The replies to checks and tracks are written by hand: they are what a server mostly says. The
/// field numbers are those of `tally.v1`; a test holds this against the generated code.
extension ReplyWriter {
    package func check(_ answer: borrowing CheckAnswer) -> UnsafeRawBufferPointer {
        let subscription = answer.subscription.map { arena.pack(self.subscription($0)) }
        let preview = answer.preview.map { arena.pack(self.preview($0)) }
        var writer = FieldWriter(
            arena,
            capacity: 216 + limit(of: answer.balance) + (subscription?.count ?? 0)
                + (preview?.count ?? 0))
        writer.flag(1, answer.allowed)
        writer.number(2, UInt64(answer.reason.rawValue))
        writer.double(3, answer.required.double)
        if let balance = answer.balance { write(balance, as: 4, to: &writer) }
        if let flag = answer.flag {
            writer.message(5) {
                $0.text(1, names.bytes(of: flag.feature))
                if let plan = flag.plan { $0.text(2, names.bytes(of: plan)) }
            }
        }
        if let subscription { writer.bytes(6, subscription) }
        writer.flag(20, answer.isShadow)
        if let preview { writer.bytes(21, preview) }
        return writer.written
    }

    func track(_ reply: TrackReply) -> UnsafeRawBufferPointer {
        var writer = FieldWriter(
            arena, capacity: 64 + limit(of: reply.balance) + reply.draws.count * 256)
        writer.double(1, reply.value.double)
        if let balance = reply.balance { write(balance, as: 2, to: &writer) }
        for draw in reply.draws {
            writer.message(3) {
                let name = reply.details.first { $0.bucket == draw.bucket }?.name ?? ""
                if name.isEmpty {
                    $0.numbered(1, "bal_", draw.bucket)
                } else {
                    $0.text(1, arena.text(name))
                }
                $0.text(2, names.bytes(of: draw.feature))
                $0.double(3, draw.amount.double)
            }
        }
        return writer.written
    }

    /// Bytes that a balance takes at most: ids have 63, numbers 10, and each field a key.
    private func limit(of balance: BalanceView?) -> Int {
        balance.map { 192 + $0.parts.count * 400 } ?? 0
    }

    @inline(__always)
    private func write(_ view: BalanceView, as field: UInt32, to writer: inout FieldWriter) {
        writer.message(field) { writer in
            writer.text(1, names.bytes(of: view.feature))
            writer.double(2, view.granted.double)
            writer.double(3, view.remaining.double)
            writer.double(4, view.usage.double)
            writer.double(5, view.overage.double)
            writer.flag(6, view.unlimited)
            writer.flag(7, view.overageAllowed)
            if let most = view.maxPurchase { writer.present(8, most.double) }
            writer.time(9, view.nextReset)
            for part in view.parts {
                write(
                    part,
                    view.details.isEmpty
                        ? nil : view.details.first { $0.bucket == part.bucket }, to: &writer)
            }
        }
    }

    @inline(__always)
    private func write(
        _ part: BalanceView.Part, _ detail: BucketDetail?, to writer: inout FieldWriter
    ) {
        writer.message(10) { writer in
            if let detail, !detail.name.isEmpty {
                writer.text(1, arena.text(detail.name))
            } else {
                writer.numbered(1, "bal_", part.bucket)
            }
            if let plan = part.plan { writer.text(2, names.bytes(of: plan)) }
            writer.double(3, part.granted.double)
            writer.double(4, part.remaining.double)
            writer.double(5, part.usage.double)
            writer.flag(6, part.unlimited)
            writer.number(7, UInt64(part.cycle.interval.rawValue))
            writer.number(8, UInt64(part.cycle.count))
            writer.time(9, part.nextReset)
            writer.time(10, part.expires)
            writer.flag(11, part.flags.contains(.rollover))
            writer.flag(12, part.isOfEntity)
            if let detail { writer.double(13, detail.prepaid.double) }
        }
    }
}

extension FieldWriter {
    /// A `google.protobuf.Timestamp`, unless it is never.
    fileprivate mutating func time(_ field: UInt32, _ time: Timestamp) {
        guard time != .never else { return }
        message(field) { writer in
            let (seconds, nanos) = time.parts
            writer.number(1, UInt64(bitPattern: seconds))
            writer.number(2, UInt64(nanos))
        }
    }

    /// A short prefix and a number.
    fileprivate mutating func numbered(_ field: UInt32, _ prefix: StaticString, _ number: UInt32) {
        message(field) { writer in
            writer.raw(
                UnsafeRawBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
            writer.digits(number)
        }
    }
}

extension Timestamp {
    /// As protobuf has it: nanoseconds count upwards, also before the epoch.
    var parts: (seconds: Int64, nanos: Int32) {
        let seconds = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
        return (seconds, Int32(milliseconds - seconds * 1000) * 1_000_000)
    }
}
