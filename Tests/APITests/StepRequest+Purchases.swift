import Billing
import CTallyProto
import Stories

@testable import Wire

extension StepRequest {
    static func purchases(_ step: Step, _ customer: String) -> StepRequest? {
        switch step {
        case .purchase(let purchase):
            return StepRequest(
                "Attach",
                [
                    "customer_id": .string(customer), "plan_id": .string(purchase.plan),
                    "entity_id": .text(purchase.entity),
                    "quantities": quantities(purchase.quantities),
                    "plan_schedule": .number(purchase.schedule.rawValue),
                    "reset_billing_cycle": .bool(purchase.startsCycle),
                    "carry_over_balances": features(purchase.balances),
                    "carry_over_usages": features(purchase.usages),
                    "discounts": discounts(purchase.discounts),
                    "version": .number(purchase.version ?? 0),
                    "customize": customization(purchase.customize),
                    "start_time": .time(purchase.starts), "end_time": .time(purchase.ends),
                    "invoice_mode": invoiceMode(purchase.terms),
                    "currency": .string(purchase.currency ?? ""),
                    "tax_rate_id": .string(purchase.taxRate ?? ""),
                    "remove_plan_ids": .array(purchase.removed.map { .string($0) }),
                    "custom_line_items": custom(purchase.custom),
                    "proration_behavior": .number(UInt8(purchase.prorates ? 1 : 2)),
                ])
        case .several(let purchases, let discounts, let startsCycle):
            return StepRequest(
                "MultiAttach",
                [
                    "customer_id": .string(customer), "plans": .array(purchases.map { plan($0) }),
                    "reset_billing_cycle": .bool(startsCycle),
                    "discounts": self.discounts(discounts),
                    "tax_rate_id": .string(purchases.compactMap(\.taxRate).first ?? ""),
                ])
        case .schedule(let phases, let entity, let discounts):
            return StepRequest(
                "CreateSchedule",
                [
                    "customer_id": .string(customer), "entity_id": .text(entity),
                    "phases": .array(phases.map { phase($0) }),
                    "tax_rate_id": .string(
                        phases.flatMap(\.plans).compactMap(\.taxRate).first ?? ""),
                    "discounts": self.discounts(discounts),
                ])
        case .unschedule(let entity):
            return StepRequest(
                "DeleteSchedule",
                ["customer_id": .string(customer), "entity_id": .text(entity)])
        case .change(let change):
            return StepRequest(
                "UpdateSubscription",
                [
                    "customer_id": .string(customer), "plan_id": .string(change.plan ?? ""),
                    "quantities": quantities(change.quantities),
                    "cancel_action": .number(change.cancel?.rawValue ?? 0),
                    "proration_behavior": .number(UInt8(change.prorates ? 1 : 2)),
                    "refund_last_payment": .number(change.refund?.rawValue ?? 0),
                    "version": .number(change.version ?? 0),
                    "customize": customization(change.customize),
                    "discounts": discounts(change.discounts),
                    "invoice_mode": invoiceMode(change.terms),
                    "custom_line_items": custom(change.custom),
                    "tax_rate_id": .string(change.taxRate ?? ""),
                    "also": .array(change.also.map { cancellation($0) }),
                ])
        case .taxRate(let id):
            return StepRequest(
                "UpdateCustomer",
                ["customer_id": .string(customer), "tax_rate_id": .string(id)])
        case .address(let country, let state):
            return StepRequest(
                "UpdateCustomer",
                [
                    "customer_id": .string(customer),
                    "address": ["country": .string(country), "state": .string(state)],
                ])
        case .zone(let name):
            return StepRequest(
                "UpdateCustomer",
                ["customer_id": .string(customer), "time_zone": .string(name)])
        case .migrate(let plan, let from, let to, let custom, _):
            return StepRequest(
                "MigrateCustomer",
                [
                    "customer_id": .string(customer), "plan_id": .string(plan),
                    "from_version": .number(from ?? 0), "to_version": .number(to ?? 0),
                    "include_custom": .bool(custom),
                ])
        case .refund(let invoice, let amount):
            return StepRequest(
                "RefundInvoice",
                [
                    "customer_id": .string(customer), "invoice_id": .string("inv_\(invoice)"),
                    "amount": amount.map { cents($0) } ?? .null,
                ])
        case .providerRefund(let invoice, let amount):
            return StepRequest(
                "ReportPaymentEvent",
                [
                    "customer_id": .string(customer), "invoice_id": .string("inv_\(invoice)"),
                    "refund": [
                        "refund_id": .string("provider_\(customer)"), "amount": cents(amount),
                    ],
                ])
        case .dispute(let invoice, let amount, let status):
            return StepRequest(
                "ReportPaymentEvent",
                [
                    "customer_id": .string(customer), "invoice_id": .string("inv_\(invoice)"),
                    "dispute": [
                        "dispute_id": .string("dispute_\(customer)"), "amount": cents(amount),
                        "status": .number(status.rawValue),
                    ],
                ])
        case .finalize(let invoice): return invoiceStep("FinalizeInvoice", customer, invoice)
        case .markPaid(let invoice): return invoiceStep("MarkInvoicePaid", customer, invoice)
        case .voidInvoice(let invoice): return invoiceStep("VoidInvoice", customer, invoice)
        case .give(let name, nil):
            return StepRequest(
                "ApplyDiscount",
                ["customer_id": .string(customer), "discount": discount(name)])
        case .takeAway(let coupon, nil):
            return StepRequest(
                "RemoveDiscount",
                ["customer_id": .string(customer), "coupon_id": .string(coupon)])
        case .redeem(let code):
            return StepRequest(
                "RedeemCode", ["customer_id": .string(customer), "code": .string(code)])
        default: return nil
        }
    }

