internal import Billing
internal import Catalog
internal import Glibc
internal import Repository
internal import Wire

/// What `--dev` makes on first use.
struct Development {
    var keyFile: String
    var seed: String?

    func prepare(_ environment: TallyEnvironment) async throws {
        try makeKey(environment)
        try await publish(environment)
        try await makeCustomer(environment)
    }

    /// A key that is in the file already but that the environment doesn't know (another data
    /// folder) is replaced.
    private func makeKey(_ environment: TallyEnvironment) throws {
        if let content = try TextFile.read(keyFile) {
            let key = content.filter { !$0.isWhitespace }
            let scopes = Array(key.utf8).withUnsafeBytes { environment.keys.scopes(of: $0) }
            if scopes != nil { return }
        }
        let (key, _) = try environment.keys.make(
            name: "development", time: SystemClock.wall.milliseconds)
        try TextFile.writeSecret(key + "\n", to: keyFile)
    }

    private func publish(_ environment: TallyEnvironment) async throws {
        guard let seed, environment.directory.current.pricing.sequence == 0 else { return }
        guard let text = try TextFile.read(seed) else {
            throw CommandFault("there is no file \(seed)", exit: .refused)
        }
        let request: [UInt8]
        do {
            let catalog = try JSONParser.parse(text)
            request = try MessageJSON.encode(
                .object(["catalog": catalog]), as: .publishCatalogRequest)
        } catch {
            throw CommandFault("\(seed): \(error)", exit: .refused)
        }
        let reader = RequestReader(
            arena: Arena(), names: environment.directory.current,
            fingerprintKey: environment.fingerprintKey)
        let (call, found) = try request.withUnsafeBytes { try reader.publish($0) }
        do {
            _ = try await CatalogService(environment).publish(call, found: found)
        } catch {
            throw CommandFault("\(seed): \(error)", exit: .refused)
        }
    }

    /// Somebody to try things on.
    private func makeCustomer(_ environment: TallyEnvironment) async throws {
        guard environment.customerCount == 0, let acme = CustomerID("acme") else { return }
        _ = try await environment.commit(
            .create(CreateCustomer(name: "Acme", email: "acme@example.com")), for: acme,
            request: nil)
    }
}

/// Whole text files, for the command line.
enum TextFile {
    /// nil: there is no such file.
    static func read(_ path: String) throws -> String? {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT { return nil }
            throw CommandFault(
                "cannot read \(path): \(String(cString: strerror(errno)))", exit: .refused)
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    /// Readable by its owner only.
    static func writeSecret(_ text: String, to path: String) throws {
        if let slash = path.lastIndex(of: "/") { mkdir(String(path[..<slash]), 0o700) }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let bytes = Array(text.utf8)
        guard file >= 0, write(file, bytes, bytes.count) == bytes.count, close(file) == 0 else {
            throw CommandFault(
                "cannot write \(path): \(String(cString: strerror(errno)))", exit: .refused)
        }
    }
}
