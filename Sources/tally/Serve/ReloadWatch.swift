internal import Logging
internal import RPC
internal import Repository
internal import UnixSignals

/// Takes new certificates, keys and clients' authorities, and a new price list, while the server
/// runs: within two seconds of a change of their files, and at once on SIGHUP.
struct ReloadWatch: Sendable {
    let server: RPCServer
    /// nil: there is no price list.
    let prices: PriceFile?
    /// Of the listeners, in their order.
    let names: [String]
    let logger: Logger
    /// Made before the server is ready: untrapped, SIGHUP ends a process.
    let hangUps: UnixSignalsSequence

    /// Until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in hangUps {
                    logger.info("SIGHUP: certificates and model prices are read again")
                    report(server.reloadCertificates(force: true))
                    report(prices?.reload(force: true))
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    report(server.reloadCertificates())
                    report(prices?.reload())
                    try? await Task.sleep(for: .seconds(1))
                }
            }
        }
    }

    private func report(_ reloads: [RPCServer.Reload]) {
        for reload in reloads {
            let name = names[reload.listener]
            if let fault = reload.fault {
                logger.error(
                    "the new certificate files were refused; the old ones stay in use",
                    metadata: ["listener": "\(name)", "error": "\(fault)"])
            } else {
                logger.notice(
                    "new connections use the new certificate files",
                    metadata: ["listener": "\(name)"])
            }
        }
    }

    private func report(_ reload: Result<Int, any Error>?) {
        switch reload {
        case .success(let count)?:
            logger.notice("new model prices count from now on", metadata: ["models": "\(count)"])
        case .failure(let error)?:
            logger.error(
                "the new model prices were refused; the old ones stay in use",
                metadata: ["error": "\(error)"])
        case nil: break
        }
    }
}
