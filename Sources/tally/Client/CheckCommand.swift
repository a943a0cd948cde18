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

    @OptionGroup var usage: UsageFlags

    @Option(help: "With --deduct: the same id again counts nothing twice. Default: a new one.")
    var requestId: String?

    func validate() throws {
        guard (feature == nil) != (plan == nil) else {
            throw ValidationError("give either a FEATURE or --plan")
        }
        guard plan == nil || (required == nil && !deduct && usage.isEmpty) else {
            throw ValidationError(
                "--required, --deduct, --entity, --property and --hold are for features")
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
                print(sentence(reply))
            }
        }
        if !isAllowed { throw ExitCode(CommandFault.Exit.negative.rawValue) }
    }

    private func sentence(_ reply: JSONValue) -> String {
        let verdict = reply.flag("allowed") ? "allowed" : "denied"
        let reason = reply.text("reason").replacing("_", with: " ")
        var text = "\(verdict) (\(reason))"
        if let balance = reply["balance"] { text += ": " + HumanText.balance(balance) }
        if let subscription = reply["subscription"] {
            text += ": \(subscription.text("plan_id")) is \(subscription.text("status"))"
        }
        if reply.flag("replayed") { text += " (answered before; nothing new was used)" }
        return text
    }
}
