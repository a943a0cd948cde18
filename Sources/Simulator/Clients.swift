internal import Billing
internal import Repository
internal import Wire

/// A call as its client keeps it, to send it again until it knows the outcome.
struct Request {
    let number: Int
    let customer: String
    let deed: Deed
    /// Nil: it isn't repeatable.
    let mark: RequestMark?
    /// What the log holds of it; none: sending it again is the first time. After the window it may
    /// be done once more.
    var receipts: [Receipt] = []
    var receipt: Receipt? { receipts.last }
    /// The client can't tell what a retry must say.
    var isUnsure = false

    struct Receipt {
        var point: CommitPoint
        var time: Int64
        /// Nil: what a retry gets may change.
        var message: [UInt8]?
    }
}

/// Clients that use the product at the same time: each turn is one call of one of them, and many
/// calls lie between two turns of the log.
struct Clients: Actor {
    let name = "clients"
    let weight = 40

    func turn(_ world: World, _ process: Process) throws {
        if world.dice.once(in: 2) { process.names = process.directory.current }
        switch world.dice.below(12) {
        case 0, 1: try retry(world, process)
        case 2: try reuse(world, process)
        case 3: try look(at: world.dice.pick(Catalogs.names), world, process)
        case 4:
            let search = world.dice.once(in: 2) ? Catalogs.name : ""
            try list(searching: search, world, process)
        default:
            let customer = world.dice.pick(Catalogs.names)
            let number = world.requests.count
            let deed = Deed.some(&world.dice, number: number)
            let mark = world.dice.once(in: 4) ? nil : deed.mark(number: number)
            world.requests.append(
                Request(number: number, customer: customer, deed: deed, mark: mark))
            try send(number, world, process)
        }
    }

    private func retry(_ world: World, _ process: Process) throws {
        guard !world.requests.isEmpty else { return }
        // The latest ones are those whose outcome may be unknown.
        let reach = world.dice.once(in: 3) ? world.requests.count : 12
        let back = world.dice.below(min(reach, world.requests.count))
        let number = world.requests.count - 1 - back
        guard world.requests[number].mark != nil else { return }
        try send(number, world, process)
    }

    /// Another payload under an id that was used.
    private func reuse(_ world: World, _ process: Process) throws {
        guard let used = world.requests.last(where: { $0.receipt != nil && $0.mark != nil }),
            let receipt = used.receipt, var mark = used.mark, let id = CustomerID(used.customer),
            world.now(of: used.customer) - receipt.time < Machine.requestSpan
        else { return }
        mark.fingerprint ^= 1
        let command = used.deed.command(
            mark: mark, process, now: world.now(of: used.customer))
        do {
            let execution = try process.observe {
                try process.repository(of: id).execute(
                    command, for: id, request: mark, names: process.names, in: Workspace())
            }
            guard case .again(let after) = execution, !process.isDurable(after) else {
                throw world.fail("request \(used.number) was answered under another payload")
            }
        } catch ExecuteFault.refused(.requestReused) {
        } catch let fault as ExecuteFault { try world.check(fault, process) }
    }

    /// Sends a request for the first time, or again.
    func send(_ number: Int, _ world: World, _ process: Process) throws {
        let request = world.requests[number]
        guard !request.isUnsure, let id = CustomerID(request.customer) else { return }
        let command = request.deed.command(
            mark: request.mark, process, now: world.now(of: request.customer))
        let call = Call(request: request, world: world, process: process)
        let workspace = Workspace()
        do {
            let execution = try process.observe {
                try process.repository(of: id).execute(
                    command, for: id, request: request.mark, names: process.names, in: workspace)
            }
            switch execution {
            // It comes again, as it got no answer.
            case .awaiting:
                guard request.deed.mayAskForTaxes else {
                    throw world.fail("request \(number) must wait for no provider")
                }
            case .again(let after):
                guard request.receipt != nil, !process.isDurable(after) else {
                    throw world.fail("request \(number) must wait for nothing")
                }
            case .done(let outcome):
                let message = withExtendedLifetime(workspace) { Array(outcome.message) }
                try outcome.replayed
                    ? call.checkReplay(message) : call.check(outcome, workspace.reply, message)
            }
        } catch ExecuteFault.refused(let refusal) {
            try call.check(refusal)
        } catch let fault as ExecuteFault {
            world.trace.note("request \(number): \(fault)")
            try world.check(fault, process)
        }
    }

    /// Reads what a customer has.
    func look(at customer: String, _ world: World, _ process: Process) throws {
        guard let id = CustomerID(customer) else { return }
        let now = world.now(of: customer)
        let pricing = process.directory.current.pricing
        do {
            let (found, _) = try process.observe {
                try process.repository(of: id).read(
                    id, names: process.directory.current, in: Workspace()
                ) { state, _ in
                    let usage = Model.Feature.allCases.map { feature in
                        pricing.feature(id: feature.rawValue)
                            .flatMap { state.balance(of: $0)?.usage }
                    }
                    let isPaying = Catalogs.paidPlans.contains { plan in
                        pricing.plan(id: plan).map {
                            state.check(plan: $0, pricing: pricing).allowed
                        } ?? false
                    }
                    let isNamed = state.account.name == Catalogs.name
                    return (
                        usage, isPaying, Model.Parts(state),
                        (isNamed, !state.account.metadata.isEmpty)
                    )
                }
            }
            if let known = world.model.customers[customer] {
                guard found.3 == (known.hasName, known.hasMetadata) else {
                    throw world.fail("\(customer) has name and metadata: \(found.3)")
                }
            }
            for (feature, usage) in zip(Model.Feature.allCases, found.0) {
                let balance = world.model.balance(of: feature, customer, at: now)
                guard let balance,
                    usage == Quantity(thousandths: feature.granted - balance)
                else {
                    throw world.fail(
                        "\(customer) used \(usage, default: "nothing") of \(feature), not "
                            + "\(feature.granted - (balance ?? 0)) thousandths")
                }
            }
            guard found.1 || world.model.customers[customer]?.keepsPlan != true else {
                throw world.fail("\(customer) has lost its plan")
            }
            guard let known = world.model.customers[customer], found.2 == known.parts(at: now)
            else { throw world.fail("\(customer) has \(found.2)") }
        } catch ExecuteFault.refused(.customerNotFound) {
            guard world.model.customers[customer] == nil else {
                throw world.fail("\(customer) is gone")
            }
        } catch let fault as ExecuteFault { try world.check(fault, process) }
    }

    /// Lists customers, one a page: everybody there is, and nobody twice.
    func list(searching search: String = "", _ world: World, _ process: Process) throws {
        var call = ListCustomersCall(search: SearchText.folded(search), limit: 1)
        var found: [String] = []
        let repositories = process.partitions.map(\.repository)
        do {
            repeat {
                call.after = try process.observe {
                    try repositories.list(call) { customer, _ in
                        found.append(customer.id.text)
                        return true
                    }
                }
            } while call.after != nil
        } catch let fault as ExecuteFault { return try world.check(fault, process) }
        let known = world.model.customers.filter { search.isEmpty || $0.value.hasName }
            .sorted { ($1.value.created, $0.key) < ($0.value.created, $1.key) }
            .map(\.key)
        guard found == known else { throw world.fail("\(found) are listed, not \(known)") }
    }
}
