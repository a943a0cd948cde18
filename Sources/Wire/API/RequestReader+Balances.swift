internal import Billing
internal import CTallyProto

/// Grants outside plans, and corrections.
extension RequestReader {
    package func createBalance(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__create_balance_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let open = try self.open(message.pointee, &fields)
        guard let customer, let open, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .createBalance)
        fingerprint.add(open)
        return ChangeCall(
            customer: customer, command: .openBalance(open),
            request: mark(requestID, .createBalance, fingerprint))
    }

    private func open(
        _ message: Tally__V1__CreateBalanceRequest, _ fields: inout FieldReader
    ) throws(CallFault) -> OpenBalance? {
        guard let feature = try feature(message.feature_id, &fields) else { return nil }
        var open = OpenBalance(feature: feature)
        open.entity = fields.optionalEntity(message.entity_id)
        open.name = fields.text(
            message.balance_id, at: "balance_id", limit: OpenBalance.nameLimit)
        if open.name.hasPrefix("bal_") {
            fields.fault("balance_id", "must not begin with \"bal_\"")
        }
        if message._granted_case == TALLY__V1__CREATE_BALANCE_REQUEST___GRANTED_GRANTED {
            open.granted = fields.grant(message.granted, at: "granted")
        }
        open.unlimited = message.unlimited != 0
        if let reset = message.reset { open.reset = fields.cycle(reset.pointee, at: "reset") }
        open.nextReset = fields.optionalInstant(message.next_reset_time, at: "next_reset_time")
        open.expires = fields.optionalInstant(message.expire_time, at: "expire_time")
        if let rule = message.rollover {
            open.rollover = fields.rollover(rule.pointee, at: "rollover")
        }
        return open
    }

    package func updateBalance(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__update_balance_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let filter = try filter(message.pointee.filter, &fields, needsFeature: true)
        var update = UpdateBalance(filter: filter ?? BalanceFilter(feature: nil))
        update.amount = fields.amount(message.pointee)
        if message.pointee._granted_case
            == TALLY__V1__UPDATE_BALANCE_REQUEST___GRANTED_GRANTED
        {
            update.granted = fields.grant(message.pointee.granted, at: "granted")
        }
        update.nextReset = fields.optionalInstant(
            message.pointee.next_reset_time, at: "next_reset_time")
        update.expires = fields.optionalInstant(message.pointee.expire_time, at: "expire_time")
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .updateBalance)
        fingerprint.add(update)
        return ChangeCall(
            customer: customer, command: .updateBalance(update),
            request: mark(requestID, .updateBalance, fingerprint))
    }

    package func deleteBalance(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__delete_balance_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let filter = try filter(message.pointee.filter, &fields)
        if let filter, filter.feature == nil, filter.id.isEmpty, filter.interval == nil {
            fields.fault("filter", "needs feature_id, balance_id or interval")
        }
        guard let customer, let filter, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .deleteBalance)
        fingerprint.add(filter)
        let keepsUsage = message.pointee.keep_usage != 0
        fingerprint.add(keepsUsage ? 1 : 0)
        return ChangeCall(
            customer: customer,
            command: .deleteBalance(DeleteBalance(filter: filter, keepsUsage: keepsUsage)),
            request: mark(requestID, .deleteBalance, fingerprint))
    }

    package func recalculateBalances(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__recalculate_balances_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let filter = try filter(message.pointee.filter, &fields, needsFeature: true)
        guard let customer, let filter, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .recalculateBalances)
        fingerprint.add(filter)
        return ChangeCall(
            customer: customer, command: .recalculateBalances(RecalculateBalances(filter: filter)),
            request: mark(requestID, .recalculateBalances, fingerprint))
    }

    private func filter(
        _ message: UnsafeMutablePointer<Tally__V1__BalanceFilter>?, _ fields: inout FieldReader,
        needsFeature: Bool = false
    ) throws(CallFault) -> BalanceFilter? {
        guard let message = message?.pointee else {
            fields.fault("filter", "is required")
            return nil
        }
        var filter = BalanceFilter(feature: nil)
        var part = FieldReader()
        filter.entity = part.optionalEntity(message.entity_id)
        filter.id = part.text(message.balance_id, at: "balance_id", limit: OpenBalance.nameLimit)
        if message.interval.rawValue != 0 {
            filter.interval = part.interval(message.interval, at: "interval")
        }
        if !Wire.bytes(of: message.feature_id).isEmpty {
            filter.feature = try feature(message.feature_id, &part)
        } else if needsFeature {
            part.fault("feature_id", "is required")
        }
        part.move(to: "filter")
        fields.add(part)
        return filter
    }
}

