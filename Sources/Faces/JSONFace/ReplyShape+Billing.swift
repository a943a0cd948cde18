internal import Billing
internal import Wire

extension ReplyShape {
    /// What came of a purchase or of a change; what there is none of is left out.
    static let purchaseReply = ReplyShape(purchaseKeys)

    static let purchaseKeys: [Key] = [
        .context("customer_id") { $0.customerID },
        .contextIfAny("entity_id") { $0.entityID },
        Key("invoice") { source, context in
            // Without an id it is only what a payment page offers.
            guard let invoice = source["invoice"], invoice.text("invoice_id") != "" else {
                return nil
            }
            return paidInvoice.value(invoice, context)
        },
        .text("payment_url"),
        Key("required_action") { source, _ in requiredAction(source) },
    ]

    private static let paidInvoice = ReplyShape([
        .same("status"),
        .same("stripe_id", from: "invoice_id"),
        .money("total"),
        .currency("currency", of: "total"),
        .text("hosted_invoice_url", from: "url"),
    ])

    private static func requiredAction(_ source: JSONValue) -> JSONValue? {
        let (code, reason): (String, String)
        switch source.text("outcome") {
        case "processing":
            (code, reason) = ("payment_processing", "the payment is on its way")
        case "declined":
            let decline = source.text("decline_code") ?? ""
            code =
                decline == "payment_method_missing" ? "payment_method_required" : "payment_failed"
            reason = decline.isEmpty ? "the payment was declined" : decline
        default: return nil
        }
        return .object(["code": .string(code), "reason": .string(reason)])
    }

    /// What a purchase or a change would do.
    static let previewReply = ReplyShape(of: "preview", ReplyShape(previewKeys))
    /// The same of a change.
    static let updatePreviewReply = ReplyShape(
        of: "preview",
        ReplyShape(previewKeys + [.context("intent") { $0.intent }]))

    /// The same of several changes, which are one invoice.
    static let severalPreviewReply = ReplyShape(
        of: "preview",
        ReplyShape([
            .context("customer_id") { $0.customerID },
            Key("currency") { source, context in
                .string(source["invoice", "total"]?.text("currency") ?? context.currency)
            },
            Key("total") { source, _ in source["invoice", "total"]?.major ?? .number("0") },
            Key("subscriptions") { source, context in .array([several.value(source, context)]) },
        ]))

    private static let several = ReplyShape(
        previewKeys.filter {
            [
                "customer_id", "line_items", "subtotal", "total", "currency", "next_cycle",
                "incoming", "outgoing",
            ].contains($0.name)
        } + [
            Key("plan_ids") { source, context in
                var ids = context.planIDs
                for change in source.elements("outgoing") {
                    guard let id = change.text("plan_id"), !ids.contains(id) else { continue }
                    ids.append(id)
                }
                return .array(ids.map { .string($0) })
            }
        ])

    private static let previewKeys: [Key] = [
        .context("customer_id") { $0.customerID },
        Key("line_items") { source, context in
            .array((source["invoice"]?.elements("lines") ?? []).map { line.value($0, context) })
        },
        Key("subtotal") { source, _ in (source["invoice"] ?? .null).subtotal },
        Key("total") { source, _ in source["invoice", "total"]?.major ?? .number("0") },
        Key("currency") { source, context in
            .string(source["invoice", "total"]?.text("currency") ?? context.currency)
        },
        Key("next_cycle") { source, context in
            source["next_invoice"] == nil ? nil : nextCycle.value(source, context)
        },
        .list("incoming", planChange),
        .list("outgoing", planChange),
        Key("redirect_to_checkout") { source, _ in
            .bool(source.text("outcome") == "payment_required")
        },
        Key("checkout_type") { source, _ in
            source.text("outcome") == "payment_required" ? .string("autumn_checkout") : .null
        },
        Key("invoice_credits") { source, _ in
            source["invoice", "credit_applied"].flatMap { credit in
                credit.major == .number("0")
                    ? nil
                    : .object([
                        "balance": credit.major, "currency": credit["currency"] ?? .null,
                    ])
            }
        },
        Key("tax") { source, _ in (source["invoice"] ?? .null).taxSums },
        Key("refund") { source, _ in
            source["refund"].map {
                .object(["amount": $0.major, "currency": $0["currency"] ?? .null])
            }
        },
    ]

