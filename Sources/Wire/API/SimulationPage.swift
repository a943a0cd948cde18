package import Billing
internal import CTallyProto

/// What a plan would have made of one customer, and what was.
package struct SimulatedCustomer {
    /// Why there is nothing. Raw values are those of `tally.v1.SimulationSkip`.
    package enum Skip: UInt32, Sendable {
        case tooYoung = 1
        case tooManyEvents = 2
        case tooManyInvoices = 3
    }

    package var id: CustomerID
    package var start: Timestamp
    package var outcome: Result<PlanSimulation, SkipFault>
    package var actual: [Invoice]
    /// There is all of it.
    package var isActualWhole: Bool

    /// Why it wasn't replayed.
    package struct SkipFault: Error {
        package var skip: Skip

        package init(_ skip: Skip) {
            self.skip = skip
        }
    }

    package init(
        id: CustomerID, start: Timestamp, outcome: Result<PlanSimulation, SkipFault>,
        actual: [Invoice], isActualWhole: Bool
    ) {
        self.id = id
        self.start = start
        self.outcome = outcome
        self.actual = actual
        self.isActualWhole = isActualWhole
    }
}

/// A page of simulated customers as it is written: the message of a `SimulatePlanResponse`,
/// growing.
package struct SimulationPage {
    /// Bytes at which a page ends early: stock clients take 4 MiB.
    private static let pageBytes = 1 << 20

    private let writer: ReplyWriter
    private let currency: Currency?
    private var message = ProtoBytes()
    private var customers: Int32 = 0
    private var skipped: Int32 = 0
    private var total: Int64 = 0
    private var unbilled: Int64 = 0
    private var actual: Int64 = 0
    private var more: Int32 = 0
    private var less: Int32 = 0
    private var same: Int32 = 0

    package init(_ writer: ReplyWriter) {
        self.writer = writer
        currency = writer.names.pricing.currency
    }

    package var isFull: Bool { message.bytes.count >= Self.pageBytes }

    package mutating func add(_ customer: SimulatedCustomer) {
        writer.arena.reset()
        let part = writer.arena.make(tally__v1__simulated_customer__init)
        part.pointee.customer_id = customer.id.withBytes { writer.arena.string($0) }
        switch customer.outcome {
        case .failure(let fault):
            skipped += 1
            part.pointee.skip = Tally__V1__SimulationSkip(fault.skip.rawValue)
        case .success(let simulation): add(simulation, customer, to: part)
        }
        message.add(1, raw: writer.arena.pack(part))
    }

    private mutating func add(
        _ simulation: PlanSimulation, _ customer: SimulatedCustomer,
        to part: UnsafeMutablePointer<Tally__V1__SimulatedCustomer>
    ) {
        let arena = writer.arena
        let lines = simulation.unbilled
        let then = simulation.invoices.reduce(0) { $0 + $1.total.minorUnits }
        let now = customer.actual.reduce(0) { $0 + $1.total.minorUnits }
        let rest = lines.reduce(0) { $0 + $1.total.minorUnits }
        part.pointee.start_time = writer.time(customer.start)
        (part.pointee.n_invoices, part.pointee.invoices) = arena.list(simulation.invoices) {
            writer.invoice($0)
        }
        part.pointee.total = money(then)
        (part.pointee.n_unbilled_lines, part.pointee.unbilled_lines) = arena.list(lines) {
            writer.line($0)
        }
        part.pointee.unbilled_total = money(rest)
        (part.pointee.n_cut_usages, part.pointee.cut_usages) = arena.list(simulation.cuts) { cut in
            let usage = arena.make(tally__v1__cut_usage__init)
            usage.pointee.feature_id = writer.names.id(cut.feature)
            usage.pointee.value = cut.value.double
            usage.pointee.cut = cut.rest.double
            usage.pointee.event_count = Int64(cut.events)
            return usage
        }
        part.pointee.event_count = Int64(simulation.events)
        (part.pointee.n_actual_invoices, part.pointee.actual_invoices) =
            arena.list(customer.actual) { writer.invoice($0) }
        part.pointee.actual_total = money(now)
        part.pointee.actual_incomplete = customer.isActualWhole ? 0 : 1
        customers += 1
        (total, unbilled, actual) = (total + then, unbilled + rest, actual + now)
        if then > now { more += 1 } else if then < now { less += 1 } else { same += 1 }
    }

    private func money(_ minorUnits: Int64) -> UnsafeMutablePointer<Tally__V1__Money>? {
        currency.map { writer.money(Money(minorUnits: minorUnits, currency: $0)) }
    }

    /// - Parameter token: of the next page; nil: there is none.
    package func response(next token: String?) -> [UInt8] {
        writer.arena.reset()
        let summary = writer.arena.make(tally__v1__simulation_summary__init)
        summary.pointee.customer_count = customers
        summary.pointee.skipped_count = skipped
        summary.pointee.total = money(total)
        summary.pointee.unbilled_total = money(unbilled)
        summary.pointee.actual_total = money(actual)
        summary.pointee.paying_more_count = more
        summary.pointee.paying_less_count = less
        summary.pointee.paying_same_count = same
        var response = message
        response.add(2, raw: writer.arena.pack(summary))
        response.add(3, text: token ?? "")
        return response.bytes
    }
}
