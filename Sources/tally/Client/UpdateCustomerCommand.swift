internal import ArgumentParser
internal import Wire

struct UpdateCustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Changes a customer's name, email, address or metadata.",
        discussion: """
            What isn't given stays; an empty text removes a name or an email.

              tally customer update acme --name "Acme Ltd" --metadata crm=4711 --remove trial
              tally customer update acme --address line1="1 Main St" --address country=US
              tally customer update acme --no-address
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Option(help: "What a person reads.")
    var name: String?

    @Option(help: "Where receipts go.")
    var email: String?

    @Option(
        help: ArgumentHelp(
            "A part of where it is billed: line1, line2, city, state, postal_code or country; may "
                + "be given again. What isn't given is empty.", valueName: "part=text"))
    var address: [MetadataArgument] = []

    @Flag(name: .customLong("no-address"), help: "Forget where it is billed.")
    var forgetsAddress = false

    @Option(help: "A note of yours to keep, as key=value; may be given again.")
    var metadata: [MetadataArgument] = []

    @Option(help: "The key of a note to remove; may be given again.")
    var remove: [String] = []

    @Option(
        help: ArgumentHelp(
            "Whose clocks its periods begin and end by; not while there is a paid plan.",
            valueName: "zone"))
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "What tax it is charged: one of the catalog's tax rates; an empty text: that of all.",
            valueName: "tax-rate"))
    var taxRate: String?

    @Option(help: "What you tell the person or device by; an empty text removes it.")
    var fingerprint: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    func validate() throws {
        let parts = ["line1", "line2", "city", "state", "postal_code", "country"]
        for part in address where !parts.contains(part.key) {
            throw ValidationError(
                "--address has no \(part.key): it has \(parts.joined(separator: ", "))")
        }
        guard address.isEmpty || !forgetsAddress else {
            throw ValidationError("give --address or --no-address, not both")
        }
    }

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(id), "name": name.map { .string($0) } ?? .null,
            "email": email.map { .string($0) } ?? .null,
            "address":
                address.isEmpty && !forgetsAddress ? .null : MetadataArgument.json(address),
            "metadata": MetadataArgument.json(metadata),
            "time_zone": timeZone.map { .string($0) } ?? .null,
            "tax_rate_id": taxRate.map { .string($0) } ?? .null,
            "fingerprint": fingerprint.map { .string($0) } ?? .null,
            "remove_metadata_keys": .array(remove.map { .string($0) }),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.updateCustomer, request)
            print(flags.json ? JSONWriter.text(reply) : "updated \(id)")
        }
    }
}

/// key=value.
struct MetadataArgument: ExpressibleByArgument {
    var key: String
    var value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            return nil
        }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }

    static func json(_ metadata: [MetadataArgument]) -> JSONValue {
        .object(JSONObject(metadata.map { JSONObject.Member($0.key, .string($0.value)) }))
    }
}
