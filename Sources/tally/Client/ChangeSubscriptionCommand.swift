internal import ArgumentParser
internal import Wire

/// What one customer gets other than others, from a file.
struct CustomizationFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What this customer gets and pays other than others: JSON such as "
                + "{\"price\": {\"amount\": \"15\", \"interval\": \"month\"}}.",
            valueName: "file"), completion: .file(extensions: ["json"]))
    var customize: String?

    /// nil: nothing.
    func json() throws -> JSONValue? {
        try customize.map { try JSONFile.read($0) }
    }
}

/// A file that holds a part of a request.
enum JSONFile {
    static func read(_ path: String) throws -> JSONValue {
        guard let text = try TextFile.read(path) else {
            throw CommandFault("there is no file \(path)", exit: .usage)
        }
        do {
            return try JSONParser.parse(text)
        } catch {
            throw CommandFault(
                "\(path):\(error.line):\(error.column): \(error.message)", exit: .refused)
        }
    }
}

struct ChangeSubscriptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "change",
        abstract: "Moves a plan to another version, or to one made for this customer.",
        discussion: """
            The difference is charged or given back at once, and what was used stays used. A file \
            for --customize says what is to be other than in the plan: price, remove_price, items, \
            add_items, remove_items, free_trial, remove_free_trial, controls.

              tally subscription change acme --to-version 3 --preview
              tally subscription change acme pro --customize deal.json
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var purchase: PurchaseFlags
    @OptionGroup var subscription: SubscriptionFlags
    @OptionGroup var deal: CustomizationFlags

    @Argument(help: "The plan's id. Default: the main plan.")
    var plan: String?

    @Option(help: ArgumentHelp("The version of the plan that it moves to.", valueName: "n"))
    var toVersion: UInt32?

    @Option(
        help: ArgumentHelp(
            "Units in all of what is sold in packs; may be given again.",
            valueName: "feature=units"))
    var quantity: [QuantityArgument] = []

    @Flag(help: "Charge nothing and give nothing back for the rest of the period.")
    var noProration = false

    @Option(help: "Where the payment page, if one is needed, leads afterwards.")
    var successUrl: String?

    func validate() throws {
        guard toVersion != nil || deal.customize != nil else {
            throw ValidationError("say what is to change: --to-version or --customize")
        }
    }

    func run() async throws {
        var request = subscription.request(plan: plan)
        if let toVersion { request.append("version", .number(toVersion)) }
        if let customization = try deal.json() { request.append("customize", customization) }
        if !quantity.isEmpty { request.append("quantities", QuantityArgument.json(quantity)) }
        if noProration { request.append("proration_behavior", .string("none")) }
        if let successUrl { request.append("success_url", .string(successUrl)) }
        try await purchase.run(.update, request, flags)
    }
}
