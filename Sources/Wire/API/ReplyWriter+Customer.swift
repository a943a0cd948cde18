package import Billing
internal import CProtobufC
internal import CTallyProto

extension ReplyWriter {
    /// The reply to `GetOrCreateCustomer`.
    package func getOrCreateCustomer(
        _ customer: borrowing CustomerState, created: Bool
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_or_create_customer_response__init)
        message.pointee.customer = self.customer(customer)
        message.pointee.created = created ? 1 : 0
        return arena.pack(message)
    }

    /// The reply to `GetCustomer`.
    package func getCustomer(_ customer: borrowing CustomerState) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_customer_response__init)
        message.pointee.customer = self.customer(customer)
        return arena.pack(message)
    }

    /// The reply to `UpdateCustomer`.
    package func updateCustomer(_ customer: borrowing CustomerState) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__update_customer_response__init)
        message.pointee.customer = self.customer(customer)
        return arena.pack(message)
    }

    /// The reply to `EraseCustomer`, and to `DeleteCustomer`, whose fields are the same; a test
    /// holds them against each other.
    ///
    /// - Parameter filesLeft: day files yet to be looked at; nil: it is done.
    package func eraseCustomer(filesLeft: Int?, replayed: Bool) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__erase_customer_response__init)
        message.pointee.state =
            filesLeft == nil
            ? TALLY__V1__ERASURE_STATE__ERASURE_STATE_DONE
            : TALLY__V1__ERASURE_STATE__ERASURE_STATE_RUNNING
        message.pointee.day_files_left = Int32(clamping: filesLeft ?? 0)
        message.pointee.replayed = replayed ? 1 : 0
        return arena.pack(message)
    }

    func customer(
        _ customer: borrowing CustomerState
    ) -> UnsafeMutablePointer<Tally__V1__Customer> {
        let message = arena.make(tally__v1__customer__init)
        // Once: each `customer.account` is a copy of all its parts.
        let account = customer.account
        message.pointee.customer_id = customer.id.withBytes { arena.string($0) }
        message.pointee.name = arena.string(account.name)
        message.pointee.email = arena.string(account.email)
        message.pointee.create_time = time(account.created)
        (message.pointee.n_metadata, message.pointee.metadata) =
            arena.list(account.metadata) { entry in
                let text = arena.make(tally__v1__customer__metadata_entry__init)
                text.pointee.key = arena.string(entry.key)
                text.pointee.value = arena.string(entry.value)
                return text
            }
        (message.pointee.n_subscriptions, message.pointee.subscriptions) =
            arena.list(customer.subscriptions) { [writer = of(customer)] subscription in
                let message = writer.subscription(subscription)
                if subscription.entity != 0,
                    let entity = customer.buckets.extras.entities.entity(subscription.entity)
                {
                    message.pointee.entity_id = entity.id.withBytes { arena.string($0) }
                }
                return message
            }
        let (balances, flags) = holdings(
            in: customer.usableBuckets(names.pricing), of: .customer)
        (message.pointee.n_balances, message.pointee.balances) = arena.list(balances) {
            balance($0)
        }
        (message.pointee.n_flags, message.pointee.flags) = arena.list(flags) { flag($0) }
        if customer.buckets.hasExtras {
            extras(customer.buckets.extras, of: customer.subscriptions, on: message)
        }
        message.pointee.time_zone = arena.string(account.zone.name)
        message.pointee.currency = arena.string(account.currency?.code ?? "")
        message.pointee.tax_rate_id = arena.string(account.taxRate)
        if let address = account.address, !address.isEmpty {
            message.pointee.address = self.address(address)
        }
        message.pointee.found_tax = account.taxes.map { foundTax($0) }
        message.pointee.credit_balance = account.credit.map { money($0) }
        message.pointee.payment_method = account.method.map { method($0) }
        (message.pointee.n_invoices, message.pointee.invoices) =
            arena.list(account.invoices.reversed()) { invoice in
                let message = self.invoice(invoice)
                let debt = account.debts.first { $0.invoice == invoice.number }
                message.pointee.next_attempt_time = debt.flatMap { time($0.next) }
                return message
            }
        (message.pointee.n_refunds, message.pointee.refunds) =
            arena.list(account.refunds.reversed()) { refund($0) }
        (message.pointee.n_disputes, message.pointee.disputes) =
            arena.list(account.disputes.reversed()) { dispute($0) }
        (message.pointee.n_discounts, message.pointee.discounts) = discounts(account.discounts)
        addReferrals(of: customer, to: message)
        externalInvoices(of: customer, to: message)
        return message
    }

    private func holdings(
        in buckets: BucketSet, of scope: Scope
    ) -> ([BalanceView], [FlagView]) {
        var balances: [BalanceView] = []
        var flags: [FlagView] = []
        for feature in buckets.features(in: scope) {
            if names.pricing.kind(of: feature) == .boolean {
                if let flag = buckets.flag(feature, in: scope) { flags.append(flag) }
            } else if let view = buckets.shownBalance(of: feature, in: scope) {
                balances.append(view)
            }
        }
        return (balances, flags)
    }

    private func extras(
        _ extras: Extras, of subscriptions: [Subscription],
        on message: UnsafeMutablePointer<Tally__V1__Customer>
    ) {
        if let owned = extras.controls.first(where: { $0.owner == .customer }) {
            message.pointee.controls = controls(owned.controls, of: 0, extras)
        }
        (message.pointee.n_auto_topups, message.pointee.auto_topups) =
            arena.list(extras.topUpsInForce) { part in
                let writer = ControlsWriter(arena: arena, topUps: extras.topUps)
                let topUp = writer.topUp(part.topUp, names.id(part.topUp.feature))
                if let plan = plan(of: part.owner, subscriptions) {
                    topUp.pointee.plan_id = names.id(plan)
                }
                return topUp
            }
        message.pointee.pooling_disabled = extras.isPoolingDisabled ? 1 : 0
        (message.pointee.n_holds, message.pointee.holds) = arena.list(extras.holds) { hold in
            let part = arena.make(tally__v1__hold__init)
            part.pointee.hold_id = arena.string(hold.id)
            part.pointee.feature_id = names.id(hold.feature)
            if let entity = extras.entities.entity(hold.entity) {
                part.pointee.entity_id = entity.id.withBytes { arena.string($0) }
            }
            part.pointee.value = hold.value.double
            part.pointee.expire_time = time(hold.expires)
            return part
        }
        message.pointee.entity_count = UInt32(extras.entities.count)
    }

    /// - Parameter entity: 0: the customer's.
    private func controls(
        _ controls: Controls, of entity: UInt32, _ extras: Extras
    ) -> UnsafeMutablePointer<Tally__V1__Controls> {
        ControlsWriter(
            arena: arena, windows: extras.windows.filter { $0.key.entity == entity },
            topUps: extras.topUps
        ).message(controls) { names.id($0) }
    }

    private func plan(
        of owner: ControlOwner, _ subscriptions: [Subscription]
    ) -> PlanNumber? {
        guard case .subscription(let number) = owner else { return nil }
        return subscriptions.first { $0.number == number }?.plan.plan
    }

    /// An entity, with what it may use.
    func entity(
        _ entity: Entity, in buckets: BucketSet
    ) -> UnsafeMutablePointer<Tally__V1__Entity> {
        let message = arena.make(tally__v1__entity__init)
        message.pointee.entity_id = entity.id.withBytes { arena.string($0) }
        message.pointee.name = arena.string(entity.name)
        message.pointee.feature_id = names.id(entity.feature)
        message.pointee.create_time = time(entity.created)
        let (balances, flags) = holdings(in: buckets, of: Scope(entity: entity.number))
        (message.pointee.n_balances, message.pointee.balances) = arena.list(balances) {
            balance($0)
        }
        (message.pointee.n_flags, message.pointee.flags) = arena.list(flags) { flag($0) }
        if !entity.controls.isEmpty {
            message.pointee.controls = controls(
                entity.controls, of: entity.number, buckets.extras)
        }
        return message
    }

    /// The reply to `GetEntity`.
    package func getEntity(
        _ id: InlineText, of customer: borrowing CustomerState
    ) throws(Refusal) -> UnsafeRawBufferPointer {
        guard let entity = customer.buckets.extras.entities.find(id) else {
            throw .entityNotFound(id.text)
        }
        let message = arena.make(tally__v1__get_entity_response__init)
        message.pointee.entity = self.entity(
            entity, in: customer.usableBuckets(names.pricing))
        return arena.pack(message)
    }

    /// The reply to `ListEntities`.
    package func listEntities(
        _ call: EntityListCall, of customer: borrowing CustomerState
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__list_entities_response__init)
        let (page, next) = customer.buckets.extras.entities.page(after: call.after, call.size)
        let buckets = customer.usableBuckets(names.pricing)
        (message.pointee.n_entities, message.pointee.entities) = arena.list(page.indices) {
            self.entity(page[$0], in: buckets)
        }
        if let next { message.pointee.next_page_token = next.withBytes { arena.string($0) } }
        return arena.pack(message)
    }

    private func method(
        _ method: PaymentMethod
    ) -> UnsafeMutablePointer<Tally__V1__PaymentMethod> {
        let message = arena.make(tally__v1__payment_method__init)
        message.pointee.brand = arena.string(method.brand)
        message.pointee.last4 = arena.string(method.last4)
        message.pointee.expiry_month = method.expiry?.month ?? 0
        message.pointee.expiry_year = method.expiry?.year ?? 0
        return message
    }
}