    private static let nextCycle = ReplyShape([
        .time("starts_at", from: "next_invoice_time"),
        Key("subtotal") { source, _ in (source["next_invoice"] ?? .null).subtotal },
        Key("total") { source, _ in source["next_invoice", "total"]?.major ?? .number("0") },
        Key("line_items") { source, context in
            .array(
                (source["next_invoice"]?.elements("lines") ?? []).map { line.value($0, context) })
        },
        .fixed("usage_line_items", .array([])),
    ])

    private static let line = ReplyShape([
        Key("display_name") { source, context in .string(context.displayName(ofLine: source)) },
        .same("description"),
        Key("subtotal") { source, _ in (source["subtotal"] ?? source["amount"] ?? .null).major },
        .money("total", from: "amount"),
        .list("discounts", lineDiscount),
        .same("plan_id"),
        .text("feature_id"),
        Key("period") { source, context in
            source["period_start_time"] == nil ? nil : period.value(source, context)
        },
        Key("quantity") { source, _ in
            let quantity = source["quantity"] ?? .null
            return source.text("feature_id") == "" ? .number("1") : quantity
        },
    ])

    private static let lineDiscount = ReplyShape([
        .money("amount_off", from: "amount"),
        .same("reward_id", from: "coupon_id"),
    ])

    private static let period = ReplyShape([
        .time("start", from: "period_start_time"),
        .time("end", from: "period_end_time"),
    ])

    private static let planChange = ReplyShape([
        .same("plan_id"),
        .list(
            "feature_quantities", from: "quantities",
            ReplyShape([.same("feature_id"), .same("quantity")])),
        .time("effective_at", from: "effective_time"),
        .fixed("canceled_at", .null),
        .fixed("expires_at", .null),
        Key("plan") { source, context in context.plan("incoming.plan", source) },
    ])

    /// What came of a schedule: the phases that begin with a plan of their own.
    static let scheduleReply = ReplyShape(
        [
            .context("customer_id") { $0.customerID },
            .context("entity_id") { $0.entityID },
            Key("status") { source, _ in
                .string(
                    source.text("outcome") == "payment_required" ? "pending_payment" : "created")
            },
            .fixed("schedule_id", .null),
            Key("phases") { source, context in .array(phases(source, context)) },
        ] + purchaseKeys.filter { !["customer_id", "entity_id"].contains($0.name) })

    private static func phases(_ source: JSONValue, _ context: ReplyContext) -> [JSONValue] {
        var starts: [(time: JSONValue, ids: [JSONValue])] = []
        for subscription in source.elements("subscriptions") {
            let time = Key.time("starts_at", from: "start_time").value(subscription, context)
            let id = subscription["subscription_id"] ?? .null
            if let index = starts.firstIndex(where: { $0.time == time }) {
                starts[index].ids.append(id)
            } else {
                starts.append((time ?? .null, [id]))
            }
        }
        return starts.enumerated().map { index, start in
            .object([
                "phase_id": .string("phase_\(index + 1)"), "starts_at": start.time,
                "customer_product_ids": .array(start.ids),
            ])
        }
    }

    static let setupReply = ReplyShape([
        .context("customer_id") { $0.customerID },
        .contextIfAny("entity_id") { $0.entityID },
        .same("url"),
    ])

    static let portalReply = ReplyShape([
        .context("customer_id") { $0.customerID }, .same("url"),
    ])

    /// Of a list, or of a customer.
    static let invoice = ReplyShape([
        .same("id", from: "invoice_id"),
        .context("customer_id") { $0.customerID },
        .fixed("entity_id", .null),
        Key("plan_ids") { source, _ in
            var ids: [JSONValue] = []
            for id in source.elements("lines").compactMap({ $0["plan_id"] })
            where !ids.contains(id) && id != .string("") { ids.append(id) }
            return .array(ids)
        },
        .same("stripe_id", from: "invoice_id"),
        .same("status"),
        .money("total"),
        .currency("currency", of: "total"),
        .time("created_at", from: "create_time"),
        .text("hosted_invoice_url", from: "url"),
        Key("amount_paid") { source, _ in
            source.text("status") == "paid"
                ? (source["amount_due"] ?? .null).major : .number("0")
        },
        Key("refunded_amount") { source, _ in
            source["amount_refunded"]?.major ?? .number("0")
        },
    ])
}

