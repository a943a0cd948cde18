internal import ArgumentParser
internal import Wire

/// What buying a plan and changing it have in common: for whom, whether only to look, and how a
/// retry is told apart.
struct PurchaseFlags: ParsableArguments {
    @Option(help: "The customer's entity that has the plan. Default: the customer itself.")
    var entity: String?

    @Flag(help: "Say what it would do and cost, and change nothing.")
    var preview = false

    @Option(
        help: ArgumentHelp(
            "The quote time of a preview, at most 15 minutes old: it costs what that said.",
            valueName: "time"))
    var quoteTime: String?

    @Option(help: "Default: a new one.")
    var requestId: String?

    @Flag(help: "Send an invoice in place of charging a card; the plan starts when it is paid.")
    var invoice = false

    @Option(
        help: ArgumentHelp(
            "With --invoice: it is due so many days after it was sent. Default: 30.",
            valueName: "days"))
    var netTerms: UInt32?

    @Flag(help: "With --invoice: the plan starts at once.")
    var enableNow = false

    @Flag(help: "With --invoice: it is a draft until tally invoice finalize.")
    var draft = false

    @Option(
        help: ArgumentHelp(
            "What is charged now in place of what is computed, in cents; may be given again. "
                + "For customers with a paid plan.",
            valueName: "cents:currency:text"))
    var line: [LineArgument] = []

    @Option(
        help: ArgumentHelp(
            "What tax is charged from now on: one of the catalog's tax rates. Default: as before.",
            valueName: "tax-rate"))
    var taxRate: String?

    func validate() throws {
        guard !invoice, netTerms != nil || enableNow || draft else { return }
        throw ValidationError("--net-terms, --enable-now and --draft go with --invoice")
    }

    private var invoiceMode: JSONValue {
        .object([
            "enabled": .bool(true), "enable_plan_immediately": .bool(enableNow),
            "finalize": .bool(!draft), "net_terms_days": .number(netTerms ?? 0),
        ])
    }

    /// Buys, or looks what it would be; prints what came of it. A declined charge is exit code 2.
    func run(_ purchase: PurchaseMethod, _ request: JSONObject, _ flags: ServerFlags) async throws {
        var request = request
        // Of several plans each has its own.
        if let entity, request["plans"] == nil {
            request.append("entity_id", .string(entity))
        }
        if invoice { request.append("invoice_mode", invoiceMode) }
        if !line.isEmpty {
            request.append("custom_line_items", .array(line.map(\.json)))
        }
        if let taxRate { request.append("tax_rate_id", .string(taxRate)) }
        if let quoteTime { request.append("quote_time", .string(quoteTime)) }
        if preview { return try await look(purchase, request, flags) }
        let id = requestId ?? RequestIdentifier.make()
        request.append("request_id", .string(id))
        var isDeclined = false
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(purchase.make, request)
            isDeclined = reply.text("outcome") == "declined"
            if flags.json { return print(JSONWriter.text(reply.with("request_id", .string(id)))) }
            let report = PurchaseReport(customer: JSONValue.object(request).text("customer_id"))
            print(report.lines(reply, requestID: id).joined(separator: "\n"))
        }
        if isDeclined { throw ExitCode(CommandFault.Exit.refused.rawValue) }
    }

    private func look(
        _ purchase: PurchaseMethod, _ request: JSONObject, _ flags: ServerFlags
    ) async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(
                purchase.preview, [purchase.previewed: .object(request)])
            if flags.json { return print(JSONWriter.text(reply)) }
            let lines = PurchaseReport.lines(preview: reply["preview"] ?? .null)
            print(lines.joined(separator: "\n"))
        }
    }
}

/// A method that sells, and the one that says what it would do.
struct PurchaseMethod {
    let make: APIMethod
    let preview: APIMethod
    /// The field of the preview's request that holds the purchase.
    let previewed: String

    static let attach = PurchaseMethod(make: .attach, preview: .previewAttach, previewed: "attach")
    static let several = PurchaseMethod(
        make: .multiAttach, preview: .previewMultiAttach, previewed: "multi_attach")
    static let schedule = PurchaseMethod(
        make: .createSchedule, preview: .previewCreateSchedule, previewed: "create_schedule")
    static let update = PurchaseMethod(
        make: .updateSubscription, preview: .previewUpdateSubscription, previewed: "update")
}

/// CENTS:CURRENCY:TEXT: a line of an invoice.
struct LineArgument: ExpressibleByArgument {
    var json: JSONValue

    init?(argument: String) {
        let parts = argument.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let amount = Int64(parts[0]) else { return nil }
        var money = JSONObject()
        money.append("currency", .string(String(parts[1])))
        money.append("minor_units", .number(amount))
        var line = JSONObject()
        line.append("amount", .object(money))
        line.append("description", .string(String(parts[2])))
        json = .object(line)
    }
}

/// FEATURE=UNITS: how many units of a feature that is sold in packs.
struct QuantityArgument: ExpressibleByArgument {
    var feature: String
    var units: Double

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex,
            let units = Double(argument[argument.index(after: equals)...]), units.isFinite
        else { return nil }
        feature = String(argument[..<equals])
        self.units = units
    }

    static func json(_ quantities: [QuantityArgument]) -> JSONValue {
        .array(
            quantities.map {
                .object(["feature_id": .string($0.feature), "quantity": .number($0.units)])
            })
    }
}
