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
            let deed = Deed.some(&world.dice)
            let number = world.requests.count
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
        let command = used.deed.command(mark: mark, process)
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
        let command = request.deed.command(mark: request.mark, process)
        let call = Call(request: request, world: world, process: process)
        let workspace = Workspace()
        do {
            let execution = try process.observe {
                try process.repository(of: id).execute(
                    command, for: id, request: request.mark, names: process.names, in: workspace)
            }
            switch execution {
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
                    let isPaying = ["pro", "team"].contains { plan in
                        pricing.plan(id: plan).map { state.check(plan: $0).allowed } ?? false
                    }
                    let isNamed = state.account.name == Catalogs.name
                    return (usage, isPaying, (isNamed, !state.account.metadata.isEmpty))
                }
            }
            if let known = world.model.customers[customer] {
                guard found.2 == (known.hasName, known.hasMetadata) else {
                    throw world.fail("\(customer) has name and metadata: \(found.2)")
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
            guard found.1 || world.model.customers[customer]?.hasPaidPlan != true else {
                throw world.fail("\(customer) has lost its plan")
            }
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

/// One call, and what the model expects of it.
private struct Call {
    let request: Request
    let world: World
    let process: Process
    let time: Int64
    private let balance: Int?

    init(request: Request, world: World, process: Process) {
        self.request = request
        self.world = world
        self.process = process
        time = world.now(of: request.customer)
        balance = request.deed.feature.flatMap { feature in
            world.model.balance(
                of: feature, request.customer, at: world.now(of: request.customer))
        }
    }

    private var isNew: Bool { world.model.customers[request.customer] == nil }

    /// The first answer once more.
    func checkReplay(_ message: [UInt8]) throws {
        guard let receipt = request.receipt, let mark = request.mark,
            let method = Method(rawValue: mark.method)
        else { throw world.fail("request \(request.number) was answered before it was made") }
        guard receipt.message.map({ message == $0 + replayedMark(of: method) }) ?? true else {
            throw world.fail("request \(request.number) got another answer the second time")
        }
        world.trace.note("request \(request.number): replayed")
    }

    /// An answer for the first time.
    func check(_ outcome: Outcome, _ reply: Reply, _ message: [UInt8]) throws {
        if let receipt = request.receipt, request.mark != nil {
            guard time - receipt.time >= Machine.requestSpan else {
                throw world.fail("request \(request.number) was counted twice")
            }
        }
        world.trace.note(
            "request \(request.number): \(request.customer) \(request.deed) at "
                + "\(outcome.point)")
        guard try count(outcome, reply) else { return }
        world.requests[request.number].receipts.append(
            Request.Receipt(
                point: outcome.point, time: time,
                message: request.deed.isPurchase ? nil : message))
    }

    /// Holds the answer against the model and tells it; whether a retry must get it again.
    private func count(_ outcome: Outcome, _ reply: Reply) throws -> Bool {
        switch (request.deed, reply) {
        case (.create, .created(let isCreated)):
            guard isCreated == isNew else { throw world.fail("created: \(isCreated)") }
            if isNew {
                world.model.add(.created(request.customer, time: time), at: outcome.point)
            }
            let isNamed = !isNew && world.model.customers[request.customer]?.hasName == false
            if isNamed { world.model.add(.named(request.customer), at: outcome.point) }
            return isCreated || isNamed
        case (.update, .updated):
            let customer = world.model.customers[request.customer]
            let isChange = customer.map { !$0.hasName || !$0.hasMetadata } ?? false
            if isChange { world.model.add(.updated(request.customer), at: outcome.point) }
            return isChange
        case (.delete, .none):
            world.model.add(
                .deleted(request.customer, at: outcome.point.sequence), at: outcome.point)
            return true
        case (.erase, .none):
            let isPersonal = world.model.customers[request.customer]?.isPersonal == true
            if isPersonal {
                world.model.add(
                    .erased(request.customer, at: outcome.point.sequence),
                    at: outcome.point)
            }
            return isPersonal
        case (.track(let feature, let value, let refuses), .track(let reply)):
            let drawn = try draw(value, of: feature, refuses: refuses)
            guard let drawn else { throw world.fail("\(value) of \(feature) was not refused") }
            try checkUsage(reply.balance, feature, drawn)
            add(drawn, feature, outcome)
            return true
        case (.deduct(let feature, let value), .check(let answer)):
            let drawn = try draw(value, of: feature, refuses: true)
            guard answer.allowed == (drawn != nil) else {
                throw world.fail("\(value) of \(feature): allowed is \(answer.allowed)")
            }
            guard let drawn else { return false }
            try checkUsage(answer.balance, feature, drawn)
            add(drawn, feature, outcome)
            return true
        case (.useImages, .track):
            world.model.add(.said(request.customer), at: outcome.point)
            return true
        case (.attach, .attach(let reply)):
            world.requests[request.number].isUnsure = reply.outcome == .scheduled
            return reply.outcome == .processing
        default: throw world.fail("\(request.deed) was answered with \(reply)")
        }
    }

    private func draw(_ value: Int, of feature: Model.Feature, refuses: Bool) throws -> Int? {
        guard let balance else { throw world.fail("\(request.customer) doesn't exist") }
        return world.model.draw(value, of: feature, from: balance, refuses: refuses)
    }

    private func checkUsage(
        _ view: BalanceView?, _ feature: Model.Feature, _ drawn: Int
    ) throws {
        let expected = feature.granted - (balance ?? 0) + drawn
        guard view?.usage == Quantity(thousandths: expected) else {
            throw world.fail(
                "request \(request.number) shows \(view?.usage, default: "nothing") of \(feature) "
                    + "used, not \(expected) thousandths")
        }
    }

    private func add(_ drawn: Int, _ feature: Model.Feature, _ outcome: Outcome) {
        world.model.add(
            .drew(request.customer, feature, drawn, time: time), at: outcome.point)
    }

    func check(_ refusal: Refusal) throws {
        world.trace.note("request \(request.number): \(request.deed) refused: \(refusal)")
        switch (request.deed, refusal) {
        case (_, .customerNotFound) where isNew: return
        case (.track(let feature, let value, let refuses), .insufficientBalance):
            guard try draw(value, of: feature, refuses: refuses) == nil else { break }
            return
        case (.attach, .planAlreadyAttached), (.attach, .purchaseInProgress),
            (.delete, .purchaseInProgress):
            return
        case (.create, .requestErased), (.update, .requestErased):
            let erased = world.model.erased[request.customer] ?? 0
            guard let receipt = request.receipt, receipt.point.sequence < erased else { break }
            return
        default: break
        }
        throw world.fail("request \(request.number), \(request.deed), was refused: \(refusal)")
    }
}
