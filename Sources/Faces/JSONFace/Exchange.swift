internal import Attach
internal import Billing
internal import Catalog
internal import RPC
internal import Repository
internal import Wire

/// One request to one environment. The handlers are extensions by group; here are the steps that
/// every handler takes.
struct Exchange {
    let environment: TallyEnvironment
    let scopes: Scopes
    let lane: SlowLane
    let locks: LockOwners
    let names: PricingNames
    var request: PageRequest
    /// Whose call it is; nil: the server's own.
    var caller: Access?
    /// A retry is refused, in place of being answered again.
    var refusesRetries = false
    /// The body, where it was read before or is another; nil: as the request has it.
    var given: JSONValue?

    init(
        _ environment: TallyEnvironment, _ scopes: Scopes, _ request: PageRequest,
        _ lane: SlowLane, _ locks: LockOwners
    ) {
        self.environment = environment
        self.scopes = scopes
        self.request = request
        self.lane = lane
        self.locks = locks
        names = environment.directory.current
    }

    func answer(_ route: Route) async throws(JSONProblem) -> JSONValue {
        switch route {
        case .check: try await check()
        case .track: try await track()
        case .trackTokens: try await trackTokens()
        case .batchTrack: try await batchTrack()
        case .finalize: try await finalize()
        case .createBalance, .updateBalance, .deleteBalance, .recalculateBalances:
            try await changeBalance(route)
        case .getCustomer: try await getCustomer()
        case .getOrCreateCustomer: try await getOrCreateCustomer()
        case .listCustomers: try await listCustomers()
        case .updateCustomer: try await updateCustomer()
        case .deleteCustomer: try await deleteCustomer()
        case .createEntity: try await createEntity()
        case .getEntity: try await getEntity()
        case .listEntities: try await listEntities()
        case .updateEntity: try await updateEntity()
        case .deleteEntity: try await deleteEntity()
        case .attach, .multiAttach, .update, .multiUpdate, .createSchedule, .setupPayment:
            try await purchase(route)
        case .previewAttach, .previewMultiAttach, .previewUpdate, .previewMultiUpdate:
            try await preview(route)
        case .openPortal: try await openPortal()
        case .listInvoices: try await listInvoices()
        case .insertInvoices: try await insertInvoices()
        case .importSubscriptions: try await importSubscriptions()
        case .createReferralCode, .redeemReferralCode, .redeemReward: try await redeem(route)
        case .listRewards: .shown(catalog(), .rewards, plainContext)
        case .listEvents: try await listEvents()
        case .aggregateEvents: try await aggregateEvents()
        case .listPlans: try await listPlans()
        case .getPlan: try getPlan()
        case .listFeatures: listFeatures()
        case .getFeature: try getFeature()
        case .createPlan, .updatePlan: try await publishPlan(isNew: route == .createPlan)
        case .createFeature, .updateFeature:
            try await publishFeature(isNew: route == .createFeature)
        case .deletePlan: try await deletePlan()
        case .deleteFeature: try await deleteFeature()
        case .mintKey, .refreshKey, .revokeKey: try await key(route)
        default: throw .notImplemented(route.absence ?? "")
        }
    }
}

extension Exchange {
    /// The body; none is as good as an empty object.
    func body() throws(JSONProblem) -> JSONObject {
        guard case .object(var object) = try document() else {
            throw .invalid("the body must be an object")
        }
        if isOfClientWithFixedAnchor { object.remove("billing_cycle_anchor") }
        return object
    }

    /// The official client for Python says `"billing_cycle_anchor": "now"` with each purchase and
    /// change, whatever its caller wants, who has no way to say so or not: coming from it, that
    /// says nothing.
    private var isOfClientWithFixedAnchor: Bool {
        let agent = request.header("user-agent") ?? ""
        return agent.hasPrefix("speakeasy-sdk/python") && agent.contains("autumn-sdk")
    }

    func document() throws(JSONProblem) -> JSONValue {
        if let given { return given }
        return try Exchange.document(of: request)
    }

    static func document(of request: PageRequest) throws(JSONProblem) -> JSONValue {
        // A call without arguments may come without a body.
        guard !request.body.isEmpty else { return .object([:]) }
        do throws(JSONSyntaxError) {
            return try JSONParser.parse(request.body)
        } catch {
            throw .invalid(
                "the body is not JSON: \(error.message), line \(error.line), "
                    + "column \(error.column)")
        }
    }

    var requestKey: String? { request.header("idempotency-key") }

    func filled(
        _ form: RequestForm, _ given: JSONObject? = nil
    ) throws(JSONProblem) -> FilledForm {
        var body = given ?? JSONObject()
        if given == nil { body = try self.body() }
        return try form.fill(body, requestKey: self.requestKey, filler(for: body))
    }

    func filler(for body: JSONObject) -> Filler {
        // Amounts of money are in what the customer pays in, which few calls ask for.
        var currency: Currency?
        if body["custom_line_items"] != nil {
            if case .string(let code)? = body["currency"] { currency = Currency(code: code) }
            if currency == nil, case .string(let id)? = body["customer_id"],
                let customer = CustomerID(id)
            {
                currency = environment.state(of: customer)?.customer.account.currency
            }
        }
        return Filler(names.pricing, currency: currency)
    }