    private static func cancellation(_ change: Change) -> JSONValue {
        .object([
            "plan_id": .string(change.plan ?? ""),
            "cancel_action": .number(change.cancel?.rawValue ?? 0),
            "proration_behavior": .number(UInt8(change.prorates ? 1 : 2)),
        ])
    }

    private static func plan(_ purchase: Purchase) -> JSONValue {
        .object([
            "plan_id": .string(purchase.plan), "entity_id": .text(purchase.entity),
            "quantities": quantities(purchase.quantities),
            "version": .number(purchase.version ?? 0),
            "customize": customization(purchase.customize),
        ])
    }

    private static func phase(_ phase: AskedPhase) -> JSONValue {
        var object: JSONObject = ["plans": .array(phase.plans.map { plan($0) })]
        switch phase.start {
        case .now: break
        case .at(let time): object.append("start_time", .time(time))
        case .after(let length):
            object.append(
                "starting_after",
                .object([
                    "interval": .number(length.interval.rawValue),
                    "interval_count": .number(length.count),
                ]))
        }
        return .object(object)
    }

    private static func invoiceStep(
        _ method: String, _ customer: String, _ invoice: UInt32
    ) -> StepRequest {
        StepRequest(
            method,
            ["customer_id": .string(customer), "invoice_id": .string("inv_\(invoice)")])
    }

    private static func invoiceMode(_ terms: InvoiceTerms?) -> JSONValue {
        guard let terms else { return .null }
        return [
            "enabled": .bool(true), "enable_plan_immediately": .bool(terms.gives),
            "finalize": .bool(terms.finalizes), "net_terms_days": .number(terms.netDays),
        ]
    }

    private static func custom(_ amounts: [Int64]) -> JSONValue {
        .array(
            amounts.map {
                ["amount": cents($0), "description": .string(CustomLine.words(of: $0))]
            })
    }

    private static func cents(_ amount: Int64) -> JSONValue {
        ["currency": "usd", "minor_units": .number(amount)]
    }

    private static func discounts(_ names: [String]) -> JSONValue {
        .array(names.map { discount($0) })
    }

    static func discount(_ name: String) -> JSONValue {
        name.hasPrefix("#")
            ? .object(["promotion_code": .string(String(name.dropFirst()))])
            : .object(["coupon_id": .string(name)])
    }

    private static func customization(_ patch: PlanPatch?) -> JSONValue {
        guard let patch else { return .null }
        var object = JSONObject()
        switch patch.price {
        case .kept: break
        case .removed: object.append("remove_price", .bool(true))
        case .set(let price):
            var plan = Plan(id: "", name: "")
            plan.price = price
            object.append("price", written(plan)["price"] ?? .null)
        }
        if let items = patch.items {
            let plan = Plan(id: "", name: "", items: items)
            object.append("items", .object(["items": written(plan)["items"] ?? .array([])]))
        }
        let added = Plan(id: "", name: "", items: patch.addedItems)
        object.append("add_items", written(added)["items"] ?? .array([]))
        object.append(
            "remove_items",
            .array(
                patch.removedItems.map {
                    .object([
                        "feature_id": .string($0.featureID),
                        "reset_interval": .number($0.reset?.rawValue ?? 0),
                    ])
                }))
        switch patch.trial {
        case .kept: break
        case .removed: object.append("remove_free_trial", .bool(true))
        case .set(let trial):
            var plan = Plan(id: "", name: "")
            plan.trial = trial
            object.append("free_trial", written(plan)["free_trial"] ?? .null)
        }
        return .object(object)
    }

    /// As a catalog has it.
    private static func written(_ plan: Plan) -> JSONValue {
        let arena = Arena()
        let bytes = arena.pack(CatalogWriter(arena: arena).plan(plan, revision: 0))
        let descriptor = arena.descriptor(of: arena.make(tally__v1__plan__init))
        let schema = SchemaBuilder().schema(descriptor)
        return withExtendedLifetime(arena) {
            (try? MessageDecoder.object(bytes, as: schema)) ?? .null
        }
    }

    private static func features(_ features: [String]?) -> JSONValue {
        guard let features else { return .null }
        return .object(["feature_ids": .array(features.map { .string($0) })])
    }

    private static func quantities(
        _ quantities: [(featureID: String, total: Quantity)]
    ) -> JSONValue {
        .array(
            quantities.map {
                .object([
                    "feature_id": .string($0.featureID), "quantity": .quantity($0.total),
                ])
            })
    }
}
