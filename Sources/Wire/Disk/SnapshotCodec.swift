package import Billing
internal import CTallyProto

/// Rows of snapshots are written and read by hand: a restart waits for a million of them. The field
/// numbers are those of `tally.disk.v1.SnapshotRow`; a test holds this against the generated code.
extension RecordWriter {
    // Beside the marks of `RowMarks.kept`.
    private static let isComplete: UInt64 = 1 << 0
    private static let tellsPastDue: UInt64 = 1 << 4
    private static let countsReminders: UInt64 = 1 << 5

    /// A row as a snapshot holds it.
    package func row(_ row: borrowing CustomerRow) -> UnsafeRawBufferPointer {
        let count = row.buckets.count
        let room = 172 + count * (FieldWriter.bucketLimit + 8) + row.withRest(\.count)
        var writer = FieldWriter(arena, capacity: room)
        row.id.withBytes { writer.bytes(1, $0) }
        writer.number(2, row.sequence)
        writer.number(3, row.position)
        writer.number(4, row.catalogSequence)
        for index in 0..<count {
            var bucket = FieldWriter(arena, capacity: FieldWriter.bucketLimit)
            bucket.bucket(row.buckets[index])
            writer.bytes(5, bucket.written)
        }
        row.withRest { writer.bytes(6, $0) }
        writer.number(7, UInt64(bitPattern: row.nextDue.milliseconds))
        writer.number(
            8,
            RecordWriter.isComplete | RecordWriter.tellsPastDue | RecordWriter.countsReminders
                | UInt64(row.marks.intersection(.kept).rawValue))
        writer.number(9, UInt64(row.key))
        guard row.buckets.hasExtras else { return writer.written }
        let extras = packed(row.buckets.extras, with: row.key, of: row.id)
        return arena.copy(Array(writer.written) + FieldWriter.extrasHead(extras.count) + extras)
    }
}

extension FieldWriter {
    /// Field 10 and its length.
    fileprivate static func extrasHead(_ count: Int) -> [UInt8] {
        var head: [UInt8] = [10 << 3 | 2]
        var rest = count
        while rest >= 0x80 {
            head.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return head + [UInt8(rest)]
    }

    /// Eighteen numbers, each with its key.
    fileprivate static let bucketLimit = 18 * 12

    fileprivate mutating func bucket(_ bucket: Bucket) {
        number(1, UInt64(bucket.number))
        number(2, UInt64(bucket.feature.rawValue))
        number(3, UInt64(bucket.subscription))
        number(4, UInt64(bucket.plan?.rawValue ?? 0))
        quantity(5, bucket.granted)
        quantity(7, bucket.balance)
        quantity(9, bucket.maxOverage)
        number(11, UInt64(bucket.cycle.interval.rawValue))
        number(12, UInt64(bucket.cycle.count))
        number(13, UInt64(bitPattern: bucket.created.milliseconds))
        signed(14, bucket.anchor.milliseconds &- bucket.created.milliseconds)
        number(15, UInt64(bitPattern: stored(bucket.nextReset)))
        number(16, UInt64(bitPattern: stored(bucket.expires)))
        number(17, UInt64(bucket.flags.rawValue))
        number(18, UInt64(bucket.cycle.zone.rawValue))
    }

    /// In two fields.
    private mutating func quantity(_ field: UInt32, _ quantity: Quantity) {
        guard quantity != .zero else { return }
        let (whole, fraction) = quantity.parts
        signed(field, whole)
        signed(field + 1, fraction)
    }
}

extension RecordDecoder {
    /// The customer of a row, without the rest, which comes behind it; nil: there is none.
    package func rowID(_ bytes: UnsafeRawBufferPointer) -> CustomerID? {
        var scan = FieldScan(bytes)
        guard let field = scan.next(), field.number == 1, case .bytes(let id) = field.value else {
            return nil
        }
        return CustomerID(id)
    }

