internal import Attach
internal import Catalog
internal import RPC
internal import Repository
internal import Wire

/// Handlers of the catalog, of moves between its versions, and of the customer's own pages.
extension GRPCDispatcher {
    /// nil: the call has left the loop and comes back by its token.
    func runPlans(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let (names, workspace) = (loop.names, self.workspace)
        switch route {
        case .getCatalog:
            let all = try decoded { () throws(CallFault) in try reader.getCatalog(message) }
            return loop.catalog.get(allVersions: all, names: names, in: workspace)
        case .migrateCustomer:
            let call = try decoded { () throws(CallFault) in try reader.migrateCustomer(message) }
            return try served { () throws(ExecuteFault) in
                try loop.attach.migrate(call, names: names, in: workspace)
            }
        case .openCustomerPortal:
            let call = try decoded { () throws(CallFault) in
                try reader.openCustomerPortal(message)
            }
            return try served { () throws(ExecuteFault) in
                try loop.attach.openPortal(call, names: names, in: workspace)
            }
        default:
            let (call, found) = try decoded { () throws(CallFault) in try reader.publish(message) }
            let service = loop.catalog
            try leave(token) { () throws(ExecuteFault) in
                try await service.publish(call, found: found)
            }
            return nil
        }
    }
}
