package import Billing
internal import CTallyProto

/// What was bought, and what it costs.
extension ReplyWriter {
    func subscription(
        _ subscription: Subscription
    ) -> UnsafeMutablePointer<Tally__V1__Subscription> {
        let message = arena.make(tally__v1__subscription__init)
        message.pointee.subscription_id = arena.numbered("sub_", subscription.number)
        message.pointee.plan_id = names.id(subscription.plan.plan)
        if let custom = pricing.customPlan(subscription.plan) {
            message.pointee.plan_revision = custom.base.revision
            message.pointee.custom_plan = CatalogWriter(arena: arena).plan(
                pricing.shown(custom), revision: custom.base.revision)
        } else {
            message.pointee.plan_revision = subscription.plan.revision
        }
        message.pointee.plan_version = pricing.version(of: subscription.plan)
        message.pointee.status = Tally__V1__SubscriptionStatus(
            UInt32(subscription.shownStatus.rawValue))
        message.pointee.add_on = subscription.addOn ? 1 : 0
        message.pointee.start_time = time(subscription.start)
        if subscription.periodEnd != .never {
            message.pointee.period_start_time = time(subscription.periodStart)
            message.pointee.period_end_time = time(subscription.periodEnd)
        }
        message.pointee.cancel_time = time(subscription.canceled)
        message.pointee.end_time = time(subscription.end)
        message.pointee.trial_end_time = time(subscription.trialEnd)
        (message.pointee.n_quantities, message.pointee.quantities) = quantities(
            subscription.bought, subscription.plan)
        if subscription.status != .ended {
            (message.pointee.n_discounts, message.pointee.discounts) = discounts(
                subscription.discounts)
        }
        message.pointee.net_terms_days = subscription.netDays
        message.pointee.tax_rate_id = arena.string(subscription.taxRate)
        return message
    }

