internal import ArgumentParser
internal import Glibc
internal import RPC

/// Which server to call, as whom, and how to answer.
struct ServerFlags: ParsableArguments {
    @Option(help: "The server (or TALLY_SERVER). Default: https://127.0.0.1:7443.")
    var server: String?

    @Option(
        help: ArgumentHelp(
            "PEM of the authority to trust (or TALLY_CA). Default: .dev/ca.pem for a server on "
                + "this machine, otherwise the system's.",
            valueName: "file"))
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "File with the API key (or TALLY_KEY_FILE, or the key itself in TALLY_KEY). Default: "
                + ".dev/sandbox.key for a server on this machine.",
            valueName: "file"))
    var keyFile: String?

    @Option(help: ArgumentHelp("Give up after this long.", valueName: "seconds"))
    var timeout = 10.0

    @Flag(help: "Print JSON, in one line.")
    var json = false

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout must be more than 0 and at most 86400 seconds")
        }
    }

    func address() throws(CommandFault) -> ServerAddress {
        try ServerAddress(server ?? variable("TALLY_SERVER") ?? "https://127.0.0.1:7443")
    }

    func endpoint() throws(CommandFault) -> RPCEndpoint {
        let address = try address()
        return RPCEndpoint(
            host: address.host, port: address.port, authorityFile: try authority(address))
    }

    private func authority(_ address: ServerAddress) throws(CommandFault) -> String? {
        guard let file = ca ?? variable("TALLY_CA") else {
            return address.isLocal && isReadable(".dev/ca.pem") ? ".dev/ca.pem" : nil
        }
        guard isReadable(file) else {
            throw CommandFault("cannot read the authority's file \(file)", exit: .usage)
        }
        return file
    }

    /// A development key is never sent to another machine unasked.
    func key() throws -> String {
        if keyFile == nil, let key = variable("TALLY_KEY") { return key }
        var file = keyFile ?? variable("TALLY_KEY_FILE")
        if file == nil, try address().isLocal, isReadable(".dev/sandbox.key") {
            file = ".dev/sandbox.key"
        }
        guard let file else {
            throw CommandFault(
                "no API key: give --key-file, or set TALLY_KEY_FILE or TALLY_KEY; "
                    + "tally keys create makes one",
                exit: .usage)
        }
        guard let key = try TextFile.read(file)?.filter({ !$0.isWhitespace }), !key.isEmpty else {
            throw CommandFault("there is no API key in \(file)", exit: .usage)
        }
        return key
    }

    private func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
}

/// "https://host:port", where the scheme and the port may be left out.
struct ServerAddress {
    var host: String
    var port: Int

    init(_ text: String) throws(CommandFault) {
        let fault = CommandFault(
            "\"\(text)\" is no server: it must look like https://127.0.0.1:7443", exit: .usage)
        var rest = text[...]
        var port = 7443
        if rest.hasPrefix("https://") {
            rest = rest.dropFirst("https://".count)
            port = 443
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let nameEnd =
            rest.first == "[" ? rest.firstIndex(of: "]").map { rest.index(after: $0) } : nil
        if let colon = rest[(nameEnd ?? rest.startIndex)...].firstIndex(of: ":") {
            guard let number = Int(rest[rest.index(after: colon)...]), 1...65535 ~= number else {
                throw fault
            }
            port = number
            rest = rest[..<colon]
        }
        if rest.first == "[", rest.last == "]" { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "/[] @".contains($0) }) else { throw fault }
        host = String(rest)
        self.port = port
    }

    var isLocal: Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }
}
