import Billing
import Repository
import Stories
import Testing
import Webhooks

/// What receivers of webhooks would be told of a customer, from the log.
extension Teller {
    func lookAtNotices(_ step: Step) throws {
        let notices = try self.notices()
        switch step {
        case .notices(let expected): #expect(notices.count == expected, comment)
        case .alertsTold(let expected):
            #expect(notices.filter(\.isAlert).map(\.words) == expected, comment)
        case .limitsTold(let expected):
            #expect(notices.filter { !$0.isAlert }.map(\.words) == expected, comment)
        default: preconditionFailure("\(step) is not about notices")
        }
    }

    private func notices() throws -> [Notice] {
        let environment = stage.environment
        let id = try #require(CustomerID(customer))
        let partition = environment.partition(of: id)
        let number = try #require(environment.partitions.firstIndex { $0 === partition })
        let reader = NotificationReader(environment, partition: number)
        var notices: [Notice] = []
        try partition.customers.log.read(after: .start) { _, record in
            let found = try reader.read(record, kinds: [.limitReached, .usageAlert])
            if let found, found.customer == id {
                notices += found.told.compactMap { Notice($0.notification) }
            }
            return true
        }
        return notices
    }
}

extension Notice {
    fileprivate init?(_ notification: Notification) {
        switch notification {
        case .usageAlert(let alert, let feature, let entity):
            self.init(feature: feature, entity: entity, event: .alert(alert))
        case .limitReached(let kind, let feature, let entity):
            self.init(feature: feature, entity: entity, event: .limitReached(kind))
        case .productsUpdated, .billingUpdated, .invoicePaid, .invoiceCreated, .invoiceVoided,
            .invoiceOverdue, .paymentFailed, .ahead, .topUpSucceeded, .topUpFailed:
            return nil
        }
    }
}
