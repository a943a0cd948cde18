internal import RPC
internal import Repository
internal import Rewards
internal import Wire

extension GRPCDispatcher {
    /// What redeems a code waits for the directory, and so leaves the loop.
    func runReward(
        _ route: Route, _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop,
        token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        let service = loop.rewards
        guard route != .getPromotionCode else {
            let code = try decoded { () throws(CallFault) in
                try reader.getPromotionCode(message)
            }
            return try served { () throws(ExecuteFault) in
                try service.find(code, names: loop.names, in: workspace)
            }
        }
        if route == .createReferralCode {
            let call = try decoded { () throws(CallFault) in
                try reader.createReferralCode(message)
            }
            try leave(token) { () throws(ExecuteFault) in try await service.code(call) }
            return nil
        }
        if route == .redeemReferralCode {
            let call = try decoded { () throws(CallFault) in
                try reader.redeemReferralCode(message)
            }
            try leave(token) { () throws(ExecuteFault) in try await service.refer(call) }
            return nil
        }
        let call = try decoded { () throws(CallFault) in
            switch route {
            case .applyDiscount: try reader.applyDiscount(message)
            case .removeDiscount: try reader.removeDiscount(message)
            default: try reader.redeemCode(message)
            }
        }
        try leave(token) { () throws(ExecuteFault) in try await service.execute(call) }
        return nil
    }
}
