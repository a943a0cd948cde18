/// A server as a client sees it.
package struct RPCEndpoint: Sendable {
    package var host: String
    package var port: Int
    /// The name or address its certificate must be for.
    package var serverName: String
    /// PEM of the authorities to trust; nil: the system's.
    package var authorityFile: String?

    package init(host: String, port: Int, serverName: String? = nil, authorityFile: String? = nil) {
        self.host = host
        self.port = port
        self.serverName = serverName ?? host
        self.authorityFile = authorityFile
    }

    /// IPv6 addresses stand in brackets.
    var authority: String {
        serverName.contains(":") ? "[\(serverName)]:\(port)" : "\(serverName):\(port)"
    }
}
