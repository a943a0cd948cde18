internal import Repository
internal import Wire

/// A life of many processes over one disk, all of it out of one seed: work and faults, crash and
/// recovery, and after each step the laws.
///
///     acknowledged ⊆ recovered ⊆ submitted, in order          History
///     the recovered state is the committed one, to the byte   Process
///     it is what all records make, one after the other        Audit
///     what commits nothing changes nothing                    Process.observe
///     entities and holds are the model's                      Clients, Call
///     nothing is counted twice, and balances are the model's  Clients, Model, Audit
///     everybody there is is listed, once, and nobody else     Clients.list
///     nothing personal is in any file, and erased it has no key     World.checkSecrets
///     a fault that a caller is told has a cause               World.check
///     after a failed write or sync nothing is acknowledged    Simulation.work
///     with room again, and without faults, work goes on       Simulation.checkProgress
package struct Simulation {
    /// What became of a seed.
    package struct Report {
        package var steps = 0
        package var lives = 0
        package var records = 0
        /// Disk calls of the last life.
        package var calls = 0
        /// What it met on its way.
        package var coverage = Coverage()
        /// What was broken, and where; nil: nothing.
        package var failure: String?
        package var trace: [String] = []
    }

    let world: World
    private var actors: [any Actor] = [
        Clients(), LogThreads(), Provider(), Publisher(), ClockHand(), Keeper(), Eraser(),
    ]
    private(set) var settings = LogSettings()
    private var snapshots = SnapshotSettings()
    private var skips: DiskCall?
    private var report = Report()

    /// - Parameter skips: a call that does nothing, to see that the laws notice.
    package static func run(
        seed: UInt64, isTraced: Bool = false, skipping skips: DiskCall? = nil
    ) -> Report {
        let trace = Trace(isKept: isTraced)
        var simulation = Simulation(seed: seed, trace: trace)
        simulation.skips = skips
        do {
            try simulation.run()
        } catch {
            simulation.report.failure = "step \(trace.step): \(error)"
        }
        simulation.report.steps = trace.step
        simulation.report.records = simulation.world.machine.records
        simulation.report.coverage = simulation.world.coverage
        simulation.report.trace = trace.lines
        return simulation.report
    }

    /// The same life each time, in which the disk call of this number fails; then a quiet one.
    package static func run(
        failing call: Int, code: Int32, _ end: LifePlan.End, steps: Int = 60
    ) -> Report {
        var simulation = Simulation(seed: 7, trace: Trace(isKept: false))
        var plan = LifePlan(end: end, steps: steps)
        plan.failsAtCall = call
        plan.code = code
        do {
            try simulation.begin()
            try simulation.live(plan)
            simulation.report.calls = simulation.world.session?.calls ?? 0
            try simulation.conclude()
        } catch {
            simulation.report.failure = "call \(call) fails with \(code), then \(end): \(error)"
        }
        return simulation.report
    }

    /// Disk calls of that life when none fails.
    package static func countCalls(steps: Int = 60) -> Int {
        run(failing: 0, code: 0, .kill, steps: steps).calls
    }

    init(seed: UInt64, trace: Trace) {
        world = World(seed: seed, trace: trace)
        settings.segmentSize = 8_192 * world.dice.between(1, 3)
        settings.bufferSize = 8_192 * world.dice.between(1, 3)
        settings.readySegments = world.dice.between(1, 2)
        settings.openSegments = world.dice.between(1, 4)
        // Often, and a log that is old after a day.
        snapshots.records = UInt64(world.dice.between(5, 40))
        snapshots.historyDays = 1
    }

    private mutating func run() throws {
        try begin()
        for _ in 0..<(world.dice.once(in: 4) ? 16 : world.dice.between(3, 8)) {
            let plan = LifePlan(&world.dice)
            report.lives += 1
            try live(plan)
        }
        try conclude()
    }

    /// The first catalog; without it there is nothing to do.
    func begin() throws {
        let process = try start(LifePlan.quiet)
        _ = try process.directory.commit(
            .init(draft: Catalogs.draft(0), validateOnly: false, requestID: ""), found: [],
            time: world.machine.clock.now())
        end(process, .close)
    }

    /// A process, from its start to its end.
    private mutating func live(_ plan: LifePlan) throws {
        if world.dice.once(in: 6) { settings.segmentSize = 8_192 * world.dice.between(1, 3) }
        guard let process = try startOrFail(plan) else { return }
        try checkAll(process)
        try work(process, plan)
        if !process.session.isDead, process.state.faults.isEmpty, world.faults == 0 {
            try checkProgress(process)
        }
        end(process, plan.end)
        world.machine.disk.capacity = nil
    }

    /// Without faults of its own a start works, after one at most that meets an earlier one.
    private func startQuietly() throws -> Process {
        for _ in 0..<3 {
            if let process = try startOrFail(LifePlan.quiet) { return process }
        }
        throw world.fail("it doesn't start any more")
    }

    /// Nil: the process died or failed on its way, for a reason.
    private func startOrFail(_ plan: LifePlan) throws -> Process? {
        do {
            return try start(plan)
        } catch let violation as Violation {
            throw violation
        } catch {
            world.trace.note("no start: \(error)")
            if case .corrupt? = error as? LogFault { throw world.fail("\(error)") }
            // A sync that failed in an earlier process shows now; the next start goes by the disk.
            if case .failed? = error as? LogFault, world.hasFailed { return nil }
            guard world.faults > 0 || world.wasShort || world.isDead else {
                throw world.fail("it doesn't start: \(error)")
            }
            world.machine.disk.capacity = nil
            return nil
        }
    }

    func start(_ plan: LifePlan) throws -> Process {
        let session = DiskSession(world.machine.disk, seed: world.dice.next())
        session.skips = skips
        world.begin(session, plan)
        session.decide = { [unowned world, unowned session] call, path in
            world.decide(call, path, session, plan)
        }
        let process = try Process(
            world.machine, session, settings: settings, snapshots: snapshots)
        world.recovered(process)
        try world.checkSecrets(process)
        world.coverage.add(process, world.machine.disk)
        return process
    }

    /// Nobody takes snapshots, so all of the log stays as it is.
    mutating func keepWholeLog() {
        actors.removeAll { $0 is Keeper }
    }

    func work(_ process: Process, _ plan: LifePlan) throws {
        let weights = actors.reduce(0) { $0 + $1.weight }
        var stepsAfterFault = 5
        for _ in 0..<plan.steps where !process.session.isDead && stepsAfterFault > 0 {
            world.trace.step += 1
            if plan.isShort, world.dice.once(in: 20) { world.changeRoom() }
            let durable = world.machine.customers.map(\.acknowledged)
            let failed = process.state.faults.keys
            var draw = world.dice.below(weights)
            let actor = actors.first {
                draw -= $0.weight
                return draw < 0
            }
            try actor?.turn(world, process)
            if let violation = world.violation { throw violation }
            guard !failed.isEmpty else { continue }
            stepsAfterFault -= 1
            let now = world.machine.customers.map(\.acknowledged)
            guard failed.allSatisfy({ now[$0] == durable[$0] }) else {
                throw world.fail("something was acknowledged after the log had failed")
            }
        }
    }

    private func end(_ process: Process, _ end: LifePlan.End) {
        if !process.session.isDead, process.state.faults.isEmpty, end == .close {
            for partition in process.partitions { try? partition.log.close() }
            try? process.directoryLog.close()
            let isAll = world.machine.customers.allSatisfy {
                $0.acknowledged == $0.submitted.count
            }
            if process.state.faults.isEmpty, !process.session.isDead, !isAll {
                world.violation = world.fail("a clean stop left records that aren't durable")
            }
        }
        if !process.session.isDead {
            process.session.kill()
            if end != .kill { world.cutPower() }
        }
        world.process = nil
    }

    private func checkAll(_ process: Process) throws {
        let clients = Clients()
        for name in Catalogs.names { try clients.look(at: name, world, process) }
        try clients.list(world, process)
        try clients.list(searching: Catalogs.name, world, process)
    }

    /// Nothing is in the way: whatever is asked is done.
    private func checkProgress(_ process: Process) throws {
        world.machine.disk.capacity = nil
        process.directoryLog.log.drive()
        process.drive()
        for partition in process.partitions { try? partition.keys.flush() }
        let count = world.machine.records
        world.requests.append(
            Request(
                number: world.requests.count, customer: Catalogs.names[0],
                deed: world.model.customers[Catalogs.names[0]] == nil
                    ? .create : .track(.words, -1, refuses: false), mark: nil))
        try Clients().send(world.requests.count - 1, world, process)
        process.drive()
        let isDone =
            world.machine.records > count
            && world.machine.customers.allSatisfy { $0.acknowledged == $0.submitted.count }
        guard process.session.isDead || world.faults > 0 || isDone else {
            throw world.fail("nothing is in the way, but nothing goes on")
        }
    }

    /// Every client learns the outcome of what it sent; then all that is left must add up.
    private func conclude() throws {
        if let violation = world.violation { throw violation }
        let process = try startQuietly()
        try checkAll(process)
        for number in world.requests.indices where world.requests[number].mark != nil {
            try Clients().send(number, world, process)
            process.drive()
        }
        try checkAll(process)
        process.drive()
        try Audit(world).run(process)
        end(process, .power)
        _ = try startQuietly()
    }
}