    package func row(_ bytes: UnsafeRawBufferPointer) throws(RecordFault) -> CustomerRow {
        var row = try emptyRow(bytes)
        var (isComplete, tellsPastDue) = (false, false)
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (2, .number(let number)): row.sequence = number
            case (3, .number(let number)): row.position = number
            case (4, .number(let number)): row.catalogSequence = number
            case (5, .bytes(let bucket)): row.buckets.append(try snapshotBucket(bucket))
            case (7, .number(let number)):
                row.nextDue = Timestamp(milliseconds: Int64(bitPattern: number))
            case (8, .number(let marks)):
                isComplete = marks & 33 == 33
                tellsPastDue = marks & 16 != 0
                let kept = RowMarks(rawValue: UInt8(truncatingIfNeeded: marks))
                row.marks.formUnion(kept.intersection(.kept))
            case (9, .number(let key)): row.key = UInt32(truncatingIfNeeded: key)
            case (10, .bytes(let extras)):
                row.buckets.extras = try self.extras(packed: extras, of: row.id)
                row.noteExtras()
            default: break
            }
        }
        guard !scan.failed else { throw .malformed }
        row.buckets.trim()
        if !tellsPastDue { row.marks.set(.isPastDue, row.saysPastDue) }
        return isComplete ? row : try row.completed(arena, seals: seals)
    }

    /// With the id and the rest alone.
    private func emptyRow(_ bytes: UnsafeRawBufferPointer) throws(RecordFault) -> CustomerRow {
        var id = CustomerID.empty
        var rest = UnsafeRawBufferPointer(start: nil, count: 0)
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): id = CustomerID(bytes) ?? .empty
            case (6, .bytes(let bytes)): rest = bytes
            default: break
            }
        }
        guard !scan.failed else { throw .malformed }
        guard !id.isEmpty else { throw RecordFault("a customer id is missing or too long") }
        return CustomerRow(id: id, rest: rest)
    }

    private func snapshotBucket(
        _ bytes: UnsafeRawBufferPointer
    ) throws(RecordFault) -> Bucket {
        // By field number; 0 is no field.
        var numbers = InlineArray<19, UInt64>(repeating: 0)
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            guard field.number < 19, case .number(let number) = field.value else { continue }
            numbers[Int(field.number)] = number
        }
        guard !scan.failed else { throw .malformed }
        func short(_ field: Int) -> UInt32 { UInt32(truncatingIfNeeded: numbers[field]) }
        func long(_ field: Int) -> Int64 { Int64(bitPattern: numbers[field]) }
        func quantity(_ field: Int) -> Quantity {
            Quantity(
                whole: Int64(zigzag: numbers[field]), fraction: Int64(zigzag: numbers[field + 1]))
        }
        return Bucket(
            number: short(1), feature: FeatureNumber(rawValue: short(2)), subscription: short(3),
            plan: short(4) == 0 ? nil : PlanNumber(rawValue: short(4)), granted: quantity(5),
            balance: quantity(7), maxOverage: quantity(9),
            cycle: Cycle(
                try known(short(11), Interval.self), count: UInt16(clamping: short(12)),
                in: try zone(short(18))),
            anchor: Timestamp(milliseconds: long(13) &+ Int64(zigzag: numbers[14])),
            nextReset: time(long(15)), expires: time(long(16)),
            created: Timestamp(milliseconds: long(13)),
            flags: Bucket.Flags(rawValue: UInt8(truncatingIfNeeded: numbers[17])))
    }
}

/// The part of a customer that isn't in the row's own fields.
extension RecordWriter {
    func rest(_ customer: borrowing CustomerState) -> UnsafeRawBufferPointer {
        let message = restMessage(customer, invoices: .packed)
        if customer.key != 0, let seals, customer.account.hasPersonalParts {
            message.pointee.address = nil
            for index in 0..<message.pointee.n_external_invoices {
                message.pointee.external_invoices[index]?.pointee.url = arena.string("")
            }
            message.pointee.name = arena.string("")
            message.pointee.email = arena.string("")
            (message.pointee.n_metadata, message.pointee.metadata) = (0, nil)
            // Without its key it is erased, whatever said it once more.
            message.pointee.sealed = sealed(
                PersonalParts(customer.account), with: customer.key, for: .state,
                of: customer.id, seals)
        }
        return arena.pack(message)
    }

