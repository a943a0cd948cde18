internal import Billing
internal import CTallyProto

/// Plans in phases.
extension RequestReader {
    package func createSchedule(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__create_schedule_request__init)
        return try schedule(message.pointee)
    }

    package func previewCreateSchedule(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__preview_create_schedule_request__init)
        guard let schedule = message.pointee.create_schedule else {
            throw CallFault.missing("create_schedule")
        }
        do {
            return try self.schedule(schedule.pointee)
        } catch {
            throw error.within("create_schedule")
        }
    }

    package func deleteSchedule(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> PurchaseCall {
        let message = try open(bytes, tally__v1__delete_schedule_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        var schedule = CreateSchedule([])
        schedule.entity = fields.optionalEntityID(message.entity_id)
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .deleteSchedule)
        fingerprint.add(schedule.entity)
        schedule.request = mark(requestID, .deleteSchedule, fingerprint)
        return PurchaseCall(customer: customer, deed: .schedule(schedule))
    }

    private func schedule(
        _ message: Tally__V1__CreateScheduleRequest
    ) throws(CallFault) -> PurchaseCall {
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let requestID = fields.requestID(message.request_id)
        let successURL = fields.webAddress(message.success_url, at: "success_url")
        var schedule = CreateSchedule([])
        schedule.entity = fields.optionalEntityID(message.entity_id)
        let messages = elements(message.n_phases, message.phases)
        fields.count(messages.count, at: "phases", limit: PhaseSchedule.phaseLimit)
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .createSchedule)
        fingerprint.add(schedule.entity)
        fingerprint.add(UInt64(messages.count))
        for (index, message) in messages.enumerated() {
            do {
                schedule.phases.append(try phase(message.pointee, index, &fingerprint))
            } catch {
                throw error.within("phases[\(index)]")
            }
        }
        schedule.redirect = fields.word(
            message.redirect_mode.rawValue, AttachPlan.Redirect.ifRequired, at: "redirect_mode")
        schedule.quoteTime = message.quote_time.flatMap {
            fields.instant($0.pointee, at: "quote_time")
        }
        schedule.discounts = discounts(
            elements(message.n_discounts, message.discounts).map { $0.pointee }, &fields)
        schedule.taxRate = fields.taxRate(message.tax_rate_id)
        guard let customer, let successURL, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        schedule.successURL = successURL
        fingerprint.add(schedule.successURL)
        fingerprint.add(UInt64(schedule.redirect.rawValue))
        fingerprint.add(schedule.quoteTime)
        fingerprint.add(schedule.discounts)
        fingerprint.add(taxRate: schedule.taxRate)
        schedule.request = mark(requestID, .createSchedule, fingerprint)
        return PurchaseCall(customer: customer, deed: .schedule(schedule))
    }

    private func phase(
        _ message: Tally__V1__SchedulePhase, _ index: Int, _ fingerprint: inout Fingerprint
    ) throws(CallFault) -> CreateSchedule.Phase {
        var fields = FieldReader()
        let time = message.start_time.flatMap { fields.instant($0.pointee, at: "start_time") }
        let length = message.starting_after.flatMap { fields.length($0.pointee) }
        if time != nil, length != nil {
            fields.fault("starting_after", "cannot be had together with start_time")
        }
        let messages = elements(message.n_plans, message.plans)
        fields.count(messages.count, at: "plans", limit: AttachSeveral.planLimit)
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var phase = CreateSchedule.Phase(start: .now, plans: [])
        if let time { phase.start = .at(time) }
        if let length { phase.start = .after(length) }
        fingerprint.add(time)
        fingerprint.add(length)
        fingerprint.add(UInt64(messages.count))
        for (index, message) in messages.enumerated() {
            do {
                guard let plan = try plan(message.pointee, &fields) else { continue }
                phase.plans.append(plan)
                fingerprint.add(plan, message.pointee, arena)
            } catch {
                throw error.within("plans[\(index)]")
            }
        }
        return phase
    }
}

extension FieldReader {
    /// nil: a fault was noted.
    fileprivate mutating func length(_ message: Tally__V1__PhaseLength) -> Cycle? {
        let path = "starting_after"
        if message.interval_count > Cycle.countLimit {
            fault("\(path).interval_count", "must be 0 to \(Cycle.countLimit)")
        }
        guard let interval = interval(message.interval, at: "\(path).interval") else { return nil }
        guard interval.isLong else {
            fault("\(path).interval", "must be a day or longer")
            return nil
        }
        return Cycle(interval, count: UInt16(clamping: max(message.interval_count, 1)))
    }
}

extension Interval {
    fileprivate var isLong: Bool {
        switch self {
        case .oneOff, .minute, .hour: false
        case .day, .week, .month, .quarter, .semiAnnual, .year: true
        }
    }
}
