import Testing

@testable import Wire

/// The answers of server reflection, read with the same field scanner that reads requests.
@Suite("Reflection") struct ReflectionTests {
    private let index = ReflectionIndex(others: ["grpc.health.v1.Health"])

    private func ask(_ field: UInt64, _ text: String) -> [UInt8] {
        var request = ProtoBytes()
        request.add(1, text: "localhost")
        // A present but empty field counts too: `list_services` is usually "".
        Array(text.utf8).withUnsafeBytes { request.add(field, raw: $0) }
        return request.bytes.withUnsafeBytes { index.answer($0) }
    }

    /// Payloads of a length-delimited field.
    private func fields(_ number: UInt32, of bytes: [UInt8]) -> [[UInt8]] {
        bytes.withUnsafeBytes { bytes in
            var scan = FieldScan(bytes)
            var found: [[UInt8]] = []
            while let field = scan.next() {
                if field.number == number, case .bytes(let payload) = field.value {
                    found.append(Array(payload))
                }
            }
            return found
        }
    }

    @Test("Every service is listed")
    func services() {
        let list = fields(6, of: ask(7, "")).flatMap { fields(1, of: $0) }
        let names = list.flatMap { fields(1, of: $0) }.map { String(decoding: $0, as: UTF8.self) }
        #expect(
            Set(names) == [
                "tally.v1.AttachService", "tally.v1.CatalogService", "tally.v1.CustomerService",
                "tally.v1.EntitlementService", "tally.v1.ImportService", "tally.v1.KeyService",
                "tally.v1.RewardService",
                "tally.v1.SandboxService", "tally.v1.SystemService", "tally.v1.TestClockService",
                "tally.v1.UsageService", "tally.v1.WebhookService",
                "grpc.health.v1.Health",
            ])
    }

    @Test(
        "A symbol's file comes first, then all it imports",
        arguments: [
            "tally.v1.EntitlementService", "tally.v1.EntitlementService.Check",
            "tally.v1.CheckRequest", "tally.v1.CheckReason", "tally.v1.CheckRequest.customer_id",
        ])
    func symbol(name: String) {
        let files = fields(4, of: ask(4, name)).flatMap { fields(1, of: $0) }
        let names = files.map { String(decoding: fields(1, of: $0)[0], as: UTF8.self) }
        #expect(names.first == "tally/v1/entitlement_service.proto")
        #expect(Set(names).isSuperset(of: ["tally/v1/balance.proto", "tally/v1/catalog.proto"]))
        #expect(names.contains("google/protobuf/timestamp.proto"))
        #expect(Set(names).count == names.count)
    }

    @Test("A file by its name")
    func file() {
        let files = fields(4, of: ask(3, "tally/v1/property.proto")).flatMap {
            fields(1, of: $0)
        }
        #expect(files.count == 1)
    }

    @Test(
        "What isn't there is an error in the answer, not a broken call",
        arguments: [(3, "nothing.proto"), (4, "tally.v1.Nothing"), (6, "tally.v1.CheckRequest")])
    func missing(field: UInt64, name: String) {
        let answer = ask(field, name)
        #expect(fields(7, of: answer).count == 1)
        #expect(fields(4, of: answer).isEmpty)
    }

    @Test("The disk's messages are nobody's business")
    func disk() {
        #expect(fields(7, of: ask(4, "tally.disk.v1.CustomerRecord")).count == 1)
    }
}