    /// How a state has its invoices.
    enum InvoiceShape {
        /// One by one.
        case plain
        /// As an `InvoicePack`, where that is shorter.
        case packed
    }

    func restMessage(
        _ customer: borrowing CustomerState, invoices shape: InvoiceShape
    ) -> UnsafeMutablePointer<Tally__Disk__V1__CustomerState> {
        let message = arena.make(tally__disk__v1__customer_state__init)
        // Once: each `customer.account` is a copy of all its parts.
        let account = customer.account
        message.pointee.name = arena.string(account.name)
        message.pointee.email = arena.string(account.email)
        message.pointee.create_time = account.created.milliseconds
        message.pointee.last_bucket = customer.lastBucket
        message.pointee.last_subscription = customer.lastSubscription
        message.pointee.last_invoice = customer.lastInvoice
        (message.pointee.n_subscriptions, message.pointee.subscriptions) =
            arena.list(customer.subscriptions) { subscription($0) }
        (message.pointee.n_effects, message.pointee.effects) =
            arena.list(account.effects) { effect($0) }
        message.pointee.checkout = account.checkout.map { checkout($0) }
        message.pointee.method = account.method.map { method($0) }
        put(account.invoiceShelf, as: shape, into: message)
        (message.pointee.n_metadata, message.pointee.metadata) =
            arena.list(account.metadata) { entry($0) }
        message.pointee.credit = account.credit.map { credit($0) }
        (message.pointee.n_debts, message.pointee.debts) =
            arena.list(account.debts) { debt($0) }
        (message.pointee.n_trials, message.pointee.trials) =
            arena.list(account.trials) { mark in
                let trial = arena.make(tally__disk__v1__trial_mark__init)
                trial.pointee.plan = mark.plan.rawValue
                trial.pointee.entity = mark.entity
                return trial
            }
        (message.pointee.n_reminded_trials, message.pointee.reminded_trials) = arena.numbers(
            account.reminded.trials)
        message.pointee.reminded_card = account.reminded.method ? 1 : 0
        (message.pointee.n_custom_plans, message.pointee.custom_plans) =
            arena.list(account.customPlans) { customPlan($0) }
        message.pointee.zone = UInt32(account.zone.rawValue)
        message.pointee.currency = arena.string(account.currency?.code ?? "")
        message.pointee.deleted = customer.isDeleted ? 1 : 0
        (message.pointee.n_refunds, message.pointee.refunds) =
            arena.list(account.refunds) { refund($0) }
        (message.pointee.n_disputes, message.pointee.disputes) =
            arena.list(account.disputes) { dispute($0) }
        (message.pointee.n_closed_checkouts, message.pointee.closed_checkouts) =
            arena.list(account.closedCheckouts) { closed($0) }
        (message.pointee.n_discounts, message.pointee.discounts) = discounts(
            account.discounts)
        (message.pointee.n_redemptions, message.pointee.redemptions) =
            arena.list(account.redemptions) { redemption($0) }
        (message.pointee.n_receivables, message.pointee.receivables) =
            arena.list(account.receivables) { receivable($0) }
        (message.pointee.n_referrals, message.pointee.referrals) =
            arena.list(account.referrals) { referral($0) }
        (message.pointee.n_referral_codes, message.pointee.referral_codes) =
            arena.list(account.referralCodes) { referralCode($0) }
        message.pointee.fingerprint_mark = account.fingerprint?.rawValue ?? 0
        message.pointee.payer = arena.string(account.payer)
        message.pointee.tax_rate_id = arena.string(account.taxRate)
        message.pointee.taxes = account.taxes.map { taxFinding($0) }
        message.pointee.owed_profile = account.owedProfile
        message.pointee.address = account.address.map { address($0) }
        (message.pointee.n_schedules, message.pointee.schedules) =
            arena.list(account.schedules) { schedule($0) }
        (message.pointee.n_takeovers, message.pointee.takeovers) =
            arena.list(account.takeovers) { takeover($0) }
        (message.pointee.n_external_invoices, message.pointee.external_invoices) =
            arena.list(account.externalInvoices) { externalInvoice($0) }
        return message
    }
}

