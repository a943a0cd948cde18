internal import Billing
internal import CTallyProto

extension RecordWriter {
    /// A row as a snapshot holds it.
    package func row(_ row: borrowing CustomerRow) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__disk__v1__snapshot_row__init)
        message.pointee.customer_id = row.id.withBytes { arena.string($0) }
        message.pointee.sequence = row.sequence
        message.pointee.position = row.position
        message.pointee.catalog_sequence = row.catalogSequence
        message.pointee.key = row.key
        let buckets = row.buckets
        (message.pointee.n_buckets, message.pointee.buckets) =
            arena.list(0..<buckets.count) { snapshotBucket(buckets[$0]) }
        message.pointee.rest = row.rest.withUnsafeBytes { arena.bytes($0) }
        return arena.pack(message)
    }

    private func snapshotBucket(
        _ bucket: Bucket
    ) -> UnsafeMutablePointer<Tally__Disk__V1__SnapshotBucket> {
        let message = arena.make(tally__disk__v1__snapshot_bucket__init)
        message.pointee.bucket = bucket.number
        message.pointee.feature = bucket.feature.rawValue
        message.pointee.subscription = bucket.subscription
        message.pointee.plan = bucket.plan?.rawValue ?? 0
        (message.pointee.granted_whole, message.pointee.granted_fraction) = bucket.granted.parts
        (message.pointee.balance_whole, message.pointee.balance_fraction) = bucket.balance.parts
        (message.pointee.max_overage_whole, message.pointee.max_overage_fraction) =
            bucket.maxOverage.parts
        message.pointee.interval = UInt32(bucket.cycle.interval.rawValue)
        message.pointee.interval_count = UInt32(bucket.cycle.count)
        message.pointee.created = bucket.created.milliseconds
        message.pointee.anchor_after =
            bucket.anchor.milliseconds &- bucket.created.milliseconds
        message.pointee.next_reset = stored(bucket.nextReset)
        message.pointee.expires = stored(bucket.expires)
        message.pointee.flags = UInt32(bucket.flags.rawValue)
        return message
    }
}

extension RecordDecoder {
    package func row(_ bytes: UnsafeRawBufferPointer) throws(RecordFault) -> CustomerRow {
        let message = try open(bytes, tally__disk__v1__snapshot_row__init).pointee
        guard let id = CustomerID(Wire.bytes(of: message.customer_id)), !id.isEmpty else {
            throw RecordFault("a customer id is missing or too long")
        }
        var customer = CustomerState(id: id)
        customer.sequence = message.sequence
        customer.position = message.position
        customer.catalogSequence = message.catalog_sequence
        customer.key = message.key
        for index in 0..<message.n_buckets {
            customer.buckets.append(try snapshotBucket(try need(message.buckets[index])))
        }
        let rest = UnsafeRawBufferPointer(start: message.rest.data, count: message.rest.len)
        return try CustomerRow(customer, rest: Array(rest), arena: arena, seals: seals)
    }

    private func snapshotBucket(
        _ message: Tally__Disk__V1__SnapshotBucket
    ) throws(RecordFault) -> Bucket {
        Bucket(
            number: message.bucket, feature: FeatureNumber(rawValue: message.feature),
            subscription: message.subscription,
            plan: message.plan == 0 ? nil : PlanNumber(rawValue: message.plan),
            granted: Quantity(whole: message.granted_whole, fraction: message.granted_fraction),
            balance: Quantity(whole: message.balance_whole, fraction: message.balance_fraction),
            maxOverage: Quantity(
                whole: message.max_overage_whole, fraction: message.max_overage_fraction),
            cycle: Cycle(
                try known(message.interval, Interval.self),
                count: UInt16(clamping: message.interval_count)),
            anchor: Timestamp(milliseconds: message.created &+ message.anchor_after),
            nextReset: time(message.next_reset), expires: time(message.expires),
            created: Timestamp(milliseconds: message.created),
            flags: Bucket.Flags(rawValue: UInt8(truncatingIfNeeded: message.flags)))
    }
}

/// The part of a customer that isn't in the row's own fields.
extension RecordWriter {
    func rest(_ customer: borrowing CustomerState) -> UnsafeRawBufferPointer {
        let message = restMessage(customer)
        if customer.key != 0, let seals,
            !customer.account.name.isEmpty || !customer.account.email.isEmpty
        {
            message.pointee.name = arena.string("")
            message.pointee.email = arena.string("")
            // Without its key it is erased, whatever said it once more.
            message.pointee.sealed = sealed(
                PersonalParts(customer.account), with: customer.key, for: .state,
                of: customer.id, seals)
        }
        return arena.pack(message)
    }

    func restMessage(
        _ customer: borrowing CustomerState
    ) -> UnsafeMutablePointer<Tally__Disk__V1__CustomerState> {
        let message = arena.make(tally__disk__v1__customer_state__init)
        message.pointee.name = arena.string(customer.account.name)
        message.pointee.email = arena.string(customer.account.email)
        message.pointee.create_time = customer.account.created.milliseconds
        message.pointee.last_bucket = customer.lastBucket
        message.pointee.last_subscription = customer.lastSubscription
        message.pointee.last_invoice = customer.lastInvoice
        (message.pointee.n_subscriptions, message.pointee.subscriptions) =
            arena.list(customer.subscriptions) { subscription($0) }
        (message.pointee.n_effects, message.pointee.effects) =
            arena.list(customer.account.effects) { effect($0) }
        message.pointee.checkout = customer.account.checkout.map { checkout($0) }
        message.pointee.method = customer.account.method.map { method($0) }
        (message.pointee.n_invoices, message.pointee.invoices) =
            arena.list(customer.account.invoices) { invoice($0) }
        return message
    }
}

extension RecordDecoder {
    func rest(_ bytes: [UInt8], into customer: inout CustomerState) throws(RecordFault) {
        let message = try bytes.withUnsafeBufferPointer {
            (bytes) throws(RecordFault) -> Tally__Disk__V1__CustomerState in
            try open(UnsafeRawBufferPointer(bytes), tally__disk__v1__customer_state__init).pointee
        }
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
        if let sealed = message.sealed?.pointee,
            let parts = try open(sealed, for: .state, of: customer.id),
            let part = elements(parts.n_parts, parts.parts).first?.pointee
        {
            account.name = text(part.name)
            account.email = text(part.email)
        }
        for effect in elements(message.n_effects, message.effects) {
            account.effects.append(try self.effect(effect.pointee))
        }
        if let checkout = message.checkout {
            account.checkout = try self.checkout(checkout.pointee)
        }
        if let method = message.method { account.method = self.method(method.pointee) }
        for invoice in elements(message.n_invoices, message.invoices) {
            account.invoices.append(try self.invoice(invoice.pointee))
        }
        customer.account = account
    }
}
