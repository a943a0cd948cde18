internal import Billing
internal import CTallyProto

extension ReplyWriter {
    package func planCounts(_ counts: PlanCounts) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__count_plan_customers_response__init)
        (message.pointee.n_plans, message.pointee.plans) = arena.list(counts.sorted) { entry in
            let line = arena.make(tally__v1__plan_customer_count__init)
            line.pointee.plan_id = names.id(entry.plan.plan)
            line.pointee.revision = entry.plan.revision
            line.pointee.customer_count = Int64(entry.count.customers)
            line.pointee.subscription_count = Int64(entry.count.subscriptions)
            return line
        }
        return arena.pack(message)
    }

    package func status(_ report: SystemReport) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_status_response__init)
        message.pointee.version = arena.string(report.version)
        message.pointee.start_time = time(report.start)
        message.pointee.environment = arena.string(report.environment)
        message.pointee.has_test_clock = report.hasTestClock ? 1 : 0
        message.pointee.customer_count = Int64(report.customers)
        message.pointee.calls = calls(report.calls)
        message.pointee.log = log(report.log)
        if report.snapshot != .never {
            message.pointee.snapshot = arena.make(tally__v1__snapshot_status__init)
            message.pointee.snapshot.pointee.time = time(report.snapshot)
        }
        if let backup = report.backup {
            let status = arena.make(tally__v1__backup_status__init)
            status.pointee.lag_seconds = Double(backup.lagMilliseconds) / 1000
            status.pointee.lag_records = backup.records
            message.pointee.backup = status
        }
        (message.pointee.n_conditions, message.pointee.conditions) =
            arena.list(report.conditions) { condition in
                let line = arena.make(tally__v1__system_condition__init)
                line.pointee.name = arena.string(condition.name)
                line.pointee.healthy = condition.words.isEmpty ? 1 : 0
                line.pointee.message = arena.string(condition.words)
                return line
            }
        let provider = arena.make(tally__v1__payment_provider_status__init)
        provider.pointee.kind = Tally__V1__PaymentProviderKind(
            rawValue: report.provider.rawValue)
        provider.pointee.open_effects = Int64(report.openEffects)
        message.pointee.payment_provider = provider
        return arena.pack(message)
    }

    private func calls(
        _ calls: SystemReport.Calls
    ) -> UnsafeMutablePointer<Tally__V1__CallStatus> {
        let message = arena.make(tally__v1__call_status__init)
        message.pointee.count = Int64(clamping: calls.count)
        message.pointee.errors = Int64(clamping: calls.errors)
        message.pointee.p50_micros = calls.median * 1e6
        message.pointee.p99_micros = calls.nearlyAll * 1e6
        message.pointee.calls_per_second = calls.perSecond
        return message
    }

    private func log(_ log: SystemReport.Log) -> UnsafeMutablePointer<Tally__V1__LogStatus> {
        let message = arena.make(tally__v1__log_status__init)
        message.pointee.records = log.records
        message.pointee.sync_p50_micros = log.median * 1e6
        message.pointee.sync_p99_micros = log.nearlyAll * 1e6
        message.pointee.records_waiting = log.waiting
        message.pointee.bytes = log.bytes
        return message
    }
}
