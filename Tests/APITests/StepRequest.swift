import Billing
import Stories

@testable import Wire

/// The call that performs a step.
struct StepRequest {
    let method: String
    let fields: JSONObject

    init(_ method: String, _ fields: JSONObject) {
        self.method = method
        self.fields = fields
    }

    /// nil: it takes more than one call, or is something to be seen.
    init?(_ step: Step, of customer: String, _ pricing: PricingState) {
        let request =
            StepRequest.usage(step, customer) ?? StepRequest.holdings(step, customer)
            ?? StepRequest.purchases(step, customer)
            ?? StepRequest.controlled(step, customer, pricing)
        guard let request else { return nil }
        self = request
    }

    /// The name of an event that feeds these features.
    static func eventName(of features: [String]) -> String { features.joined(separator: ".") }

    private static func usage(_ step: Step, _ customer: String) -> StepRequest? {
        let customer = JSONValue.string(customer)
        switch step {
        case .track(let feature, let value, let entity, let overage, let properties):
            return StepRequest(
                "Track",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "value": .quantity(value), "entity_id": .text(entity),
                    "overage_behavior": .number(overage.rawValue),
                    "properties": .properties(properties),
                ])
        case .trackAt(let feature, let value, let time, let refusesLate):
            return StepRequest(
                "Track",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "value": .quantity(value), "event_time": .time(time),
                    "refuse_late": .bool(refusesLate),
                ])
        case .event(let features, let value):
            return StepRequest(
                "Track",
                [
                    "customer_id": customer, "event_name": .string(eventName(of: features)),
                    "value": .quantity(value),
                ])
        case .batch(let parts, let overage):
            let items = parts.map { feature, value in
                JSONValue.object([
                    "feature_id": .string(feature), "value": .quantity(value),
                    "overage_behavior": .number(overage.rawValue),
                ])
            }
            return StepRequest("BatchTrack", ["customer_id": customer, "items": .array(items)])
        case .setUsage(let feature, let value, let entity):
            return StepRequest(
                "Track",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "value": .quantity(value), "entity_id": .text(entity),
                    "set_usage": .bool(true),
                ])
        case .check(let feature, let required, let entity, _, let properties):
            return StepRequest(
                "Check",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "required_quantity": .quantity(required), "entity_id": .text(entity),
                    "properties": .properties(properties),
                ])
        case .deduct(let feature, let required, let entity, _):
            return StepRequest(
                "Check",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "required_quantity": .quantity(required), "entity_id": .text(entity),
                    "deduct": .bool(true),
                ])
        default: return hold(step, customer)
        }
    }

    private static func hold(_ step: Step, _ customer: JSONValue) -> StepRequest? {
        switch step {
        case .hold(let feature, let value, let entity, let id, let expires, let properties):
            return StepRequest(
                "Check",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "required_quantity": .quantity(value), "entity_id": .text(entity),
                    "deduct": .bool(true), "properties": .properties(properties),
                    "hold": .object(["hold_id": .string(id), "expire_time": .time(expires)]),
                ])
        case .holdTrack(let feature, let value, let id):
            return StepRequest(
                "Track",
                [
                    "customer_id": customer, "feature_id": .string(feature),
                    "value": .quantity(value), "hold": .object(["hold_id": .string(id)]),
                ])
        case .settle(let value, let id):
            return StepRequest(
                "SettleHold",
                ["customer_id": customer, "hold_id": .string(id), "value": .quantity(value)])
        case .extend(let expires, let id):
            return StepRequest(
                "ExtendHold",
                ["customer_id": customer, "hold_id": .string(id), "expire_time": .time(expires)])
        default: return nil
        }
    }
}

/// Balances, entities and controls.
extension StepRequest {
    private static func holdings(_ step: Step, _ customer: String) -> StepRequest? {
        let customer = JSONValue.string(customer)
        switch step {
        case .attach(let plan):
            return StepRequest("Attach", ["customer_id": customer, "plan_id": .string(plan)])
        case .open(let grant): return open(grant, customer)
        case .update(let pick, let amount, let granted):
            var fields: JSONObject = [
                "customer_id": customer, "filter": filter(pick), "granted": .quantity(granted),
            ]
            switch amount {
            case .remaining(let units): fields.append("remaining", .quantity(units))
            case .added(let units): fields.append("add", .quantity(units))
            case .usage(let units): fields.append("usage", .quantity(units))
            case nil: break
            }
            return StepRequest("UpdateBalance", fields)
        case .moveReset(let pick, let time):
            return StepRequest(
                "UpdateBalance",
                ["customer_id": customer, "filter": filter(pick), "next_reset_time": .time(time)])
        case .moveExpiry(let pick, let time):
            return StepRequest(
                "UpdateBalance",
                ["customer_id": customer, "filter": filter(pick), "expire_time": .time(time)])
        case .delete(let pick, let keepsUsage):
            return StepRequest(
                "DeleteBalance",
                [
                    "customer_id": customer, "filter": filter(pick),
                    "keep_usage": .bool(keepsUsage),
                ])
        case .recalculate(let pick):
            return StepRequest(
                "RecalculateBalances", ["customer_id": customer, "filter": filter(pick)])
        case .deleteEntity(let id):
            return StepRequest("DeleteEntity", ["customer_id": customer, "entity_id": .text(id)])
        default: return nil
        }
    }