extension FieldReader {
    /// Empty: none given, or a fault was noted.
    mutating func optionalEntity(_ text: UnsafePointer<CChar>?) -> InlineText {
        guard !bytes(of: text).isEmpty else { return .empty }
        return entityID(text) ?? .empty
    }

    mutating func grant(_ value: Double, at path: String) -> Quantity? {
        let quantity = quantity(value, at: path)
        if let quantity, quantity < .zero { fault(path, "must not be negative") }
        return quantity
    }

    /// Per cent: beyond this it means nothing, and sums would leave what can be computed with.
    mutating func percentage(_ value: Double, at path: String) -> Quantity? {
        let quantity = grant(value, at: path)
        if let quantity, quantity > Quantity(units: 1_000_000) {
            fault(path, "must be at most 1000000 per cent")
        }
        return quantity
    }

    mutating func interval(_ value: Tally__V1__Interval, at path: String) -> Interval? {
        if let interval = Interval(rawValue: UInt8(clamping: value.rawValue)) { return interval }
        fault(
            path,
            "must be one_off, minute, hour, day, week, month, quarter, semi_annual or year")
        return nil
    }

    mutating func cycle(_ message: Tally__V1__ResetInterval, at path: String) -> Cycle? {
        if message.interval_count > 1000 {
            fault("\(path).interval_count", "must be at most 1000")
        }
        guard let interval = interval(message.interval, at: "\(path).interval") else { return nil }
        return Cycle(interval, count: UInt16(clamping: message.interval_count))
    }

    mutating func rollover(_ message: Tally__V1__RolloverRule, at path: String) -> Rollover? {
        if message.months > 1200 { fault("\(path).months", "must be at most 1200") }
        switch message.cap_case {
        case TALLY__V1__ROLLOVER_RULE__CAP_MAX:
            guard let most = grant(message.max, at: "\(path).max") else { return nil }
            return Rollover(cap: .units(most), months: message.months)
        case TALLY__V1__ROLLOVER_RULE__CAP_MAX_PERCENTAGE:
            guard let most = percentage(message.max_percentage, at: "\(path).max_percentage")
            else {
                return nil
            }
            return Rollover(cap: .percentage(most), months: message.months)
        default: return Rollover(cap: .none, months: message.months)
        }
    }

    fileprivate mutating func amount(
        _ message: Tally__V1__UpdateBalanceRequest
    ) -> UpdateBalance.Amount? {
        switch message.amount_case {
        case TALLY__V1__UPDATE_BALANCE_REQUEST__AMOUNT_REMAINING:
            return grant(message.remaining, at: "remaining").map { .remaining($0) }
        case TALLY__V1__UPDATE_BALANCE_REQUEST__AMOUNT_ADD:
            return quantity(message.add, at: "add").map { .added($0) }
        case TALLY__V1__UPDATE_BALANCE_REQUEST__AMOUNT_USAGE:
            return quantity(message.usage, at: "usage").map { .usage($0) }
        default: return nil
        }
    }
}

extension Fingerprint {
    fileprivate mutating func add(_ open: OpenBalance) {
        add(UInt64(open.feature.rawValue))
        add(open.entity)
        add(open.name)
        add(open.granted)
        add(open.unlimited ? 1 : 0)
        add(open.reset)
        add(open.nextReset)
        add(open.expires)
        if let rollover = open.rollover { add(rollover) }
    }

    private mutating func add(_ rollover: Rollover) {
        add(UInt64(rollover.months))
        switch rollover.cap {
        case .none: add(1)
        case .units(let units):
            add(2)
            add(units)
        case .percentage(let percentage):
            add(3)
            add(percentage)
        }
    }

    fileprivate mutating func add(_ filter: BalanceFilter) {
        add(UInt64(filter.feature?.rawValue ?? 0))
        add(filter.entity)
        add(filter.id)
        add(UInt64(filter.interval?.rawValue ?? 0))
    }

    fileprivate mutating func add(_ update: UpdateBalance) {
        add(update.filter)
        switch update.amount {
        case nil: add(0)
        case .remaining(let quantity):
            add(1)
            add(quantity)
        case .added(let quantity):
            add(2)
            add(quantity)
        case .usage(let quantity):
            add(3)
            add(quantity)
        }
        add(update.granted)
        add(update.nextReset)
        add(update.expires)
    }
}
