internal import Billing
internal import Repository
internal import Wire

/// One call, and what the model expects of it.
struct Call {
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

    var isNew: Bool { world.model.customers[request.customer] == nil }

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
        case (.part(let deed), let reply): return try count(deed, reply, outcome)
        case (.attach, .attach(let reply)):
            world.requests[request.number].isUnsure = reply.outcome == .scheduled
            return reply.outcome == .processing || reply.outcome == .active
        case (.change(_, let what), .attach(let reply)):
            return count(what, reply, outcome)
        default: throw world.fail("\(request.deed) was answered with \(reply)")
        }
    }

    /// What was as it is to be may be asked for once more.
    private func count(_ change: PlanChange, _ reply: AttachReply, _ outcome: Outcome) -> Bool {
        guard case .cancel(let cancel) = change else {
            world.requests[request.number].isUnsure = reply.outcome != .processing
            return reply.outcome == .processing
        }
        if cancel != .undo { world.model.add(.canceled(request.customer), at: outcome.point) }
        world.requests[request.number].isUnsure = cancel != .now
        return cancel == .now
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
            (.change, .purchaseInProgress), (.change, .subscriptionNotFound),
            (.change, .invalid), (.delete, .purchaseInProgress),
            (.attach, .taxAddressRequired), (.attach, .taxUnknown),
            (.change, .taxAddressRequired), (.change, .taxUnknown):
            return
        case (_, .requestErased) where request.deed.namesSomebody:
            let erased = world.model.erased[request.customer] ?? 0
            guard let receipt = request.receipt, receipt.point.sequence < erased else { break }
            return
        case (.part(let deed), _) where isExpected(refusal, of: deed): return
        default: break
        }
        throw world.fail("request \(request.number), \(request.deed), was refused: \(refusal)")
    }
}