    private static func open(_ grant: Grant, _ customer: JSONValue) -> StepRequest {
        StepRequest(
            "CreateBalance",
            [
                "customer_id": customer, "feature_id": .string(grant.featureID),
                "entity_id": .text(grant.entity), "granted": .quantity(grant.amount),
                "unlimited": .bool(grant.unlimited),
                "reset": grant.reset.map { reset in
                    .object([
                        "interval": .number(reset.interval.rawValue),
                        "interval_count": .number(reset.count),
                    ])
                } ?? .null,
                "next_reset_time": .time(grant.nextReset), "expire_time": .time(grant.expires),
                "rollover": grant.rollover.map { .object(rollover($0)) } ?? .null,
                "balance_id": .string(grant.name),
            ])
    }

    private static func rollover(_ rollover: Rollover) -> JSONObject {
        let months = JSONValue.number(rollover.months)
        return switch rollover.cap {
        case .none: ["months": months]
        case .units(let most): ["months": months, "max": .quantity(most)]
        case .percentage(let most): ["months": months, "max_percentage": .quantity(most)]
        }
    }

    private static func filter(_ pick: Pick) -> JSONValue {
        .object([
            "feature_id": pick.featureID.map { .string($0) } ?? .null,
            "entity_id": .text(pick.entity), "balance_id": .string(pick.id),
            "interval": pick.interval.map { .number($0.rawValue) } ?? .null,
        ])
    }

    private static func controlled(
        _ step: Step, _ customer: String, _ pricing: PricingState
    ) -> StepRequest? {
        let customer = JSONValue.string(customer)
        let lists = ControlLists(pricing: pricing)
        switch step {
        case .entity(let feature, let id, let controls):
            return StepRequest(
                "CreateEntity",
                [
                    "customer_id": customer, "entity_id": .text(id),
                    "feature_id": .string(feature),
                    "controls": controls.isEmpty ? .null : lists.all(of: controls),
                ])
        case .set(let set):
            func items(_ list: JSONValue) -> JSONValue { .object(["items": list]) }
            return StepRequest(
                "UpdateControls",
                [
                    "customer_id": customer, "entity_id": .text(set.entity),
                    "spend_limits": set.spendLimits.map { items(lists.spendLimits($0)) } ?? .null,
                    "usage_limits": set.usageLimits.map { items(lists.usageLimits($0)) } ?? .null,
                    "usage_alerts": set.usageAlerts.map { items(lists.usageAlerts($0)) } ?? .null,
                    "overage_permissions": set.overagePermissions.map {
                        items(lists.permissions($0))
                    } ?? .null,
                    "auto_topups": set.autoTopUps.map { items(lists.topUps($0)) } ?? .null,
                    "pooling_disabled": set.isPoolingDisabled.map { .bool($0) } ?? .null,
                ])
        default: return nil
        }
    }
}

/// Controls as JSON, with the names of features.
private struct ControlLists {
    let pricing: PricingState

    func all(of controls: Controls) -> JSONValue {
        .object([
            "spend_limits": spendLimits(controls.spendLimits),
            "usage_limits": usageLimits(controls.usageLimits),
            "usage_alerts": usageAlerts(controls.usageAlerts),
            "overage_permissions": permissions(controls.overagePermissions),
            "auto_topups": topUps(controls.autoTopUps),
        ])
    }

    func topUps(_ topUps: [AutoTopUp]) -> JSONValue {
        .array(
            topUps.map { topUp in
                .object([
                    "feature_id": id(topUp.feature), "enabled": .bool(topUp.isEnabled),
                    "threshold": .quantity(topUp.threshold),
                    "quantity": .quantity(topUp.quantity),
                    "purchase_limit": topUp.limit.map { limit in
                        .object([
                            "limit": .number(limit.count),
                            "interval": .number(limit.cycle.interval.rawValue),
                            "interval_count": .number(limit.cycle.count),
                        ])
                    } ?? .null,
                ])
            })
    }

    /// nil: every feature.
    private func id(_ feature: FeatureNumber?) -> JSONValue {
        .string(feature.map { pricing.feature($0).id } ?? "")
    }

    func spendLimits(_ limits: [SpendLimit]) -> JSONValue {
        .array(
            limits.map { limit in
                var object: JSONObject = [
                    "feature_id": id(limit.feature), "enabled": .bool(limit.isEnabled),
                ]
                switch limit.bound {
                case .absent: break
                case .units(let units): object.append("overage_limit", .quantity(units))
                case .percentage(let percentage):
                    object.append("overage_percentage", .quantity(percentage))
                }
                return .object(object)
            })
    }

    func usageLimits(_ limits: [UsageLimit]) -> JSONValue {
        .array(
            limits.map { limit in
                .object([
                    "feature_id": id(limit.feature), "enabled": .bool(limit.isEnabled),
                    "limit": .quantity(limit.limit),
                    "interval": .number(limit.interval.rawValue),
                    "anchor": .number(limit.anchor.rawValue),
                    "filter": .properties(limit.filter),
                ])
            })
    }

    func usageAlerts(_ alerts: [UsageAlert]) -> JSONValue {
        .array(
            alerts.map { alert in
                .object([
                    "feature_id": id(alert.feature), "enabled": .bool(alert.isEnabled),
                    "threshold": .quantity(alert.threshold),
                    "measure": .number(alert.measure.rawValue), "name": .string(alert.name),
                ])
            })
    }

    func permissions(_ permissions: [OveragePermission]) -> JSONValue {
        .array(
            permissions.map { permission in
                .object([
                    "feature_id": id(permission.feature), "enabled": .bool(permission.isEnabled),
                ])
            })
    }
}
