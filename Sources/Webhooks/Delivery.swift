package import Billing
package import Repository

/// One notification on its way to one receiver.
package struct Delivery: Sendable, Equatable {
    /// The same however often it is sent, and wherever it was begun: receivers tell repetitions by
    /// it.
    package var id: String
    package var partition: Int
    package var customer: CustomerID
    package var sequence: UInt64
    /// Among the notifications of its record, from 0.
    package var index: Int
    /// The record before its own: where reading goes on to find it again.
    package var before: LogPlace
    /// When it was first due: wall time, like everything about deliveries.
    package var taken: Timestamp
    package var body: [UInt8]

    package init(
        id: String, partition: Int, customer: CustomerID, sequence: UInt64, index: Int,
        before: LogPlace, taken: Timestamp, body: [UInt8]
    ) {
        self.id = id
        self.partition = partition
        self.customer = customer
        self.sequence = sequence
        self.index = index
        self.before = before
        self.taken = taken
        self.body = body
    }

    /// - Parameter place: of the record. Its chain stands for all that came before it, so that a
    ///   log which was restored and went on differently gives other ids.
    static func id(
        environment: String, partition: Int, at place: LogPlace, index: Int
    ) -> String {
        let chain = String(place.chain, radix: 16)
        return "evt_\(environment)_\(partition)_\(place.sequence)_\(index)_\(chain)"
    }
}

/// How an attempt ended.
package enum DeliveryOutcome: Sendable, Equatable {
    /// 2xx.
    case accepted
    /// 410: the receiver wants nothing any more.
    case gone
    /// Any other answer.
    case refused(status: Int)
    /// No answer: nobody is there, or not in time.
    case unreachable(String)
}
