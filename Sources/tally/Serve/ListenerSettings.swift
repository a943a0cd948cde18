internal import RPC
internal import Repository

/// One address to listen on: the section `listener.NAME` of the settings.
struct ListenerSettings: Sendable {
    enum Face: String, CaseIterable {
        case grpc
        case json
        case web
        case metrics
        case dashboard
    }

    private enum ClientCertificate: String, CaseIterable {
        case none
        case optional
        case required
    }

    var name: String
    var host: String
    /// 0 takes any free one.
    var port: Int
    var faces: Set<Face>
    var clients: ClientCertificates
    var identity: TLSIdentity

    static func entries(_ name: String) -> [ServerSettings.Entry] {
        func entry(_ key: String, _ meaning: String, _ standard: String) -> ServerSettings.Entry {
            .init(key: "listener.\(name).\(key)", meaning: meaning, standard: standard)
        }
        return [
            entry("address", "address and port", ""),
            entry(
                "faces", "grpc, json, web, metrics, dashboard",
                "grpc,json,web,metrics,dashboard"),
            entry("client-certificates", "none, optional or required", "none"),
            entry("client-ca", "PEM of the clients' authorities", ""),
            entry("tls-certificate", "PEM; default: the server's", ""),
            entry("tls-key", "PEM; default: the server's", ""),
        ]
    }

    /// Those of the sections; without any, one for everything.
    static func all(_ values: SettingsValues) throws -> [ListenerSettings] {
        let names = try values.names("listeners")
        guard !names.isEmpty else {
            let (host, port) = try address("listen", values)
            return [
                ListenerSettings(
                    name: "default", host: host, port: port, faces: Set(Face.allCases),
                    clients: .none, identity: identity(values, ""))
            ]
        }
        return try names.map { try ListenerSettings($0, values) }
    }

    private init(_ name: String, _ values: SettingsValues) throws {
        let section = "listener.\(name)."
        self.name = name
        (host, port) = try ListenerSettings.address(section + "address", values)
        faces = Set(try values.words(section + "faces"))
        clients = try ListenerSettings.clients(section, values)
        identity = ListenerSettings.identity(values, section)
    }

    private init(
        name: String, host: String, port: Int, faces: Set<Face>, clients: ClientCertificates,
        identity: TLSIdentity
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.faces = faces
        self.clients = clients
        self.identity = identity
    }

    /// An IPv6 address stands in brackets.
    private static func address(
        _ key: String, _ values: SettingsValues
    ) throws -> (host: String, port: Int) {
        let text = values.text(key)
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port),
            colon != text.startIndex
        else { throw CommandFault("\(key) must be host:port, not \"\(text)\"", exit: .usage) }
        let host = text[..<colon]
        return (host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : String(host), port)
    }

    private static func clients(
        _ section: String, _ values: SettingsValues
    ) throws -> ClientCertificates {
        let certificates: ClientCertificate = try values.word(section + "client-certificates")
        let file = values.text(section + "client-ca")
        guard (certificates == .none) == file.isEmpty else {
            throw CommandFault(
                "\(section)client-ca is needed when client certificates are optional or required, "
                    + "and only then", exit: .usage)
        }
        switch certificates {
        case .none: return .none
        case .optional: return .optional(authorityFile: file)
        case .required: return .required(authorityFile: file)
        }
    }

    private static func identity(_ values: SettingsValues, _ section: String) -> TLSIdentity {
        func file(_ key: String) -> String {
            let own = values.text(section + key)
            return own.isEmpty ? values.text(key) : own
        }
        return TLSIdentity(
            certificateChainFile: file("tls-certificate"), privateKeyFile: file("tls-key"))
    }

    var hasIdentity: Bool {
        !identity.certificateChainFile.isEmpty && !identity.privateKeyFile.isEmpty
    }

    /// Where clients find it, once its port is known.
    func url(port: Int) -> String {
        "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

/// Who the owner of a client certificate is: the section `principal.NAME` of the settings.
struct PrincipalSettings: Sendable {
    /// As in `PeerCertificate`.
    var certificateName: String
    var environment: String
    var scopes: Scopes

    private enum Environment: String, CaseIterable {
        case sandbox
        case live
    }

    static func entries(_ name: String) -> [ServerSettings.Entry] {
        func entry(_ key: String, _ meaning: String, _ standard: String) -> ServerSettings.Entry {
            .init(key: "principal.\(name).\(key)", meaning: meaning, standard: standard)
        }
        return [
            entry("san", "name in the certificate: DNS:… or URI:…", ""),
            entry("environment", "sandbox or live", ""),
            entry("scopes", "what it may do; * for everything", ""),
        ]
    }

    static func all(_ values: SettingsValues) throws -> [PrincipalSettings] {
        let all = try values.names("principals").map { try PrincipalSettings($0, values) }
        var seen: Set<String> = []
        for principal in all where !seen.insert(principal.certificateName).inserted {
            throw CommandFault(
                "principals: two have the san \(principal.certificateName)", exit: .usage)
        }
        return all
    }

    private init(_ name: String, _ values: SettingsValues) throws {
        let section = "principal.\(name)."
        let san = values.text(section + "san")
        let kind = san.prefix(4)
        guard kind == "DNS:" || kind == "URI:", san.count > 4 else {
            throw CommandFault(
                "\(section)san must be DNS:name or URI:…, not \"\(san)\"", exit: .usage)
        }
        certificateName = kind == "DNS:" ? kind + san.dropFirst(4).lowercased() : san
        let environment: Environment = try values.word(section + "environment")
        self.environment = environment.rawValue
        let names = values.list(section + "scopes")
        guard !names.isEmpty else {
            throw CommandFault("\(section)scopes is empty", exit: .usage)
        }
        do {
            scopes = try Scopes(names: names)
        } catch {
            throw CommandFault("\(section)scopes: \(error)", exit: .usage)
        }
    }
}
