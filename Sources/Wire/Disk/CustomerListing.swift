package import Billing

/// What lists and searches of customers go by.
package struct CustomerListing: Sendable {
    /// Milliseconds since the epoch.
    package private(set) var created: Int64 = 0
    /// Id, name and email as a search looks in them, each closed by a NUL, which none of them has.
    package private(set) var text: [UInt8] = []
    package private(set) var marks = SubscriptionMarks()

    package init(_ customer: borrowing CustomerState) {
        created = customer.account.created.milliseconds
        marks = SubscriptionMarks(customer.subscriptions)
        customer.id.withBytes { add($0) }
        for part in [customer.account.name, customer.account.email] {
            var part = part
            part.withUTF8 { add(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Of a row, of whose rest nothing else is unpacked: a start waits for a million of them.
    package init(_ row: borrowing CustomerRow, seals: (any CustomerSeals)?) throws(RecordFault) {
        let id = row.id
        id.withBytes { add($0) }
        try row.withRest { (rest) throws(RecordFault) in try read(rest, of: id, seals) }
    }

    /// The fields are those of `tally.disk.v1.CustomerState`; a test holds this against the other
    /// initialiser.
    private mutating func read(
        _ rest: UnsafeRawBufferPointer, of id: CustomerID, _ seals: (any CustomerSeals)?
    ) throws(RecordFault) {
        var profile = Profile(name: 3, email: 4)
        var sealed: UnsafeRawBufferPointer?
        var scan = FieldScan(rest)
        while let field = scan.next() {
            switch (field.number, field.value) {
            case (5, .number(let time)): created = Int64(bitPattern: time)
            case (10, .bytes(let subscription)): marks.add(ShownSubscription(subscription))
            case (16, .bytes(let bytes)): sealed = bytes
            case _: profile.take(field)
            }
        }
        guard !scan.failed else { throw .malformed }
        guard let field = sealed.map({ SealedField($0) }) else { return add(profile) }
        let content = try seals.content(of: field.content, with: field.key, for: .state, id) ?? []
        try content.withUnsafeBufferPointer { (content) throws(RecordFault) in
            add(try Profile(ofParts: UnsafeRawBufferPointer(content)))
        }
    }

    private mutating func add(_ profile: Profile) {
        add(profile.name)
        add(profile.email)
    }

    private mutating func add(_ part: UnsafeRawBufferPointer) {
        SearchText.fold(part, into: &text)
        text.append(0)
    }
}

/// A name and an email where they lie.
private struct Profile {
    private let numbers: (name: UInt32, email: UInt32)
    private(set) var name = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var email = UnsafeRawBufferPointer(start: nil, count: 0)

    /// - Parameters: numbers of the fields.
    init(name: UInt32, email: UInt32) {
        numbers = (name, email)
    }

    /// Of a state's `tally.disk.v1.PersonalParts`, of which the first says them.
    init(ofParts bytes: UnsafeRawBufferPointer) throws(RecordFault) {
        self.init(name: 2, email: 3)
        var parts = FieldScan(bytes)
        if let part = parts.next(), part.number == 1, case .bytes(let fields) = part.value {
            var scan = FieldScan(fields)
            while let field = scan.next() { take(field) }
            guard !scan.failed else { throw .malformed }
        }
        guard !parts.failed else { throw .malformed }
    }

    mutating func take(_ field: FieldScan.Field) {
        guard case .bytes(let text) = field.value else { return }
        if field.number == numbers.name { name = text }
        if field.number == numbers.email { email = text }
    }
}

extension CustomerRow {
    /// Whether one of the subscriptions may be what is asked for, as it stands; told from the bytes
    /// alone.
    package func mayMatch(_ filter: SubscriptionFilter) -> Bool {
        withRest { rest in
            var scan = FieldScan(rest)
            while let field = scan.next() {
                guard field.number == 10, case .bytes(let fields) = field.value else { continue }
                guard let shown = ShownSubscription(fields) else { return true }
                if filter.matches(shown.plan, shown.status) { return true }
            }
            return scan.failed
        }
    }

    /// Plan and revision of each subscription that isn't over, as they stand; told from the bytes
    /// alone. False: they can't be read.
    package func eachSubscription(_ body: (PlanReference) -> Void) -> Bool {
        withRest { rest in
            var scan = FieldScan(rest)
            while let field = scan.next() {
                guard field.number == 10, case .bytes(let fields) = field.value else { continue }
                var (plan, revision, status) = (UInt32(0), UInt32(0), UInt64(0))
                var parts = FieldScan(fields)
                while let part = parts.next() {
                    guard case .number(let number) = part.value else { continue }
                    if part.number == 2 { plan = UInt32(truncatingIfNeeded: number) }
                    if part.number == 3 { revision = UInt32(truncatingIfNeeded: number) }
                    if part.number == 4 { status = number }
                }
                guard !parts.failed else { return false }
                if status == UInt64(SubscriptionStatus.ended.rawValue) { continue }
                body(PlanReference(plan: PlanNumber(rawValue: plan), revision: revision))
            }
            return !scan.failed
        }
    }
}

/// Plan and status of a subscription as it is shown, told from its bytes alone.
private struct ShownSubscription {
    var plan: PlanNumber
    var status: SubscriptionStatus

    /// nil: this version doesn't know its status. The fields are those of
    /// `tally.disk.v1.SubscriptionChanged`.
    init?(_ subscription: UnsafeRawBufferPointer) {
        var (plan, raw) = (UInt32(0), UInt8(0))
        var scan = FieldScan(subscription)
        while let field = scan.next() {
            guard case .number(let number) = field.value else { continue }
            if field.number == 2 { plan = UInt32(truncatingIfNeeded: number) }
            if field.number == 4 { raw = UInt8(truncatingIfNeeded: number) }
            if field.number == 140, number != 0 { raw = SubscriptionStatus.paused.rawValue }
        }
        guard let status = SubscriptionStatus(rawValue: raw) else { return nil }
        (self.plan, self.status) = (PlanNumber(rawValue: plan), status)
    }
}

extension SubscriptionMarks {
    fileprivate mutating func add(_ shown: ShownSubscription?) {
        guard let shown else { return self = .any }
        add(shown.plan, shown.status)
    }
}
