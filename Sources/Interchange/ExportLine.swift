package import Billing
internal import Wire

/// One line of an export. A file is a header, the publications of the catalog, the customers in
/// order of id, the events, if they were asked for, in order of commit, and the API keys, if they
/// were. docs/export.md shows each.
package enum ExportLine: Sendable {
    case header(ExportHeader)
    case publication(Publication)
    case customer(ExportedCustomer)
    case event(ExportedEvent)
    case key(ExportedKey)
}

/// What a file is.
package struct ExportHeader: Sendable, Equatable {
    package static let format = "tally.export"
    package static let version: UInt32 = 11
    /// The oldest that is read: what it lacks is empty.
    package static let oldestVersion: UInt32 = 1

    package var environment: String
    /// Nothing in the file is of later.
    package var time: Timestamp
    package var publications: UInt64
    package var customers: UInt64
    /// 0 also where they weren't asked for.
    package var events: UInt64
    /// Milliseconds that customer time is ahead: a test has moved the environment's clock.
    package var clockAhead: Int64
    /// How often codes were redeemed, in order of code.
    package var codes: [CodeCount]
    /// What fingerprints are hashed with, in hexadecimal digits; empty: there was none.
    package var fingerprintKey = ""
    /// 0 also where they weren't asked for.
    package var keys: UInt64 = 0

    package init(
        environment: String, time: Timestamp, publications: UInt64, customers: UInt64,
        events: UInt64, clockAhead: Int64 = 0, codes: [CodeCount] = []
    ) {
        self.environment = environment
        self.time = time
        self.publications = publications
        self.customers = customers
        self.events = events
        self.clockAhead = clockAhead
        self.codes = codes
    }
}

/// How often a code was redeemed, or is about to be.
package struct CodeCount: Sendable, Equatable {
    package var code: String
    package var redemptions: UInt32

    package init(code: String, redemptions: UInt32) {
        self.code = code
        self.redemptions = redemptions
    }
}

/// What was published at once.
package struct Publication: Sendable, Equatable {
    /// Counted from 1.
    package var sequence: UInt64
    package var time: Timestamp
    package var requestID: String
    package var draft: PricingDraft
    /// Of its plans, in order.
    package var revisions: [UInt32]

    static let empty = Publication(
        sequence: 0, time: .never, requestID: "",
        draft: PricingDraft(currency: "", features: [], plans: []), revisions: [])

    private init(
        sequence: UInt64, time: Timestamp, requestID: String, draft: PricingDraft,
        revisions: [UInt32]
    ) {
        self.sequence = sequence
        self.time = time
        self.requestID = requestID
        self.draft = draft
        self.revisions = revisions
    }

    /// - Parameter pricing: the catalog with the publication in it.
    package init(
        time: Timestamp, requestID: String, draft: PricingDraft, makes pricing: PricingState
    ) {
        self.init(
            sequence: pricing.sequence, time: time, requestID: requestID, draft: draft,
            revisions: draft.plans.map { plan in
                pricing.plan(id: plan.id).map { pricing.latest($0).revision } ?? 0
            })
    }
}

/// A usage event, as it was recorded.
package struct ExportedEvent: Sendable, Equatable {
    package var customer: CustomerID
    package var feature: FeatureNumber
    package var value: Quantity
    package var committed: Timestamp
    package var label: EventLabel?

    package init(
        customer: CustomerID, feature: FeatureNumber, value: Quantity, committed: Timestamp,
        label: EventLabel?
    ) {
        self.customer = customer
        self.feature = feature
        self.value = value
        self.committed = committed
        self.label = label
    }
}

