internal import ArgumentParser
internal import Wire

struct DeleteCustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a customer, and erases what is personal.",
        discussion: """
            There is no way back. Subscriptions end at once, without a charge or a refund; amounts \
            of usage stay in lists and sums. The id is free for a new customer. Waits until every \
            file that lists usage is rewritten, as erase does. The API key needs the scope \
            customers:erase.

              tally customer delete acme
            """)

    @OptionGroup var flags: ServerFlags

    @Argument(help: "The customer's id.")
    var id: String

    @Option(help: "Default: a new one.")
    var requestId: String?

    func run() async throws {
        try await EraseCustomerCommand.run(.deleteCustomer, id, requestId, flags, "deleted \(id)")
    }
}
