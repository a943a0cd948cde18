internal import Billing
internal import Glibc
internal import Logging
internal import NIOCore
internal import Repository
internal import Wire

/// An environment in a folder, called directly, as an event loop would.
final class StoreDesk {
    static let features = ["messages", "tokens", "seats", "exports"]
    private static let paid = "paid"

    let environment: TallyEnvironment
    private let customers: Int
    private let workspace = Workspace()
    private let names: PricingNames
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var requests = 0

    init(_ folder: String, customers: Int) async throws {
        environment = try StoreDesk.open(folder, threads: 1)
        self.customers = customers
        let call = PublishCall(draft: StoreDesk.draft, validateOnly: false, requestID: "")
        _ = try await environment.directory.publish(
            call, found: [], time: environment.now)
        names = environment.directory.current
    }

    static func open(_ folder: String, threads: Int) throws -> TallyEnvironment {
        var settings = TallyEnvironment.Settings()
        settings.recoveryThreads = threads
        // Only when asked for.
        settings.snapshots.records = .max
        settings.snapshots.bytes = .max
        settings.provider = PaidAtOnce()
        var logger = Logger(label: "tally.bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return try TallyEnvironment("sandbox", in: folder, settings: settings, logger: logger)
    }

    /// Bytes of this process in memory.
    static var residentBytes: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let text = line.prefix { $0 != 0 }.map { Character(Unicode.Scalar(UInt8(bitPattern: $0))) }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int(String($0)) } ?? 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    func make() throws -> LatencyHistogram {
        var times = LatencyHistogram()
        for number in 0..<customers {
            let command = Command.create(
                CreateCustomer(name: "Customer \(number)", email: "customer\(number)@example.com"))
            times.add(nanoseconds: try execute(command, number, nil))
        }
        return times
    }

    /// Everybody buys the plan that is paid for, and is charged for so many months of it: each time
    /// for the plan and for two features.
    func bill(months: Int) async throws {
        guard let plan = names.pricing.plan(id: StoreDesk.paid) else {
            throw CommandFault("the catalog lacks a plan", exit: .negative)
        }
        let payments = Task { [environment] in await environment.run() }
        defer { payments.cancel() }
        let card = PaymentMethod(token: "card", brand: "visa", last4: "4242")
        for number in 0..<customers {
            try execute(.saveMethod(card), number, nil)
            let attach = AttachPlan(plan: plan, effectID: "bench-\(number)")
            try execute(.attach(attach), number, nil)
        }
        try await untilPaid()
        for _ in 0..<months {
            for number in 0..<customers {
                for feature in StoreDesk.features.prefix(2) { try track(feature, number) }
            }
            let month = ClockCall(customer: nil, move: .by(31 * 86_400_000), request: nil)
            _ = try await environment.advanceClock(month)
        }
    }

    private func track(_ feature: String, _ number: Int) throws {
        guard let feature = names.pricing.feature(id: feature) else { return }
        let usage = TrackUsage(feature: feature, value: Quantity(units: 7), overage: .cap)
        try execute(.track(usage), number, nil)
    }

    private func untilPaid() async throws {
        for id in (0..<customers).lazy.compactMap({ CustomerID(LoadSource.customerID($0)) }) {
            while environment.openEffect(of: id) != nil {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
    }

    /// Searches through all customers for one of them, and is told which.
    func search() throws -> LatencyHistogram {
        var times = LatencyHistogram()
        // The first one may have to make what it goes by.
        for turn in -1..<9 {
            let number = customers / 2 + max(0, turn) % max(1, customers / 2)
            let call = ListCustomersCall(search: SearchText.folded("R\(number)@EXAMPLE.com"))
            let start = NIODeadline.now()
            var found = 0
            _ = try environment.list(call, checkpoint: {}) { _, _ in
                found += 1
                return true
            }
            if turn >= 0 { times.add(nanoseconds: (NIODeadline.now() - start).nanoseconds) }
            guard found == 1 else {
                throw CommandFault("a search found \(found) customers", exit: .negative)
            }
        }
        return times
    }

    func track(_ count: Int) throws -> LatencyHistogram {
        var times = LatencyHistogram()
        for _ in 0..<count { times.add(nanoseconds: try trackOnce()) }
        return times
    }

    /// Tracks as beside a snapshot, while there is none: what the machine and the log make of them.
    func steady(_ time: TimeAmount) throws -> LatencyHistogram {
        let end = NIODeadline.now() + time
        return try bursts { NIODeadline.now() < end }
    }

    /// Tracks until a snapshot is taken at the limited rate, beside it.
    func snapshot() throws -> (milliseconds: Int, LatencyHistogram) {
        let snapshots = environment.partitions[0].snapshots
        let before = snapshots.taken
        snapshots.request()
        let times = try bursts { snapshots.taken == before }
        return (snapshots.lastMilliseconds, times)
    }

    /// As a server's: some calls, then a moment for everybody else.
    private func bursts(while goesOn: () -> Bool) throws -> LatencyHistogram {
        var times = LatencyHistogram()
        while goesOn() {
            for _ in 0..<128 { times.add(nanoseconds: try trackOnce()) }
            usleep(1_000)
        }
        return times
    }

    private func trackOnce() throws -> Int64 {
        requests += 1
        guard let feature = names.pricing.feature(id: StoreDesk.features[0]),
            let id = RequestID("bench-\(requests)")
        else { throw CommandFault("the catalog lacks a feature", exit: .negative) }
        let mark = RequestMark(
            id: id, method: Method.track.rawValue, fingerprint: UInt64(requests))
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let number = Int((state >> 33) % UInt64(customers))
        return try execute(
            .track(TrackUsage(feature: feature, value: Quantity(units: 1), overage: .cap)),
            number, mark)
    }

    /// Nanoseconds that the call took; waits where the log isn't ready, without counting that.
    @discardableResult
    private func execute(_ command: Command, _ number: Int, _ mark: RequestMark?) throws -> Int64 {
        guard let id = CustomerID(LoadSource.customerID(number)) else { return 0 }
        while true {
            workspace.reset()
            let start = NIODeadline.now()
            do throws(ExecuteFault) {
                _ = try environment.customers(of: id).execute(
                    command, for: id, request: mark, names: names, in: workspace)
                return (NIODeadline.now() - start).nanoseconds
            } catch {
                guard case .unavailable(let fault) = error, case .unavailable = fault else {
                    throw error
                }
                usleep(200)
            }
        }
    }

    private static let draft = PricingDraft(
        currency: "usd",
        features: features.map { Feature(id: $0, name: $0, kind: .metered) },
        plans: [
            Plan(
                id: "bench", name: "Bench", autoEnable: true,
                items: features.map {
                    PlanItem(
                        featureID: $0, included: Quantity(units: BenchData.granted),
                        unlimited: false, reset: Cycle(.month), usagePrice: nil)
                }),
            Plan(
                id: paid, name: "Paid",
                price: BasePrice(amount: UnitPrice("20") ?? .zero, cycle: Cycle(.month)),
                items: features.map {
                    PlanItem(
                        featureID: $0, included: .zero, unlimited: false, reset: Cycle(.month),
                        usagePrice: UsagePrice(
                            amount: UnitPrice("0.1") ?? .zero, billingUnits: Quantity(units: 1),
                            maxPurchase: nil))
                }),
        ])
}
