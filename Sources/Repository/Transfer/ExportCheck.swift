internal import Billing
internal import Interchange

/// What holds between the lines of an export. A machine over lines, in order.
struct ExportCheck {
    private enum Part: Int, Comparable {
        case start, publications, customers, events, keys

        static func < (left: Part, right: Part) -> Bool { left.rawValue < right.rawValue }
    }

    private(set) var header: ExportHeader?
    /// A test has moved somebody's time.
    private(set) var hasMovedClocks = false
    private var part = Part.start
    private var publications: UInt64 = 0
    /// With the time of the last event of each.
    private var customers: [CustomerID: Timestamp] = [:]
    private var lastCustomer: CustomerID?
    private var events: UInt64 = 0
    private var keys: UInt64 = 0
    private var lastPublication = Timestamp.epoch

    mutating func take(_ line: ExportLine) throws(FormFault) {
        guard let header else {
            guard case .header(let header) = line else {
                throw FormFault("format", "is missing: the first line must be the header")
            }
            guard header.time != .never else { throw FormFault("time", "is missing") }
            hasMovedClocks = header.clockAhead != 0
            return self.header = header
        }
        switch line {
        case .header: throw FormFault("format", "is there twice")
        case .publication(let publication):
            try enter(.publications)
            publications += 1
            try check(publication.time, "time", after: lastPublication, header)
            lastPublication = publication.time
        case .customer(let customer):
            try enter(.customers)
            guard lastCustomer.map({ $0 < customer.id }) ?? true else {
                throw FormFault("id", "must come after the customer's before: they are sorted")
            }
            lastCustomer = customer.id
            if customer.clockAhead != 0 { hasMovedClocks = true }
            if let created = customer.created {
                let ahead = header.clockAhead + customer.clockAhead
                try check(
                    created, "created", after: .epoch, header,
                    until: header.time.adding(milliseconds: ahead))
            }
            customers[customer.id] = .epoch
        case .event(let event):
            try enter(.events)
            events += 1
            guard let last = customers[event.customer] else {
                throw FormFault("customer", "is none of the customers above")
            }
            // Commits of two customers at the same time may be in either order.
            try check(event.committed, "committed", after: last, header)
            customers[event.customer] = event.committed
        case .key:
            try enter(.keys)
            keys += 1
        }
    }

    /// The file ends.
    func end() throws(FormFault) {
        guard let header else { throw FormFault("", "the file is empty") }
        guard publications == header.publications, customers.count == header.customers,
            events == header.events
        else {
            throw FormFault(
                "",
                "the file ends after \(publications) publications, \(customers.count) customers "
                    + "and \(events) events, but its header says \(header.publications), "
                    + "\(header.customers) and \(header.events): it was cut short")
        }
        guard keys == header.keys else {
            throw FormFault(
                "",
                "the file ends after \(keys) keys, but its header says \(header.keys): it was cut "
                    + "short")
        }
    }

    private mutating func enter(_ part: Part) throws(FormFault) {
        guard part >= self.part else {
            throw FormFault("type", "comes too late: publications, customers, events, keys")
        }
        self.part = part
    }

    private mutating func check(
        _ time: Timestamp, _ field: String, after last: Timestamp, _ header: ExportHeader,
        until end: Timestamp? = nil
    ) throws(FormFault) {
        guard time <= end ?? header.time else {
            throw FormFault(field, "is later than the header's")
        }
        guard time >= last else { throw FormFault(field, "is earlier than the one before") }
    }
}