/// Of another system's.
extension ReplyShape {
    static let externalInvoice = ReplyShape([
        .same("id", from: "external_id"),
        .context("customer_id") { $0.customerID },
        .fixed("entity_id", .null),
        .same("plan_ids"),
        .same("stripe_id", from: "external_id"),
        .same("processor_type", from: "processor"),
        .same("status"),
        .money("total"),
        .currency("currency", of: "total"),
        .time("created_at", from: "create_time"),
        .text("hosted_invoice_url", from: "url"),
        Key("amount_paid") { source, _ in source["amount_paid"]?.major ?? .null },
        Key("refunded_amount") { source, _ in
            source["amount_refunded"]?.major ?? .number("0")
        },
    ])

    /// All that a customer's message has, newest first: our own, and those of other systems.
    static func invoices(of customer: JSONValue, _ context: ReplyContext) -> [JSONValue] {
        let own = customer.elements("invoices").map { invoice.value($0, context) }
        let others = customer.elements("external_invoices")
            .map { externalInvoice.value($0, context) }
        guard !others.isEmpty else { return own }
        return (own + others).enumerated().sorted {
            ($1.element.time, $0.offset) < ($0.element.time, $1.offset)
        }.map(\.element)
    }
}

extension JSONValue {
    /// When it was made.
    fileprivate var time: Int64 {
        guard case .number(let literal)? = self["created_at"] else { return 0 }
        return Int64(literal) ?? 0
    }
}

extension JSONValue {
    /// Money in major units, exactly.
    var major: JSONValue {
        guard let code = text("currency"), let currency = Currency(code: code),
            case .number(let literal)? = self["minor_units"], let minor = Int128(literal)
        else { return .number("0") }
        return .number(DecimalText.text(minor, digits: currency.minorDigits))
    }

    /// Of an invoice: its tax, added and contained; nil: it has none.
    fileprivate var taxSums: JSONValue? {
        guard let all = self["tax"] else { return nil }
        let currency = all["currency"] ?? .null
        func sum(inclusive: Bool) -> JSONValue {
            var sum: Int128 = 0
            for tax in elements("taxes") where (tax["inclusive"] == .bool(true)) == inclusive {
                if case .number(let literal)? = tax["amount", "minor_units"] {
                    sum += Int128(literal) ?? 0
                }
            }
            return JSONValue.object(["currency": currency, "minor_units": .number(sum)]).major
        }
        return .object([
            "total": all.major, "amount_inclusive": sum(inclusive: true),
            "amount_exclusive": sum(inclusive: false), "currency": currency,
            "status": .string("complete"),
        ])
    }

    /// Of an invoice: what its lines come to before discounts.
    fileprivate var subtotal: JSONValue {
        var sum: Int128 = 0
        for line in elements("lines") {
            let money = line["subtotal"] ?? line["amount"] ?? .null
            if case .number(let literal)? = money["minor_units"] { sum += Int128(literal) ?? 0 }
        }
        let currency = self["total", "currency"] ?? .string("usd")
        return JSONValue.object(["currency": currency, "minor_units": .number(sum)]).major
    }
}

extension ReplyShape.Key {
    static func money(_ name: String, from field: String? = nil) -> Self {
        Self(name) { source, _ in (source[field ?? name] ?? .null).major }
    }

    static func currency(_ name: String, of field: String) -> Self {
        Self(name) { source, _ in source[field, "currency"] ?? .null }
    }

    /// Left out when there is none.
    static func contextIfAny(
        _ name: String, _ value: @escaping @Sendable (ReplyContext) -> String?
    ) -> Self {
        Self(name) { _, context in value(context).map { .string($0) } }
    }
}
