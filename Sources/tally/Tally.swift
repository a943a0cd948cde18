internal import ArgumentParser

@main
struct Tally: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "tally",
        abstract: "Pricing, entitlements and usage, in one binary.",
        discussion: """
            tally serve runs the server; the other commands call a running one, or look into its
            data folder. Start with: scripts/start, then tally check --help.

            Exit codes: 0 done (for check: allowed), 1 check said no, 2 the server refused,
            3 the server can't be reached, 64 the command line is wrong.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Server",
                subcommands: [
                    ServeCommand.self, SettingsCommand.self, KeysCommand.self, MemberCommand.self,
                    DashboardCommand.self, StripeCommand.self,
                ]),
            CommandGroup(
                name: "Calls",
                subcommands: [
                    CatalogCommand.self, CustomerCommand.self, AttachCommand.self,
                    ScheduleCommand.self, SubscriptionCommand.self, InvoiceCommand.self,
                    RewardsCommand.self,
                    ReferralCommand.self,
                    CheckCommand.self, ExplainCommand.self,
                    TrackCommand.self, TrackTokensCommand.self, HoldsCommand.self,
                    BalancesCommand.self, EntitiesCommand.self, ClockCommand.self,
                    WebhooksCommand.self, SimulateCommand.self, CompareCommand.self,
                ]),
            CommandGroup(
                name: "Data",
                subcommands: [
                    BackupCommand.self, RestoreCommand.self, ExportCommand.self,
                    ImportCommand.self, UpgradeCommand.self, LogCommand.self,
                ]),
            CommandGroup(name: "Tools", subcommands: [DemoCommand.self, BenchCommand.self]),
        ])

    static func main() async {
        Heap.limitArenas()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let fault as CommandFault {
            Console.complain("\(fault)")
            exit(withError: ExitCode(fault.exit.rawValue))
        } catch {
            exit(withError: error)
        }
    }
}
