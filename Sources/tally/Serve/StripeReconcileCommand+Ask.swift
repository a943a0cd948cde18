internal import Payments
internal import RPC
internal import Wire

extension StripeReconcileCommand {
    /// The server's answer.
    func ask() throws -> JSONValue {
        let endpoint = try flags.endpoint()
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        let url =
            "https://\(host):\(endpoint.port)/stripe/\(environment.rawValue)/reconcile"
            + "?days=\(days)" + (dryRun ? "&dry=1" : "")
        let key = try flags.key()
        let response: HTTPSClient.Response
        do {
            // As long as it takes.
            let client = try HTTPSClient(
                authorityFile: endpoint.authorityFile, timeoutSeconds: 86_400)
            response = try client.post(url, body: [], headers: ["authorization: Bearer \(key)"])
        } catch {
            throw CommandFault("the server can't be reached: \(error)", exit: .unavailable)
        }
        let text = String(decoding: response.body, as: UTF8.self)
        switch response.status {
        case 200: break
        case 404:
            throw CommandFault(
                "payments.\(environment.rawValue) is not stripe, or this address serves no pages",
                exit: .refused)
        default: throw CommandFault(text, exit: .refused)
        }
        guard let answer = try? JSONParser.parse(response.body) else {
            throw CommandFault("the answer is no JSON", exit: .refused)
        }
        return answer
    }
}
