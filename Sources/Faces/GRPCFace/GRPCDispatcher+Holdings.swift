internal import Customers
internal import Entitlement
internal import RPC
internal import Repository
internal import Usage
internal import Wire

/// Handlers of what concerns a customer's balances, entities, controls and holds.
extension GRPCDispatcher {
    func runBatchOrHold(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> Execution {
        let reader = loop.reader(workspace.arena)
        let (names, workspace) = (loop.names, self.workspace)
        if route == .batchCheck {
            let call = try decoded { () throws(CallFault) in try reader.batchCheck(message) }
            return try served { () throws(ExecuteFault) in
                try loop.entitlement.check(call, names: names, in: workspace)
            }
        }
        if route == .explainCheck {
            let call = try decoded { () throws(CallFault) in try reader.explain(message) }
            return try served { () throws(ExecuteFault) in
                try loop.entitlement.explain(call, names: names, in: workspace)
            }
        }
        let call = try decoded { () throws(CallFault) in
            switch route {
            case .batchTrack: try reader.batchTrack(message)
            case .settleHold: try reader.settleHold(message)
            default: try reader.extendHold(message)
            }
        }
        return try served { () throws(ExecuteFault) in
            route == .batchTrack
                ? try loop.usage.trackAll(call, names: names, in: workspace)
                : try loop.entitlement.change(call, names: names, in: workspace)
        }
    }

    func runTokens(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> Execution {
        let reader = loop.reader(workspace.arena)
        let (names, workspace) = (loop.names, self.workspace)
        let call = try decoded { () throws(CallFault) in
            route == .trackTokens
                ? try reader.trackTokens(message) : try reader.batchTrackTokens(message)
        }
        return try served { () throws(ExecuteFault) in
            try loop.usage.trackTokens(call, names: names, in: workspace)
        }
    }

    func runOnHoldings(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop
    ) throws(RPCStatus) -> Execution {
        let reader = loop.reader(workspace.arena)
        let (names, workspace) = (loop.names, self.workspace)
        switch route {
        case .getEntity:
            let call = try decoded { () throws(CallFault) in try reader.getEntity(message) }
            return try served { () throws(ExecuteFault) in
                try loop.customers.entity(call, names: names, in: workspace)
            }
        case .listEntities:
            let call = try decoded { () throws(CallFault) in try reader.listEntities(message) }
            return try served { () throws(ExecuteFault) in
                try loop.customers.entities(call, names: names, in: workspace)
            }
        default:
            let call = try decoded { () throws(CallFault) in
                try change(route, message, reader)
            }
            return try served { () throws(ExecuteFault) in
                try loop.customers.change(call, names: names, in: workspace)
            }
        }
    }

    private func change(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ reader: RequestReader
    ) throws(CallFault) -> ChangeCall {
        switch route {
        case .createBalance: try reader.createBalance(message)
        case .updateBalance: try reader.updateBalance(message)
        case .deleteBalance: try reader.deleteBalance(message)
        case .recalculateBalances: try reader.recalculateBalances(message)
        case .updateControls: try reader.updateControls(message)
        case .createEntity: try reader.createEntity(message)
        case .updateEntity: try reader.updateEntity(message)
        default: try reader.deleteEntity(message)
        }
    }
}