    func read<Call>(
        _ form: FilledForm,
        _ read: (RequestReader, UnsafeRawBufferPointer) throws(CallFault) -> Call
    ) throws(JSONProblem) -> Call {
        let reader = RequestReader(
            arena: Workspace().arena, names: names, fingerprintKey: environment.fingerprintKey)
        do throws(CallFault) {
            return try form.message.withUnsafeBufferPointer { (bytes) throws(CallFault) in
                try read(reader, UnsafeRawBufferPointer(bytes))
            }
        } catch {
            throw JSONProblem(error) { form.key(of: $0) }
        }
    }

    /// Runs a call and waits until its answer may be shown.
    @discardableResult
    func served(
        _ form: FilledForm,
        _ serve: (PricingNames, Workspace) throws(ExecuteFault) -> Execution
    ) async throws(JSONProblem) -> [UInt8] {
        while true {
            var isRetry = false
            let step = try step(form, &isRetry, serve)
            if isRetry, refusesRetries { throw .retried }
            switch step {
            case .answered(let message, let point):
                guard await environment.reach(point) else { throw .outcomeUnknown }
                return message
            case .again(let point):
                guard await environment.reach(point) else { throw .outcomeUnknown }
            case .awaiting(let charge):
                _ = try await waited(form) { () async throws(ExecuteFault) in
                    try await charge.settled()
                    return []
                }
            }
        }
    }

    /// Runs a call that waits for others, and itself until its answer may be shown.
    func waited(
        _ form: FilledForm, _ serve: () async throws(ExecuteFault) -> [UInt8]
    ) async throws(JSONProblem) -> [UInt8] {
        do throws(ExecuteFault) {
            return try await serve()
        } catch {
            throw JSONProblem(error) { form.key(of: $0) }
        }
    }

    private enum Step {
        case answered([UInt8], CommitPoint)
        /// To be asked again once it is durable.
        case again(CommitPoint)
        /// To be asked again once it has an outcome.
        case awaiting(AwaitedCharge)
    }

    private func step(
        _ form: FilledForm, _ isRetry: inout Bool,
        _ serve: (PricingNames, Workspace) throws(ExecuteFault) -> Execution
    ) throws(JSONProblem) -> Step {
        let workspace = Workspace()
        do throws(ExecuteFault) {
            switch try serve(names, workspace) {
            case .again(let point): return .again(point)
            case .awaiting(let charge): return .awaiting(charge)
            case .done(let outcome):
                isRetry = outcome.replayed
                // The message lies in the workspace's arena.
                return withExtendedLifetime(workspace) {
                    .answered(Array(outcome.message), outcome.point)
                }
            }
        } catch {
            throw JSONProblem(error) { form.key(of: $0) }
        }
    }

    /// Read after the call, of which what it tells never changes: so there is nothing to wait for.
    /// It fails only when something falls due in between and cannot be written.
    func context(
        of customer: CustomerID, expanding expand: Set<String> = []
    ) throws(JSONProblem) -> ReplyContext {
        do throws(ExecuteFault) {
            // What was published since the call began may be what it is about.
            var context = try environment.customers(of: customer).read(
                customer, names: environment.directory.current, in: Workspace()
            ) {
                ReplyContext(of: $0, pricing: $1.pricing, environment: environment.name)
            }.answer
            context.expand = expand
            if !expand.isEmpty { context.catalog = catalog(allVersions: true) }
            return context
        } catch {
            throw .unavailable("the answer is not ready; retry with the same Idempotency-Key")
        }
    }

    /// Of what is about no customer.
    var plainContext: ReplyContext {
        ReplyContext(
            pricing: environment.directory.current.pricing, environment: environment.name)
    }

    /// What `expand` asks for.
    func expanding(
        _ form: FilledForm, among known: Set<String>
    ) throws(JSONProblem) -> Set<String> {
        let asked = Set(form.texts("expand"))
        guard asked.isSubset(of: known) else {
            throw .invalid("expand must be among \(known.sorted().joined(separator: ", "))")
        }
        return asked
    }

    /// What is published now, as a message.
    func catalog(allVersions: Bool = false) -> JSONValue {
        let workspace = Workspace()
        let execution = CatalogService(environment).get(
            allVersions: allVersions, names: environment.directory.current, in: workspace)
        guard case .done(let outcome) = execution else { return .object([:]) }
        let message = withExtendedLifetime(workspace) {
            try? MessageJSON.decode(outcome.message, as: .getCatalogResponse)
        }
        return message?["catalog"] ?? .object([:])
    }

    func decoded(_ message: [UInt8], _ kind: String) throws(JSONProblem) -> JSONValue {
        let value: JSONValue
        do throws(MalformedMessage) {
            value = try MessageJSON.decode(message, as: MessageKind(kind))
        } catch {
            throw .internalError("a stored reply cannot be read: \(error.message)")
        }
        if refusesRetries, value["replayed"] == .bool(true) { throw .retried }
        return value
    }

    func shown(
        _ message: [UInt8], _ kind: String, _ shape: ReplyShape, _ context: ReplyContext
    ) throws(JSONProblem) -> JSONValue {
        .shown(try decoded(message, kind), shape, context)
    }
}

extension JSONValue {
    static func shown(
        _ message: JSONValue, _ shape: ReplyShape, _ context: ReplyContext
    ) -> JSONValue {
        shape.value(message, context)
    }

    static let success: JSONValue = .object(["success": .bool(true)])
}
