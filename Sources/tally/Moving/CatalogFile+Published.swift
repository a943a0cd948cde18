internal import Wire

extension CatalogFile {
    /// A part of a file.
    init(path: String, catalog: JSONValue) {
        self.path = path
        self.catalog = catalog
    }

    /// Publishing it would change nothing.
    func isPublished(_ client: TallyClient) async throws -> Bool {
        try await publish(client, validateOnly: true).list("changes").isEmpty
    }
}
