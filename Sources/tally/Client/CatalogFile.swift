internal import Billing
internal import Wire

/// A catalog as somebody wrote it. Faults name the file.
struct CatalogFile {
    let path: String
    let catalog: JSONValue

    init(_ path: String) throws {
        self.path = path
        guard let text = try TextFile.read(path) else {
            throw CommandFault("there is no file \(path)", exit: .usage)
        }
        do {
            catalog = try JSONParser.parse(text)
        } catch {
            throw CommandFault(
                "\(path):\(error.line):\(error.column): \(error.message)", exit: .refused)
        }
    }

    func publish(_ client: TallyClient, validateOnly: Bool) async throws -> JSONValue {
        do {
            return try await client.call(
                .publishCatalog,
                [
                    "catalog": catalog, "validate_only": .bool(validateOnly),
                    "request_id": .string(RequestIdentifier.make()),
                ])
        } catch var failure as CallFailure {
            guard !failure.violations.isEmpty else { throw failure }
            failure.violations = failure.violations.map { violation in
                var path = violation.path[...]
                if path.hasPrefix("catalog.") { path = path.dropFirst("catalog.".count) }
                if path == "catalog" { path = "" }
                return Violation(path: String(path), message: violation.message)
            }
            let count = failure.violations.count
            failure.headline =
                "\(path) has \(count) fault\(count == 1 ? "" : "s"); "
                + "nothing was published"
            throw failure
        }
    }

    /// The file with every default written out, so that it can be compared with what is published.
    func normalized() throws -> JSONValue {
        try MessageJSON.decode(
            try MessageJSON.encode(catalog, as: .pricingCatalog), as: .pricingCatalog)
    }
}
