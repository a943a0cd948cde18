package import NIOCore

/// A server as a client sees it.
package struct RPCEndpoint: Sendable {
    package var host: String
    package var port: Int
    /// The name or address its certificate must be for.
    package var serverName: String
    /// PEM of the authorities to trust; nil: the system's.
    package var authorityFile: String?
    /// One that is silent for so long while calls wait is asked whether it is there, and given up
    /// when it is silent for as long again. It is looked at as often: so within three times this.
    package var silence = TimeAmount.seconds(30)

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
