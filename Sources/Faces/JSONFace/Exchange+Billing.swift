internal import Attach
internal import Billing
internal import Repository
internal import Rewards
internal import Wire

/// Purchases, invoices and codes.
extension Exchange {
    func purchase(_ route: Route) async throws(JSONProblem) -> JSONValue {
        let (form, kind, shape) = try purchaseForm(route)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            switch route {
            case .attach: try reader.attach(bytes)
            case .multiAttach: try reader.multiAttach(bytes)
            case .update, .multiUpdate: try reader.updateSubscription(bytes)
            case .createSchedule: try reader.createSchedule(bytes)
            default: try reader.setupPayment(bytes)
            }
        }
        let service = AttachService(environment)
        let message = try await waited(form) { () async throws(ExecuteFault) in
            try await service.execute(call)
        }
        var context = try context(of: call.customer)
        context.entityID = form.text("entity_id")
        return try shown(message, kind, shape, context)
    }

    private func purchaseForm(
        _ route: Route
    ) throws(JSONProblem) -> (form: FilledForm, kind: String, shape: ReplyShape) {
        switch route {
        case .attach: return (try filled(.attach), "AttachResponse", .purchaseReply)
        case .multiAttach:
            return (try filled(.multiAttach), "MultiAttachResponse", .purchaseReply)
        case .update:
            let form = try filled(.update)
            try needChange(form)
            return (form, "UpdateSubscriptionResponse", .purchaseReply)
        case .multiUpdate:
            return (try filled(.multiUpdate), "UpdateSubscriptionResponse", .purchaseReply)
        case .createSchedule:
            return (try filled(.createSchedule), "CreateScheduleResponse", .scheduleReply)
        default: return (try filled(.setupPayment), "SetupPaymentResponse", .setupReply)
        }
    }

    /// One field at least says what is to change (billing §10).
    private func needChange(_ form: FilledForm) throws(JSONProblem) {
        let changes = [
            "feature_quantities", "version", "customize", "cancel_action", "discounts",
            "invoice_mode", "custom_line_items",
        ]
        guard changes.contains(where: { (form.given[$0] ?? .null) != .null }) else {
            throw .invalid("give at least one of \(changes.joined(separator: ", "))")
        }
    }

    func preview(_ route: Route) async throws(JSONProblem) -> JSONValue {
        let form =
            switch route {
            case .previewAttach: try filled(.previewAttach)
            case .previewMultiAttach: try filled(.previewMultiAttach)
            case .previewMultiUpdate: try filled(.previewMultiUpdate)
            default: try filled(.previewUpdate)
            }
        if route == .previewUpdate { try needChange(form) }
        let expand = try expanding(form, among: ["incoming.plan", "outgoing.plan"])
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            switch route {
            case .previewAttach: try reader.previewAttach(bytes)
            case .previewMultiAttach: try reader.previewMultiAttach(bytes)
            default: try reader.previewUpdateSubscription(bytes)
            }
        }
        let service = AttachService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.preview(call, names: names, in: workspace)
        }
        var context = try context(of: call.customer, expanding: expand)
        context.intent = intent(form)
        for update in form.given["updates"]?.elements ?? [] {
            guard let id = update.text("plan_id"), !context.planIDs.contains(id) else { continue }
            context.planIDs.append(id)
        }
        let shape: ReplyShape =
            switch route {
            case .previewUpdate: .updatePreviewReply
            case .previewMultiUpdate: .severalPreviewReply
            default: .previewReply
            }
        return try shown(message, "PreviewAttachResponse", shape, context)
    }

    private func intent(_ form: FilledForm) -> String {
        if let action = form.text("cancel_action") { return action }
        let plan = ["version", "customize"].contains { (form.given[$0] ?? .null) != .null }
        if plan { return "update_plan" }
        return form.given["feature_quantities"] == nil ? "none" : "update_quantity"
    }

    func openPortal() async throws(JSONProblem) -> JSONValue {
        let form = try filled(.openPortal)
        let call = try read(form) { (reader, bytes) throws(CallFault) in
            try reader.openCustomerPortal(bytes)
        }
        let service = AttachService(environment)
        let message = try await served(form) { (names, workspace) throws(ExecuteFault) in
            try service.openPortal(call, names: names, in: workspace)
        }
        return try shown(
            message, "OpenCustomerPortalResponse", .portalReply, try context(of: call.customer))
    }

    func redeem(_ route: Route) async throws(JSONProblem) -> JSONValue {
        let service = RewardsService(environment)
        switch route {
        case .createReferralCode:
            let form = try filled(.createCode)
            let call = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.createReferralCode(bytes)
            }
            let message = try await waited(form) { () async throws(ExecuteFault) in
                try await service.code(call)
            }
            return try shown(
                message, "CreateReferralCodeResponse", .referralCode, plainContext)
        case .redeemReferralCode:
            let form = try filled(.redeemReferralCode)
            let call = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.redeemReferralCode(bytes)
            }
            let message = try await waited(form) { () async throws(ExecuteFault) in
                try await service.refer(call)
            }
            return try shown(
                message, "RedeemReferralCodeResponse", .redeemedReferral, plainContext)
        default:
            let form = try filled(.redeemReward)
            let call = try read(form) { (reader, bytes) throws(CallFault) in
                try reader.redeemCode(bytes)
            }
            let message = try await waited(form) { () async throws(ExecuteFault) in
                try await service.execute(call)
            }
            return try shown(message, "RedeemCodeResponse", .redeemedReward, plainContext)
        }
    }
}
