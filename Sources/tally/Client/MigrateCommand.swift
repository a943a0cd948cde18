internal import ArgumentParser
internal import Foundation
internal import RPC
internal import Wire

struct MigrateCatalog: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Moves customers of a plan from other versions of it to one.",
        discussion: """
            What they used stays used; nothing is charged before the next period, which costs what \
            the new version costs. Customers who are there already stay as they are: a migration \
            that was broken off is simply started again. A line for each subscription that is \
            moved, or isn't, with the reason.

              tally catalog migrate pro --dry-run
              tally catalog migrate pro --from 1 --to 3
              tally catalog migrate pro --search @example.com

            Exit code 2 when some could not be moved.
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The plan's id.")
    var plan: String

    @Option(help: ArgumentHelp("Only those of this version. Default: of any.", valueName: "n"))
    var from: UInt32?

    @Option(
        help: ArgumentHelp(
            "The version they move to. Default: the one that is sold now.", valueName: "n"))
    var to: UInt32?

    @Option(help: "Only customers whose id, name or email contains this text.")
    var search: String?

    @Flag(help: "Move those with a customized plan too: they lose what was customized.")
    var includeCustom = false

    @Flag(help: "Say what would be done, and change nothing.")
    var dryRun = false

    func run() async throws {
        var count = Count()
        try await TallyClient.with(flags) { client in
            var token = ""
            repeat {
                let page = try await client.call(
                    .listCustomers,
                    [
                        "page_size": .number(200), "page_token": .string(token),
                        "search": .string(search ?? ""), "plan_id": .string(plan),
                    ])
                for customer in page.list("customers") {
                    try await migrate(customer.text("customer_id"), client, &count)
                }
                token = page.text("next_page_token")
                if !token.isEmpty { note("\(count.customers) customers looked at") }
            } while !token.isEmpty
        }
        if !flags.json { print(count.summary(dryRun: dryRun)) }
        if count.failed > 0 { throw ExitCode(CommandFault.Exit.refused.rawValue) }
    }

    private func migrate(
        _ customer: String, _ client: TallyClient, _ count: inout Count
    ) async throws {
        count.customers += 1
        let reply: JSONValue
        do {
            reply = try await client.call(
                .migrateCustomer,
                [
                    "customer_id": .string(customer), "plan_id": .string(plan),
                    "from_version": .number(from ?? 0), "to_version": .number(to ?? 0),
                    "include_custom": .bool(includeCustom), "dry_run": .bool(dryRun),
                ])
        } catch let failure as CallFailure where failure.code == .failedPrecondition {
            count.failed += 1
            return show(customer, "", 0, "failed: \(failure.message)")
        }
        for part in reply.list("subscriptions") {
            let outcome = part.text("outcome")
            if outcome == "migrated" { count.moved += 1 } else { count.left += 1 }
            if outcome == "needs_quantities" { count.failed += 1 }
            show(
                customer, part.text("subscription_id"), Int(part.number("from_version")), outcome)
        }
    }

    private func show(_ customer: String, _ id: String, _ version: Int, _ outcome: String) {
        if flags.json {
            return print(
                JSONWriter.text(
                    .object([
                        "customer_id": .string(customer), "subscription_id": .string(id),
                        "from_version": .number(version), "outcome": .string(outcome),
                    ])))
        }
        let words = outcome.replacing("_", with: " ")
        let what = version == 0 ? "" : " \(id) version \(version)"
        print("\(customer)\(what) \(words)")
    }

    private func note(_ text: String) {
        guard !flags.json else { return }
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    private struct Count {
        var customers = 0
        var moved = 0
        var left = 0
        var failed = 0

        func summary(dryRun: Bool) -> String {
            let moves = dryRun ? "would be moved" : "moved"
            return "\(moved) \(moves), \(left) left as they are, \(customers) customers looked at"
        }
    }
}