extension RecordDecoder {
    /// What a state's seal keeps.
    private func put(
        _ sealed: Tally__Disk__V1__Sealed, of customer: CustomerID, into account: inout Account
    ) throws(RecordFault) {
        guard let content = try open(sealed, for: .state, of: customer) else { return }
        let parts = elements(content.n_parts, content.parts).map(\.pointee)
        account.name = text(parts.first?.name)
        account.email = text(parts.first?.email)
        account.metadata = parts.flatMap { metadata($0.n_metadata, $0.metadata) }
        account.address = parts.lazy.compactMap { self.address($0.address) }.first
        for part in parts {
            let id = text(part.invoice)
            let index = account.externalInvoices.firstIndex {
                $0.id == id && UInt32($0.processor.rawValue) == part.processor
            }
            if let index { account.externalInvoices[index].url = text(part.url) }
        }
    }

    func rest(
        _ bytes: UnsafeRawBufferPointer, into customer: inout CustomerState
    ) throws(RecordFault) {
        let message = try open(bytes, tally__disk__v1__customer_state__init).pointee
        customer.lastBucket = message.last_bucket
        customer.lastSubscription = message.last_subscription
        customer.lastInvoice = message.last_invoice
        for subscription in elements(message.n_subscriptions, message.subscriptions) {
            customer.subscriptions.append(try self.subscription(subscription.pointee))
        }
        var account = Account()
        account.name = text(message.name)
        account.email = text(message.email)
        account.created = Timestamp(milliseconds: message.create_time)
        account.metadata = metadata(message.n_metadata, message.metadata)
        customer.isDeleted = message.deleted != 0
        for invoice in elements(message.n_external_invoices, message.external_invoices) {
            account.externalInvoices.append(try externalInvoice(invoice.pointee))
        }
        if let sealed = message.sealed?.pointee { try put(sealed, of: customer.id, into: &account) }
        for effect in elements(message.n_effects, message.effects) {
            account.effects.append(try self.effect(effect.pointee))
        }
        if let checkout = message.checkout {
            account.checkout = try self.checkout(checkout.pointee)
        }
        if let method = message.method { account.method = self.method(method.pointee) }
        account.invoiceShelf = try invoiceShelf(message)
        if let credit = message.credit { account.credit = try self.credit(credit.pointee) }
        for debt in elements(message.n_debts, message.debts) {
            account.debts.append(try self.debt(debt.pointee))
        }
        account.trials = elements(message.n_trials, message.trials).map {
            TrialMark(plan: PlanNumber(rawValue: $0.pointee.plan), entity: $0.pointee.entity)
        }
        for refund in elements(message.n_refunds, message.refunds) {
            account.refunds.append(try self.refund(refund.pointee))
        }
        for dispute in elements(message.n_disputes, message.disputes) {
            account.disputes.append(try self.dispute(dispute.pointee))
        }
        for closed in elements(message.n_closed_checkouts, message.closed_checkouts) {
            account.closedCheckouts.append(try self.closed(closed.pointee))
        }
        account.reminded.trials = Array(
            UnsafeBufferPointer(
                start: message.reminded_trials, count: message.n_reminded_trials))
        account.reminded.method = message.reminded_card != 0
        account.currency = Currency(code: text(message.currency))
        account.discounts = try discounts(message.n_discounts, message.discounts)
        account.redemptions = elements(message.n_redemptions, message.redemptions).map {
            redemption($0.pointee)
        }
        for custom in elements(message.n_custom_plans, message.custom_plans) {
            account.customPlans.append(try customPlan(custom.pointee))
        }
        account.zone = try zone(message.zone)
        for receivable in elements(message.n_receivables, message.receivables) {
            account.receivables.append(try self.receivable(receivable.pointee))
        }
        try referrals(of: message, into: &account)
        customer.account = account
    }
}
