internal import ArgumentParser
internal import Wire

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Asks whether a customer may use a feature, or has a plan.",
        discussion: """
            The exit code is the answer: 0 allowed, 1 denied; so it works in an if. The reason and \
            the balance are printed. With --deduct the quantity is used up in the same commit when \
            it is allowed.

              tally check acme messages
              tally check acme messages --required 20 --deduct
              tally check acme messages --entity ada --property model=large
              tally check acme messages --required 20 --deduct --hold job-17
              tally check acme messages --required 20 --preview
              if tally check acme --plan pro >/dev/null; then echo "acme has pro"; fi

            2: the server refused (no such customer, …), 3: it can't be reached.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The feature's id.")
    var feature: String?

    @Option(help: "Ask for a plan instead of a feature.")
    var plan: String?

    @Option(parsing: .unconditional, help: "How much. Default: 1.")
    var required: Double?

    @Flag(help: "Also use it up, when it is allowed.")
    var deduct = false

    @Flag(help: "When it is denied, also show which plans would help.")
    var preview = false

    @OptionGroup var usage: UsageFlags

    @Option(help: "With --deduct: the same id again counts nothing twice. Default: a new one.")
    var requestId: String?

    func validate() throws {
        guard (feature == nil) != (plan == nil) else {
            throw ValidationError("give either a FEATURE or --plan")
        }
        guard plan == nil || (required == nil && !deduct && !preview && usage.isEmpty) else {
            throw ValidationError(
                "--required, --deduct, --preview, --entity, --property and --hold are for features")
        }
        guard usage.hold == nil || deduct else {
            throw ValidationError("--hold goes with --deduct: a plain check reserves nothing")
        }
        guard requestId == nil || deduct else {
            throw ValidationError("--request-id goes with --deduct: a plain check is a read")
        }
    }

    func run() async throws {
        var request: JSONObject = ["customer_id": .string(customer)]
        if let feature { request.append("feature_id", .string(feature)) }
        if let plan { request.append("plan_id", .string(plan)) }
        if let required { request.append("required_quantity", .number(required)) }
        if preview { request.append("with_preview", .bool(true)) }
        usage.add(to: &request)
        let id = requestId ?? RequestIdentifier.make()
        if deduct {
            request.append("deduct", .bool(true))
            request.append("request_id", .string(id))
        }
        var isAllowed = false
        try await TallyClient.with(flags) { [request] client in
            let reply = try await client.call(.check, request)
            isAllowed = reply.flag("allowed")
            if flags.json {
                print(JSONWriter.text(deduct ? reply.with("request_id", .string(id)) : reply))
            } else {
                print(CheckCommand.sentence(reply))
                if let preview = reply["preview"] { print(offers(preview)) }
            }
        }
        if !isAllowed { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    static func sentence(_ reply: JSONValue) -> String {
        let verdict = reply.flag("allowed") ? "allowed" : "denied"
        let reason = reply.text("reason").replacing("_", with: " ")
        let mode = reply.flag("shadow") ? ", but in shadow mode" : ""
        var text = "\(verdict) (\(reason)\(mode))"
        if let balance = reply["balance"] { text += ": " + HumanText.balance(balance) }
        if let subscription = reply["subscription"] {
            text += ": \(subscription.text("plan_id")) is \(subscription.text("status"))"
        }
        if reply.flag("replayed") { text += " (answered before; nothing new was used)" }
        return text
    }
    private func offers(_ preview: JSONValue) -> String {
        let plans = preview.list("plans").map { plan in
            let price = plan["price"].map {
                "\($0.text("amount")) \(HumanText.interval($0.text("interval"), count: 1))"
            }
            let kind = plan.flag("add_on") ? "add-on " : ""
            return "  \(kind)\(plan.text("plan_id")): \(price ?? "no base price")"
        }
        guard !plans.isEmpty else { return "no plan that is for sale has more of it" }
        return "plans that may help:\n" + plans.joined(separator: "\n")
    }
}
