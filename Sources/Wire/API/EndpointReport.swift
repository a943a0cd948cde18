package import Billing

/// How a receiver of webhooks stands.
package struct EndpointReport: Sendable {
    /// How far it is in a partition's log.
    package struct Cursor: Sendable {
        package var done: UInt64
        package var read: UInt64
        package var last: UInt64

        package init(done: UInt64, read: UInt64, last: UInt64) {
            self.done = done
            self.read = read
            self.last = last
        }
    }

    package var name: String
    package var url: String
    package var eventTypes: [String]
    package var isDisabled = false
    package var delivered: UInt64 = 0
    package var failedAttempts: UInt64 = 0
    package var givenUp: UInt64 = 0
    package var waiting = 0
    package var heldCustomers = 0
    package var lagMilliseconds: Int64 = 0
    package var lastError = ""
    package var lastErrorTime = Timestamp.never
    /// Of each partition.
    package var cursors: [Cursor] = []

    package init(name: String, url: String, eventTypes: [String]) {
        self.name = name
        self.url = url
        self.eventTypes = eventTypes
    }
}

/// A replay of webhooks, not known to be of a receiver that there is.
package struct ReplayCall: Sendable {
    package enum Start: Sendable {
        case sequence(UInt64, partition: Int)
        case time(Timestamp)
    }

    package var endpoint: String
    package var start: Start
}
