internal import Repository

/// What becomes of the process's disk calls.
extension World {
    func begin(_ session: DiskSession, _ plan: LifePlan) {
        self.session = session
        faults = 0
        wasShort = false
        trace.note("start, to end with \(plan.end)")
    }

    var isDead: Bool { session?.isDead ?? false }

    /// The process has recovered: what was lost never was.
    func recovered(_ process: Process) {
        trace.note("recovered \(machine.records) records")
        let last = machine.customers.map { UInt64($0.submitted.count) }
        self.process = process
        model.rollBack(to: last)
        for index in requests.indices {
            requests[index].receipts.removeAll { $0.point.sequence > last[$0.point.partition] }
        }
    }

    func decide(
        _ call: DiskCall, _ path: String, _ session: DiskSession, _ plan: LifePlan
    ) -> DiskFate {
        if session.calls == plan.diesAtCall {
            trace.note("dies in \(call) of \(path)")
            session.kill()
            if plan.end != .kill { cutPower() }
            return .works
        }
        if call == .write || call == .sync { runClients(session) }
        let fails =
            session.calls == plan.failsAtCall
            || (plan.failureRate > 0 && dice.once(in: plan.failureRate))
        guard fails, !session.isDead else { return .works }
        faults += 1
        hasFailed = true
        let isFull = (call == .write || call == .create) && dice.once(in: 2)
        let code = plan.code ?? (isFull ? DiskSession.full : DiskSession.inputOutput)
        if code == DiskSession.full { wasShort = true }
        trace.note("\(call) of \(path) fails with \(code)")
        return .fails(code)
    }

    /// Clients go on while the log's threads wait for the disk.
    private func runClients(_ session: DiskSession) {
        guard let process, process.session === session, !isNested, violation == nil,
            isThreadsTurn, dice.once(in: 3)
        else { return }
        isNested = true
        defer { isNested = false }
        do {
            for _ in 0..<dice.between(1, 6) { try Clients().turn(self, process) }
        } catch {
            violation = error as? Violation ?? fail("\(error)")
        }
    }

    func cutPower() {
        trace.note("the power is cut")
        machine.disk.cutPower(&dice)
    }

    /// The disk fills up, or somebody frees some room.
    func changeRoom() {
        if machine.disk.capacity == nil {
            machine.disk.capacity = machine.disk.used + dice.below(20_000)
            wasShort = true
        } else {
            machine.disk.capacity = nil
        }
        trace.note("room: \(machine.disk.capacity, default: "enough")")
    }
}
