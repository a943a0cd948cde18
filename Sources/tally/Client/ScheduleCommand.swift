internal import ArgumentParser
internal import Wire

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Gives a customer plans in phases: some now, others from later moments on.",
        discussion: """
            A phase names all plans that there are in it. What the next one names too goes on as \
            it is; what it doesn't ends, what is left of it coming back; what is new is charged \
            for the rest of the customer's periods. What was planned before is given up.

              tally schedule acme --phase starter --phase 3month=pro
              tally schedule acme --phase pro,addon --phase 2027-01-01T00:00:00Z=pro --preview
              tally schedule acme --phase team@workspace_1 --phase 1year=team@workspace_1,addon
              tally schedule acme --file phases.json
              tally schedule acme --delete

            A phase is START=PLAN,PLAN: START is a time, or so many days, weeks, months, quarters \
            or years after the phase before; without one the first phase begins now. A file holds \
            the phases as JSON, as the API's CreateScheduleRequest has them: with quantities, \
            versions and terms of the customer's own.

            Exit code 2 also when the charge was declined. Sending the same --request-id again \
            charges nothing twice.
            """)

    @OptionGroup var flags: ServerFlags
    @OptionGroup var purchase: PurchaseFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Option(
        help: ArgumentHelp(
            "When a phase begins and its plans; one for each phase, in order.",
            valueName: "[start=]plan[@entity],…"))
    var phase: [PhaseArgument] = []

    @Option(
        help: ArgumentHelp("The phases as JSON.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var file: String?

    @Flag(help: "Give up what is planned: the plans that there are go on.")
    var delete = false

    @Option(help: "A coupon that lowers the charge, by its id; may be given again.")
    var coupon: [String] = []

    @Option(help: "A promotion code that does; may be given again.")
    var code: [String] = []

    @Option(
        help: ArgumentHelp(
            "Open a payment page always, or never: without a payment method it is declined then. "
                + "Default: when one is needed.",
            valueName: "when"))
    var redirect: AttachCommand.Redirect?

    @Option(help: "Where the payment page leads afterwards.")
    var successUrl: String?

    func validate() throws {
        let given = [!phase.isEmpty, file != nil, delete].filter { $0 }.count
        guard given == 1 else {
            throw ValidationError("say either --phase, --file or --delete")
        }
        guard !purchase.invoice else {
            throw ValidationError("--invoice cannot be had with a schedule")
        }
        guard !delete || !purchase.preview else {
            throw ValidationError("--delete charges nothing: it has no --preview")
        }
    }

    func run() async throws {
        var request: JSONObject = ["customer_id": .string(customer)]
        guard !delete else {
            let forget = PurchaseMethod(
                make: .deleteSchedule, preview: .previewCreateSchedule, previewed: "")
            return try await purchase.run(forget, request, flags)
        }
        request.append("discounts", DiscountArgument.list(coupons: coupon, codes: code))
        if let redirect { request.append("redirect_mode", .string(redirect.rawValue)) }
        if let successUrl { request.append("success_url", .string(successUrl)) }
        let phases = try file.map { try JSONFile.read($0) } ?? .array(phase.map(\.json))
        request.append("phases", phases)
        try await purchase.run(.schedule, request, flags)
    }
}

/// START=PLAN@ENTITY,PLAN: a phase of a schedule.
struct PhaseArgument: ExpressibleByArgument {
    let json: JSONValue

    private static let units = [
        "day", "week", "month", "quarter", "semi_annual", "year",
    ]

    init?(argument: String) {
        var phase: JSONObject = [:]
        var plans = argument[...]
        if let equals = argument.firstIndex(of: "=") {
            plans = argument[argument.index(after: equals)...]
            guard let (key, value) = PhaseArgument.start(argument[..<equals]) else { return nil }
            phase.append(key, value)
        }
        let names = plans.split(separator: ",", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
        phase.append("plans", .array(names.map { PhaseArgument.plan($0) }))
        json = .object(phase)
    }

    private static func start(_ text: Substring) -> (String, JSONValue)? {
        let count = text.prefix { $0.isNumber }
        var unit = text.dropFirst(count.count)
        if unit.hasSuffix("s") { unit = unit.dropLast() }
        guard units.contains(String(unit)) else {
            // A time: it is for the server to make sense of it.
            return text.contains("T") ? ("start_time", .string(String(text))) : nil
        }
        guard let number = count.isEmpty ? 1 : UInt32(count), number > 0 else { return nil }
        return (
            "starting_after",
            .object(["interval": .string(String(unit)), "interval_count": .number(number)])
        )
    }

    private static func plan(_ text: Substring) -> JSONValue {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        return .object([
            "plan_id": .string(String(parts[0])),
            "entity_id": .string(parts.count > 1 ? String(parts[1]) : ""),
        ])
    }
}
