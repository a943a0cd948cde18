internal import ArgumentParser
internal import Wire

struct ReferralCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "referral",
        abstract: "Lets customers bring others.",
        discussion: """
            Programmes are defined in the catalog: what is given, to whom, and when.

              tally referral code acme friends
              tally referral redeem initech K7Q2ZD
              tally referral list acme
            """,
        subcommands: [
            ReferralCodeCommand.self, RedeemReferralCommand.self, ListReferralsCommand.self,
        ])
}

struct ReferralCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code",
        abstract: "Shows the code that a customer refers others with, making it first.")

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    @Argument(help: "The programme's id.")
    var programme: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "programme_id": .string(programme),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.createReferralCode, request)
            let code = reply["referral_code"] ?? .null
            print(flags.json ? JSONWriter.text(reply) : code.text("code"))
        }
    }
}

struct RedeemReferralCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeem",
        abstract: "Notes that a customer was brought by another one.",
        discussion: """
            What the programme says is given at once, or when the customer pays.

              tally referral redeem initech K7Q2ZD
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The id of the customer who was brought.")
    var customer: String

    @Argument(help: "The code of the other one.")
    var code: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        let request: JSONObject = [
            "customer_id": .string(customer), "code": .string(code),
            "request_id": .string(requestId ?? RequestIdentifier.make()),
        ]
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(.redeemReferralCode, request)
            if flags.json { return print(JSONWriter.text(reply)) }
            print(ReferralText.line(reply["referral"] ?? .null))
            if reply.flag("replayed") { print("  (answered before; nothing new happened)") }
        }
    }
}

struct ListReferralsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists a customer's codes, and who has redeemed whose.")

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var customer: String

    func run() async throws {
        try await TallyClient.with(flags) { client in
            let reply = try await client.call(
                .getCustomer, ["customer_id": .string(customer)])
            if flags.json { return print(JSONWriter.text(reply)) }
            let shown = reply["customer"] ?? .null
            for code in shown.list("referral_codes") {
                print("\(code.text("code")) of \(code.text("programme_id"))")
            }
            for referral in shown.list("referrals") { print(ReferralText.line(referral)) }
        }
    }
}

private enum ReferralText {
    /// "initech by acme (K7Q2ZD of friends): half_off given".
    static func line(_ referral: JSONValue) -> String {
        "\(referral.text("redeemer_id")) by \(referral.text("referrer_id")) "
            + "(\(referral.text("code")) of \(referral.text("programme_id"))): "
            + "\(referral.text("reward_id")) \(referral.text("reward"))"
    }
}
