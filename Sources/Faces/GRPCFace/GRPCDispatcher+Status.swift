internal import RPC
internal import Repository
internal import Wire

extension GRPCDispatcher {
    /// The server's figures are gathered from all loops: the call leaves its own.
    func runStatus(
        _ message: UnsafeRawBufferPointer, _ loop: EnvironmentLoop, token: CallToken
    ) throws(RPCStatus) -> Execution? {
        let reader = loop.reader(workspace.arena)
        try decoded { () throws(CallFault) in try reader.getStatus(message) }
        let (environment, names, figures) = (loop.environment, loop.names, figures)
        try leave(token) { () throws(ExecuteFault) in
            var report = environment.status
            if let figures {
                report.version = figures.version
                report.start = figures.start
                report.calls = await figures.calls()
            }
            let whole = report
            return names.written { $0.status(whole) }
        }
        return nil
    }
}
