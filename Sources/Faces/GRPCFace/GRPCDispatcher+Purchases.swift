internal import Attach
internal import RPC
internal import Repository
internal import Wire

extension GRPCDispatcher {
    /// What is bought or changed leaves the loop; what it would cost is answered on it.
    func runPurchase(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let call = try decoded { () throws(CallFault) in
            switch route {
            case .attach: try reader.attach(message)
            case .updateSubscription: try reader.updateSubscription(message)
            case .setupPayment: try reader.setupPayment(message)
            case .previewAttach: try reader.previewAttach(message)
            case .multiAttach: try reader.multiAttach(message)
            case .previewMultiAttach: try reader.previewMultiAttach(message)
            case .createSchedule: try reader.createSchedule(message)
            case .previewCreateSchedule: try reader.previewCreateSchedule(message)
            case .deleteSchedule: try reader.deleteSchedule(message)
            default: try reader.previewUpdateSubscription(message)
            }
        }
        let service = loop.attach
        let isPreview =
            route == .previewAttach || route == .previewUpdateSubscription
            || route == .previewMultiAttach || route == .previewCreateSchedule
        guard !isPreview else {
            return try served { () throws(ExecuteFault) in
                try service.preview(call, names: loop.names, in: workspace)
            }
        }
        try leave(token) { () throws(ExecuteFault) in try await service.execute(call) }
        return nil
    }

    /// An invoice is sent, paid out of band, or taken back; others are put on record.
    func runInvoice(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        if route == .recordExternalInvoices {
            let call = try decoded { () throws(CallFault) in
                try reader.recordExternalInvoices(message)
            }
            let service = loop.attach
            try leave(token) { () throws(ExecuteFault) in try await service.record(call) }
            return nil
        }
        let call = try decoded { () throws(CallFault) in
            switch route {
            case .finalizeInvoice: try reader.finalizeInvoice(message)
            case .markInvoicePaid: try reader.markInvoicePaid(message)
            default: try reader.voidInvoice(message)
            }
        }
        let service = loop.attach
        try leave(token) { () throws(ExecuteFault) in try await service.change(call) }
        return nil
    }

    /// Money goes back, or the sandbox's provider is told to do something.
    func runRefund(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let service = loop.attach
        if route == .refundInvoice {
            let call = try decoded { () throws(CallFault) in try reader.refundInvoice(message) }
            try leave(token) { () throws(ExecuteFault) in try await service.refund(call) }
        } else {
            let call = try decoded { () throws(CallFault) in try reader.paymentEvent(message) }
            try leave(token) { () throws(ExecuteFault) in try await service.provoke(call) }
        }
        return nil
    }
}