/// Lines to texts and back, by the catalog that the publications before them make.
package struct ExportCodec {
    package private(set) var pricing: PricingState
    /// As the header that was read says.
    private var version = ExportHeader.version

    package init(pricing: PricingState = .empty) {
        self.pricing = pricing
    }

    /// Without a line break.
    package func text(_ line: ExportLine) throws(FormFault) -> String {
        var form = Form(pricing: pricing)
        var type = ""
        switch line {
        case .header(var header):
            _ = try form.header(&header)
        case .publication(var publication):
            type = "publication"
            try form.text("type", &type)
            try form.publication(&publication)
        case .customer(var customer):
            type = "customer"
            try form.text("type", &type)
            try form.customer(&customer)
        case .event(var event):
            type = "event"
            try form.text("type", &type)
            try form.event(&event)
        case .key(var key):
            type = "key"
            try form.text("type", &type)
            try form.key(&key)
        }
        return JSONWriter.text(.object(form.object))
    }

    /// Reads a line. What a publication makes of the catalog counts for the lines after it.
    package mutating func read(_ bytes: [UInt8]) throws(FormFault) -> ExportLine {
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            throw FormFault("", "is no JSON: \(error.message) (column \(error.column))")
        }
        guard case .object(let object) = value else { throw FormFault("", "is no JSON object") }
        var form = Form(object, pricing: pricing, version: version)
        let line: ExportLine
        if object["format"] != nil {
            var header = ExportHeader(
                environment: "", time: .never, publications: 0, customers: 0, events: 0)
            version = try form.header(&header)
            line = .header(header)
        } else {
            var type = ""
            try form.text("type", &type)
            line = try body(type, &form)
        }
        try form.end()
        if case .publication(let publication) = line { try publish(publication) }
        if case .customer(let customer) = line { try customer.check() }
        return line
    }

    private func body(_ type: String, _ form: inout Form) throws(FormFault) -> ExportLine {
        switch type {
        case "publication":
            var publication = Publication.empty
            try form.publication(&publication)
            return .publication(publication)
        case "customer":
            var customer = ExportedCustomer.empty
            try form.customer(&customer)
            return .customer(customer)
        case "event":
            var event = ExportedEvent(
                customer: .empty, feature: FeatureNumber(rawValue: 0), value: .zero,
                committed: .never, label: nil)
            try form.event(&event)
            return .event(event)
        case "key":
            var key = ExportedKey()
            try form.key(&key)
            return .key(key)
        default:
            throw FormFault(
                "type", "must be publication, customer, event or key, not \"\(type)\"")
        }
    }

    private mutating func publish(_ publication: Publication) throws(FormFault) {
        if let fault = publication.draft.validate(onto: pricing).first {
            throw FormFault(fault.path, fault.message)
        }
        let next = pricing.publishing(publication.draft)
        guard publication.sequence == next.sequence else {
            throw FormFault("sequence", "must be \(next.sequence): none may be left out")
        }
        let made = Publication(
            time: publication.time, requestID: publication.requestID, draft: publication.draft,
            makes: next)
        for (index, revision) in made.revisions.enumerated()
        where revision != publication.revisions[index] {
            throw FormFault("plans[\(index)].revision", "must be \(revision)")
        }
        pricing = next
    }
}

extension Form {
    /// Gives the file's version.
    fileprivate mutating func header(
        _ value: inout ExportHeader
    ) throws(FormFault) -> UInt32 {
        var format = ExportHeader.format
        var version = ExportHeader.version
        try text("format", &format)
        try number("version", &version)
        guard format == ExportHeader.format else { throw fault("format", "is unknown") }
        guard (ExportHeader.oldestVersion...ExportHeader.version).contains(version) else {
            throw fault(
                "version",
                "is \(version), and this tally reads \(ExportHeader.oldestVersion) to "
                    + "\(ExportHeader.version)")
        }
        try text("environment", &value.environment)
        try time("time", &value.time)
        try number("publications", &value.publications)
        try number("customers", &value.customers)
        try number("events", &value.events)
        try number("clock_ahead_ms", &value.clockAhead, unless: 0)
        // As with the clock: most have none.
        if isReading ? has("code_redemptions") : !value.codes.isEmpty {
            try counts(&value.codes)
        }
        if isReading ? has("fingerprint_key") : !value.fingerprintKey.isEmpty {
            try text("fingerprint_key", &value.fingerprintKey)
            guard [UInt8](hexadecimal: value.fingerprintKey)?.count == 32 else {
                throw fault("fingerprint_key", "must be 64 hexadecimal digits")
            }
        }
        if isReading ? has("keys") : value.keys != 0 { try number("keys", &value.keys) }
        return version
    }

    fileprivate mutating func event(_ value: inout ExportedEvent) throws(FormFault) {
        try id("customer", &value.customer)
        try feature("feature", &value.feature)
        try quantity("value", &value.value)
        try time("committed", &value.committed)
        var time = value.label?.time ?? .never
        var properties = value.label?.properties ?? []
        try self.time("time", &time)
        try self.properties("properties", &properties)
        value.label = EventLabel(time: time == .never ? nil : time, properties: properties)
    }
}
