import Glibc
import RPC

/// A server of the test service that gRPC's own interoperability clients are run against.
@main enum Main {
    static func main() async throws {
        var options: [String: String] = [:]
        var rest = CommandLine.arguments.dropFirst()
        while let name = rest.popFirst(), let value = rest.popFirst() { options[name] = value }
        guard let port = options["--port"].flatMap({ Int($0) }),
            let certificate = options["--cert"], let key = options["--key"]
        else {
            print("usage: tally-interop --port P --cert C --key K")
            exit(64)
        }
        let server = RPCServer(
            configuration: RPCConfiguration(listeners: [
                RPCListener(
                    port: port,
                    identity: TLSIdentity(certificateChainFile: certificate, privateKeyFile: key),
                    pages: NoPages())
            ]),
            makeDispatcher: { _ in TestService() })
        print("listening on \(try await server.start()[0])")
        fflush(nil)
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}

private struct NoPages: PageHandler {
    func respond(to request: PageRequest) async -> PageResponse { .text(404, "no such page") }
}