    private func quantities(
        _ bought: [BoughtUnits], _ plan: PlanReference
    ) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__BoughtQuantity>?>?
    ) {
        arena.list(bought) { units in
            let message = arena.make(tally__v1__bought_quantity__init)
            message.pointee.feature_id = names.id(units.feature)
            let included = pricing.included(units.feature, in: plan)
            message.pointee.quantity = (included + units.units).double
            if let next = units.next {
                message.pointee._next_quantity_case =
                    TALLY__V1__BOUGHT_QUANTITY___NEXT_QUANTITY_NEXT_QUANTITY
                message.pointee.next_quantity = (included + next).double
            }
            return message
        }
    }

    func invoice(_ invoice: Invoice) -> UnsafeMutablePointer<Tally__V1__Invoice> {
        let message = arena.make(tally__v1__invoice__init)
        if invoice.number > 0 {
            message.pointee.invoice_id = arena.numbered("inv_", invoice.number)
        }
        message.pointee.status = Tally__V1__InvoiceStatus(UInt32(invoice.status.rawValue))
        message.pointee.total = money(invoice.total)
        if invoice.credit != 0 {
            message.pointee.credit_applied = money(
                Money(minorUnits: invoice.credit, currency: invoice.total.currency))
        }
        message.pointee.amount_due = money(invoice.due)
        if invoice.time != .epoch { message.pointee.create_time = time(invoice.time) }
        (message.pointee.n_lines, message.pointee.lines) = arena.list(invoice.lines) { line($0) }
        let (refunded, disputed) = (invoice.returns.refunded, invoice.returns.disputed)
        let currency = invoice.total.currency
        if refunded != 0 {
            message.pointee.amount_refunded = money(
                Money(minorUnits: refunded, currency: currency))
        }
        if disputed != 0 {
            message.pointee.amount_disputed = money(
                Money(minorUnits: disputed, currency: currency))
        }
        message.pointee.due_time = time(invoice.dueTime)
        message.pointee.url = arena.string(page(of: invoice))
        add(invoice, to: message)
        return message
    }

    /// The address of its own page; empty: it has none, or isn't sent.
    func page(of invoice: Invoice) -> String {
        let address = invoice.page.isEmpty || invoice.status == .draft ? "" : names.address()
        return address.isEmpty ? "" : "\(address)/invoice/\(invoice.page)"
    }

    /// The reply to `FinalizeInvoice`, `MarkInvoicePaid` and `VoidInvoice`, whose fields are the
    /// same.
    func changed(_ invoice: Invoice?) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__finalize_invoice_response__init)
        message.pointee.invoice = invoice.map { self.invoice($0) }
        return arena.pack(message)
    }

    func line(_ line: InvoiceLine) -> UnsafeMutablePointer<Tally__V1__InvoiceLine> {
        let message = arena.make(tally__v1__invoice_line__init)
        message.pointee.description = arena.string(line.description)
        message.pointee.amount = money(line.discounted)
        message.pointee.tax = line.tax.map { lineTax($0, line.subtotal.currency) }
        message.pointee.plan_id = names.id(line.part.plan.plan)
        if let feature = line.part.feature { message.pointee.feature_id = names.id(feature) }
        message.pointee.kind = Tally__V1__InvoiceLineKind(UInt32(line.kind.rawValue))
        message.pointee.quantity = line.quantity.double
        if let period = line.period {
            message.pointee.period_start_time = time(period.lowerBound)
            message.pointee.period_end_time = time(period.upperBound)
        }
        if !line.discounts.isEmpty {
            message.pointee.subtotal = money(line.subtotal)
            (message.pointee.n_discounts, message.pointee.discounts) = lineDiscounts(line)
        }
        return message
    }

    func money(_ money: Money) -> UnsafeMutablePointer<Tally__V1__Money> {
        let message = arena.make(tally__v1__money__init)
        message.pointee.currency = arena.string(money.currency.code)
        message.pointee.minor_units = money.minorUnits
        return message
    }

    /// The reply to `PreviewAttach`, and to `PreviewUpdateSubscription`, whose fields are the same.
    package func previewed(_ preview: PurchasePreview) -> UnsafeRawBufferPointer {
        with(preview.customPlans).written(preview)
    }

    private func written(_ preview: PurchasePreview) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__purchase_preview__init)
        message.pointee.outcome = Tally__V1__AttachOutcome(UInt32(preview.outcome.rawValue))
        message.pointee.invoice = preview.invoice.map { invoice($0) }
        (message.pointee.n_incoming, message.pointee.incoming) = arena.list(preview.incoming) {
            change($0)
        }
        (message.pointee.n_outgoing, message.pointee.outgoing) = arena.list(preview.outgoing) {
            change($0)
        }
        if let next = preview.nextInvoice {
            message.pointee.next_invoice = invoice(next)
            message.pointee.next_invoice_time = time(next.time)
        }
        message.pointee.quote_time = time(preview.time)
        message.pointee.refund = preview.refund.map { money($0) }
        let response = arena.make(tally__v1__preview_attach_response__init)
        response.pointee.preview = message
        return arena.pack(response)
    }

    private func change(
        _ change: PurchasePreview.Change
    ) -> UnsafeMutablePointer<Tally__V1__PlanChange> {
        let message = arena.make(tally__v1__plan_change__init)
        message.pointee.plan_id = names.id(change.plan.plan)
        message.pointee.effective_time = time(change.time)
        (message.pointee.n_quantities, message.pointee.quantities) = quantities(
            change.bought, change.plan)
        message.pointee.trial_end_time = time(change.trialEnd)
        return message
    }

    /// The reply to `MultiAttach`. With one subscription it is an `AttachResponse`, whose fields
    /// are the same.
    func multiAttach(_ reply: AttachReply) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__multi_attach_response__init)
        message.pointee.outcome = Tally__V1__AttachOutcome(UInt32(reply.outcome.rawValue))
        let started = reply.subscription.map {
            [AttachReply.Started(subscription: $0, entity: reply.entity)] + reply.others
        }
        (message.pointee.n_subscriptions, message.pointee.subscriptions) =
            arena.list(started ?? []) { subscription(of: $0) }
        message.pointee.invoice = reply.invoice.map { invoice($0) }
        return arena.pack(message)
    }

    /// The reply to an `UpdateSubscription` of several.
    func changedSeveral(_ reply: AttachReply) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__update_subscription_response__init)
        message.pointee.outcome = Tally__V1__AttachOutcome(UInt32(reply.outcome.rawValue))
        message.pointee.subscription = reply.subscription.map {
            subscription(of: AttachReply.Started(subscription: $0, entity: reply.entity))
        }
        (message.pointee.n_also, message.pointee.also) =
            arena.list(reply.changed) { subscription(of: $0) }
        message.pointee.invoice = reply.invoice.map { invoice($0) }
        return arena.pack(message)
    }

    private func subscription(
        of started: AttachReply.Started
    ) -> UnsafeMutablePointer<Tally__V1__Subscription> {
        let message = subscription(started.subscription)
        if !started.entity.isEmpty {
            message.pointee.entity_id = started.entity.withBytes { arena.string($0) }
        }
        return message
    }

    /// The reply to `MigrateCustomer`.
    package func migrated(_ migrations: [Migration]) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__migrate_customer_response__init)
        (message.pointee.n_subscriptions, message.pointee.subscriptions) =
            arena.list(migrations) { migration in
                let part = arena.make(tally__v1__migrated_subscription__init)
                part.pointee.subscription_id = arena.numbered("sub_", migration.subscription)
                part.pointee.from_version = migration.version
                part.pointee.outcome = Tally__V1__MigrationOutcome(
                    UInt32(migration.outcome.rawValue))
                return part
            }
        return arena.pack(message)
    }
}
