internal import ArgumentParser
internal import Billing
internal import Wire

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Says what a plan would have earned with the usage that was recorded.",
        discussion: """
            Replays the usage of a customer, or of everyone, as if each had bought the plan when \
            the range began and always paid; beside it what was really invoiced. Nothing is \
            written.

              tally simulate pro --from 2027-01-01 --to 2027-04-01 --customer acme
              tally simulate pro --from 2027-01-01 --to 2027-04-01 --having pro --catalog draft.json
              tally simulate pro --from 2027-01-01 --to 2027-04-01 --json > trial.jsonl

            The plan may be one of --catalog, a draft as tally catalog apply takes it, which is \
            not published. With --json one customer a line, and the sums in the last one.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The plan to be tried.")
    var plan: String

    @Option(help: ArgumentHelp("Usage from then on.", valueName: "date or RFC 3339"))
    var from: String

    @Option(help: ArgumentHelp("Usage before that.", valueName: "date or RFC 3339"))
    var to: String

    @Option(
        help: ArgumentHelp("A draft that is not published.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var catalog: String?

    @Option(help: "This customer. Default: everyone.")
    var customer: String?

    @Option(help: "Only those who have this plan now.")
    var having: String?

    @Option(help: "Only those with a subscription of this status.")
    var status: String?

    @Option(
        help: ArgumentHelp(
            "What everyone buys of a feature that is sold in packs.", valueName: "feature=units"))
    var quantity: [QuantityArgument] = []

    func run() async throws {
        let draft = try catalog.map { try CatalogFile($0).catalog }
        try await TallyClient.with(flags) { client in
            var sums = SimulationSums()
            var token = ""
            repeat {
                let page = try await client.call(.simulatePlan, request(draft, token: token))
                for customer in page.list("customers") {
                    flags.json
                        ? print(JSONWriter.text(customer))
                        : print(SimulationSums.line(customer, isFirst: sums.count == 0))
                    sums.add(customer)
                    if self.customer != nil, !flags.json {
                        print(SimulationSums.invoices(customer).joined(separator: "\n"))
                    }
                }
                sums.add(summary: page["summary"] ?? .null)
                token = page.text("next_page_token")
                if !token.isEmpty { Console.complain("\(sums.count) customers so far") }
            } while !token.isEmpty
            print(flags.json ? JSONWriter.text(sums.json) : sums.lines.joined(separator: "\n"))
        }
    }

    private func request(_ draft: JSONValue?, token: String) -> JSONObject {
        [
            "catalog": draft ?? .null, "plan_id": .string(plan),
            "start_time": BalanceFlags.time(from), "end_time": BalanceFlags.time(to),
            "customer_id": .string(customer ?? ""), "having_plan_id": .string(having ?? ""),
            "subscription_status": status.map { .string($0) } ?? .null,
            "quantities": QuantityArgument.json(quantity), "page_token": .string(token),
        ]
    }
}

/// What all pages of a simulation come to.
private struct SimulationSums {
    private(set) var count = 0
    private var numbers: [String: Int64] = [:]
    private var currency = ""

    private static let amounts = ["total", "unbilled_total", "actual_total"]
    private static let counts = [
        "customer_count", "skipped_count", "paying_more_count", "paying_less_count",
        "paying_same_count",
    ]

    mutating func add(_ customer: JSONValue) { count += 1 }

    mutating func add(summary: JSONValue) {
        for key in Self.counts { numbers[key, default: 0] += Int64(summary.text(key)) ?? 0 }
        for key in Self.amounts {
            guard let money = summary[key] else { continue }
            numbers[key, default: 0] += Int64(money.text("minor_units")) ?? 0
            currency = money.text("currency")
        }
    }

    private func money(_ key: String) -> JSONValue {
        .object([
            "currency": .string(currency), "minor_units": .number(Int(numbers[key] ?? 0)),
        ])
    }

    var json: JSONValue {
        var object = JSONObject()
        for key in Self.counts { object.append(key, .number(Int(numbers[key] ?? 0))) }
        for key in Self.amounts { object.append(key, money(key)) }
        return .object(["summary": .object(object)])
    }

    var lines: [String] {
        func number(_ key: String) -> Int64 { numbers[key] ?? 0 }
        var lines = [
            "",
            "customers: \(number("customer_count"))",
            "simulated: \(HumanText.money(money("total"))), and "
                + "\(HumanText.money(money("unbilled_total"))) of usage not billed by the end",
            "invoiced: \(HumanText.money(money("actual_total")))",
            "\(number("paying_more_count")) would pay more, \(number("paying_less_count")) less, "
                + "\(number("paying_same_count")) the same",
        ]
        if number("skipped_count") > 0 {
            lines.append("\(number("skipped_count")) were not replayed")
        }
        return lines
    }

    /// One customer, in columns wide enough for most.
    static func line(_ customer: JSONValue, isFirst: Bool) -> String {
        let heads = isFirst ? columns("CUSTOMER", "SIMULATED", "INVOICED", "CUT OFF") + "\n" : ""
        let skip = customer.text("skip")
        if skip != "unspecified" {
            let why = skip.replacing("_", with: " ")
            return heads + columns(customer.text("customer_id"), "-", "-", "not replayed: \(why)")
        }
        let cuts = customer.list("cut_usages").map {
            "\(HumanText.quantity($0.text("cut"))) \($0.text("feature_id"))"
        }
        return heads
            + columns(
                customer.text("customer_id"), HumanText.money(customer["total"]),
                HumanText.money(customer["actual_total"]),
                cuts.isEmpty ? "-" : cuts.joined(separator: ", "))
    }

    private static func columns(_ cells: String...) -> String {
        zip(cells, [24, 14, 14, 0]).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }.joined(separator: "  ")
    }

    /// The invoices it would have got.
    static func invoices(_ customer: JSONValue) -> [String] {
        customer.list("invoices").flatMap { invoice in
            let time = HumanText.time(invoice.text("create_time"))
            let lines = invoice.list("lines").map {
                "  \(HumanText.money($0["amount"]))  \($0.text("description"))"
            }
            return ["", "\(time)  \(HumanText.money(invoice["total"]))"] + lines
        }
    }
}
