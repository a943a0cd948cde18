import Billing
import Repository
import Testing
import Wire

/// The law: what is asked in JSON, and the same asked in messages as the gRPC face reads them,
/// leave the same state, to the byte.
@Suite("The same in both faces")
struct ParityTests {
    /// A route and its body; the messages that say the same.
    private static let scenario: [(route: String, body: String, messages: [(String, String)])] = [
        (
            "customers.get_or_create",
            #"{"customer_id": "acme", "name": "Acme", "metadata": {"a": "b"}, "expand": []}"#,
            [
                (
                    "GetOrCreateCustomerRequest",
                    #"{"customer_id": "acme", "name": "Acme", "metadata": {"a": "b"}}"#
                )
            ]
        ),
        (
            "balances.track",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "value": 3.0, "async": true,
             "properties": {"model": "m", "size": 2, "fast": true, "none": null},
             "timestamp": 1769817599000.0}
            """#,
            [
                (
                    "TrackRequest",
                    #"""
                    {"customer_id": "acme", "feature_id": "messages", "value": 3,
                     "event_time": "2026-01-30T23:59:59Z",
                     "properties": {"model": {"string_value": "m"}, "size": {"number_value": 2},
                                    "fast": {"bool_value": true}}}
                    """#
                )
            ]
        ),
        (
            "balances.check",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "required_balance": 8,
             "lock": {"lock_id": "l1", "enabled": true, "expires_at": 1769821200000}}
            """#,
            [
                (
                    "CheckRequest",
                    #"""
                    {"customer_id": "acme", "feature_id": "messages", "required_quantity": 8,
                     "deduct": true,
                     "hold": {"hold_id": "l1", "expire_time": "2026-01-31T01:00:00Z"}}
                    """#
                )
            ]
        ),
        (
            "balances.finalize", #"{"lock_id": "l1", "action": "confirm", "override_value": 5}"#,
            [
                (
                    "SettleHoldRequest",
                    #"{"customer_id": "acme", "hold_id": "l1", "value": 5}"#
                )
            ]
        ),
        (
            "balances.create",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "included_grant": 50,
             "balance_id": "extra", "reset": {"interval": "week", "interval_count": 2},
             "rollover": {"length": 2, "max": 20, "duration": "month"}}
            """#,
            [
                (
                    "CreateBalanceRequest",
                    #"""
                    {"customer_id": "acme", "feature_id": "messages", "granted": 50,
                     "balance_id": "extra", "reset": {"interval": "week", "interval_count": 2},
                     "rollover": {"max": 20, "months": 2}}
                    """#
                )
            ]
        ),
        (
            "balances.update",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "balance_id": "extra",
             "remaining": 30}
            """#,
            [
                (
                    "UpdateBalanceRequest",
                    #"""
                    {"customer_id": "acme", "remaining": 30,
                     "filter": {"feature_id": "messages", "balance_id": "extra"}}
                    """#
                )
            ]
        ),
        (
            "entities.create",
            #"""
            {"customer_id": "acme", "entity_id": "e1", "feature_id": "seats", "name": "One",
             "billing_controls": {
               "usage_limits": [{"feature_id": "messages", "limit": 5, "interval": "day",
                                 "filter": {"properties": {"model": "m"}}}]}}
            """#,
            [
                (
                    "CreateEntityRequest",
                    #"""
                    {"customer_id": "acme", "entity_id": "e1", "feature_id": "seats",
                     "name": "One", "controls": {"usage_limits": [
                       {"feature_id": "messages", "enabled": true, "limit": 5, "interval": "day",
                        "filter": {"model": {"string_value": "m"}}}]}}
                    """#
                )
            ]
        ),
        (
            "customers.update",
            #"""
            {"customer_id": "acme", "email": "acme@example.com", "metadata": {"a": null, "c": "d"},
             "config": {"disable_pooled_balance": true}, "billing_controls": {
               "spend_limits": [{"feature_id": "calls", "enabled": true, "overage_limit": 50,
                                 "limit_type": "usage_percentage"}],
               "usage_alerts": [{"threshold": 80, "threshold_type": "usage_percentage"}],
               "overage_allowed": [{"feature_id": "messages", "enabled": true}],
               "auto_topups": []}}
            """#,
            [
                (
                    "UpdateControlsRequest",
                    #"""
                    {"customer_id": "acme", "pooling_disabled": true,
                     "spend_limits": {"items": [
                       {"feature_id": "calls", "enabled": true, "overage_percentage": 50}]},
                     "usage_alerts": {"items": [
                       {"enabled": true, "threshold": 80, "measure": "usage_percentage"}]},
                     "overage_permissions": {"items": [
                       {"feature_id": "messages", "enabled": true}]},
                     "auto_topups": {"items": []}}
                    """#
                ),
                (
                    "UpdateCustomerRequest",
                    #"""
                    {"customer_id": "acme", "email": "acme@example.com", "metadata": {"c": "d"},
                     "remove_metadata_keys": ["a"]}
                    """#
                ),
            ]
        ),
        (
            "billing.attach",
            #"""
            {"customer_id": "acme", "plan_id": "extra", "redirect_mode": "if_required",
             "proration_behavior": "prorate_immediately", "entity_id": "e1",
             "customize": {"items": [
               {"feature_id": "messages", "included": 7, "reset": {"interval": "day"}},
               {"feature_id": "calls", "included": 1,
                "price": {"amount": 0, "interval": "month", "billing_method": "usage_based",
                          "billing_units": 10, "max_purchase": 20}}]}}
            """#,
            [
                (
                    "AttachRequest",
                    #"""
                    {"customer_id": "acme", "plan_id": "extra", "redirect_mode": "if_required",
                     "entity_id": "e1", "customize": {"items": {"items": [
                       {"feature_id": "messages", "included": 7, "reset": {"interval": "day"}},
                       {"feature_id": "calls", "included": 1, "reset": {"interval": "month"},
                        "usage_price": {"amount": 0, "billing_units": 10, "max_purchase": 20}}]}}}
                    """#
                )
            ]
        ),
        (
            "billing.update",
            #"""
            {"customer_id": "acme", "plan_id": "extra", "entity_id": "e1",
             "cancel_action": "cancel_immediately"}
            """#,
            [
                (
                    "UpdateSubscriptionRequest",
                    #"""
                    {"customer_id": "acme", "plan_id": "extra", "entity_id": "e1",
                     "cancel_action": "immediately"}
                    """#
                )
            ]
        ),
        (
            "balances.delete",
            #"""
            {"customer_id": "acme", "feature_id": "messages", "balance_id": "extra",
             "recalculate_balances": true}
            """#,
            [
                (
                    "DeleteBalanceRequest",
                    #"""
                    {"customer_id": "acme", "keep_usage": true,
                     "filter": {"feature_id": "messages", "balance_id": "extra"}}
                    """#
                )
            ]
        ),
    ]

    private static let catalog = #"""
        {"currency": "usd",
         "features": [
           {"feature_id": "messages", "name": "Messages", "type": "metered"},
           {"feature_id": "calls", "name": "Calls", "type": "metered"},
           {"feature_id": "seats", "name": "Seats", "type": "allocated"}],
         "plans": [
           {"plan_id": "free", "name": "Free", "auto_enable": true, "items": [
             {"feature_id": "messages", "included": 100, "reset": {"interval": "month"}},
             {"feature_id": "seats", "included": 3}]},
           {"plan_id": "extra", "name": "Extra", "add_on": true, "items": [
             {"feature_id": "messages", "included": 10, "reset": {"interval": "month"}}]}]}
        """#

    @Test("as long as each step has its own request id")
    func leavesTheSameState() async throws {
        let (inJSON, inMessages) = (
            try await Stand(catalog: ParityTests.catalog),
            try await Stand(catalog: ParityTests.catalog)
        )
        for (index, step) in ParityTests.scenario.enumerated() {
            let request = "r\(index)"
            let answer = try await inJSON.post(
                step.route, step.body, ("idempotency-key", request))
            #expect(answer.status == 200, "\(step.route): \(answer.message)")
            for (kind, fields) in step.messages {
                try await inMessages.execute(kind, fields, request: request)
            }
            #expect(inJSON.state == inMessages.state, "\(step.route)")
        }
    }
}

extension Stand {
    /// All that is kept of customers.
    fileprivate var state: [UInt8] { environment.partitions.flatMap { $0.customers.dump() } }

    /// Reads a message and executes what it says, as a handler of the gRPC face does.
    fileprivate func execute(_ kind: String, _ fields: String, request: String) async throws {
        guard case .object(var object) = try JSONParser.parse(fields) else { return }
        object.append("request_id", .string(request))
        let bytes = try MessageJSON.encode(.object(object), as: MessageKind(kind))
        let reader = RequestReader(
            arena: Arena(), names: environment.directory.current,
            fingerprintKey: environment.fingerprintKey)
        let (customer, command, mark) = try bytes.withUnsafeBytes {
            try reader.command(kind, $0, effectID: environment.newEffectID())
        }
        _ = try await environment.commit(command, for: customer, request: mark)
    }
}

extension RequestReader {
    fileprivate func command(
        _ kind: String, _ bytes: UnsafeRawBufferPointer, effectID: String
    ) throws -> (CustomerID, Command, RequestMark?) {
        switch kind {
        case "GetOrCreateCustomerRequest":
            let call = try getOrCreateCustomer(bytes)
            return (call.customer, .create(call.create), call.request)
        case "UpdateCustomerRequest":
            let call = try updateCustomer(bytes)
            return (call.customer, .update(call.update), call.request)
        case "TrackRequest":
            let call = try track(bytes)
            return (call.customer, .track(call.usage), call.request)
        case "CheckRequest":
            let call = try check(bytes)
            guard case .feature(let query) = call.subject else { throw CallFault.malformed }
            return (call.customer, .checkAndDeduct(query), call.request)
        case "AttachRequest", "UpdateSubscriptionRequest":
            let call = try kind == "AttachRequest" ? attach(bytes) : updateSubscription(bytes)
            return (call.customer, call.command(effectID: effectID), call.request)
        default:
            let call = try change(kind, bytes)
            return (call.customer, call.command, call.request)
        }
    }

    private func change(_ kind: String, _ bytes: UnsafeRawBufferPointer) throws -> ChangeCall {
        switch kind {
        case "SettleHoldRequest": try settleHold(bytes)
        case "CreateBalanceRequest": try createBalance(bytes)
        case "UpdateBalanceRequest": try updateBalance(bytes)
        case "CreateEntityRequest": try createEntity(bytes)
        case "UpdateControlsRequest": try updateControls(bytes)
        default: try deleteBalance(bytes)
        }
    }
}
