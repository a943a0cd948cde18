internal import NIOCore
internal import RPC
internal import Wire

/// A method of the API, with the messages it takes and gives.
struct APIMethod {
    var path: String
    var request: MessageKind
    var response: MessageKind
    /// Changes nothing, so that it may be called twice without a request id.
    var isRead: Bool

    private init(_ service: String, _ name: String, isRead: Bool = false) {
        path = "/tally.v1.\(service)/\(name)"
        request = MessageKind(name + "Request")
        response = MessageKind(name + "Response")
        self.isRead = isRead
    }

    static let attach = APIMethod("AttachService", "Attach")
    static let previewAttach = APIMethod("AttachService", "PreviewAttach", isRead: true)
    static let multiAttach = APIMethod("AttachService", "MultiAttach")
    static let previewMultiAttach = APIMethod("AttachService", "PreviewMultiAttach", isRead: true)
    static let createSchedule = APIMethod("AttachService", "CreateSchedule")
    static let previewCreateSchedule = APIMethod(
        "AttachService", "PreviewCreateSchedule", isRead: true)
    static let deleteSchedule = APIMethod("AttachService", "DeleteSchedule")
    static let updateSubscription = APIMethod("AttachService", "UpdateSubscription")
    static let migrateCustomer = APIMethod("AttachService", "MigrateCustomer")
    static let previewUpdateSubscription = APIMethod(
        "AttachService", "PreviewUpdateSubscription", isRead: true)
    static let refundInvoice = APIMethod("AttachService", "RefundInvoice")
    static let finalizeInvoice = APIMethod("AttachService", "FinalizeInvoice")
    static let markInvoicePaid = APIMethod("AttachService", "MarkInvoicePaid")
    static let voidInvoice = APIMethod("AttachService", "VoidInvoice")
    static let recordExternalInvoices = APIMethod("AttachService", "RecordExternalInvoices")
    static let setupPayment = APIMethod("AttachService", "SetupPayment")
    /// Each address is another one, and none changes anything.
    static let openCustomerPortal = APIMethod(
        "AttachService", "OpenCustomerPortal", isRead: true)
    static let applyDiscount = APIMethod("RewardService", "ApplyDiscount")
    static let removeDiscount = APIMethod("RewardService", "RemoveDiscount")
    static let redeemCode = APIMethod("RewardService", "RedeemCode")
    static let getPromotionCode = APIMethod("RewardService", "GetPromotionCode", isRead: true)
    static let createReferralCode = APIMethod("RewardService", "CreateReferralCode")
    static let redeemReferralCode = APIMethod("RewardService", "RedeemReferralCode")
    static let check = APIMethod("EntitlementService", "Check")
    static let explainCheck = APIMethod("EntitlementService", "ExplainCheck", isRead: true)
    static let settleHold = APIMethod("EntitlementService", "SettleHold")
    static let extendHold = APIMethod("EntitlementService", "ExtendHold")
    static let watchCustomer = APIMethod("EntitlementService", "WatchCustomer", isRead: true)
    static let track = APIMethod("UsageService", "Track")
    static let trackTokens = APIMethod("UsageService", "TrackTokens")
    static let streamTrack = APIMethod("UsageService", "StreamTrack")
    static let getCustomer = APIMethod("CustomerService", "GetCustomer", isRead: true)
    static let updateControls = APIMethod("CustomerService", "UpdateControls")
    static let getOrCreateCustomer = APIMethod("CustomerService", "GetOrCreateCustomer")
    static let updateCustomer = APIMethod("CustomerService", "UpdateCustomer")
    static let listCustomers = APIMethod("CustomerService", "ListCustomers", isRead: true)
    static let deleteCustomer = APIMethod("CustomerService", "DeleteCustomer")
    static let eraseCustomer = APIMethod("CustomerService", "EraseCustomer")
    static let createBalance = APIMethod("CustomerService", "CreateBalance")
    static let updateBalance = APIMethod("CustomerService", "UpdateBalance")
    static let deleteBalance = APIMethod("CustomerService", "DeleteBalance")
    static let recalculateBalances = APIMethod("CustomerService", "RecalculateBalances")
    static let createEntity = APIMethod("CustomerService", "CreateEntity")
    static let getEntity = APIMethod("CustomerService", "GetEntity", isRead: true)
    static let listEntities = APIMethod("CustomerService", "ListEntities", isRead: true)
    static let updateEntity = APIMethod("CustomerService", "UpdateEntity")
    static let deleteEntity = APIMethod("CustomerService", "DeleteEntity")
    static let publishCatalog = APIMethod("CatalogService", "PublishCatalog")
    static let advanceTestClock = APIMethod("TestClockService", "AdvanceTestClock")
    static let getTestClock = APIMethod("TestClockService", "GetTestClock", isRead: true)
    static let listWebhookEndpoints = APIMethod(
        "WebhookService", "ListWebhookEndpoints", isRead: true)
    /// Repeating it moves the receiver to the same place.
    static let replayWebhooks = APIMethod("WebhookService", "ReplayWebhooks", isRead: true)
    static let getCustomerAsOf = APIMethod("CustomerService", "GetCustomerAsOf", isRead: true)
    static let simulatePlan = APIMethod("CatalogService", "SimulatePlan", isRead: true)
    /// What was brought in before isn't touched again.
    static let importCustomer = APIMethod("ImportService", "ImportCustomer", isRead: true)
    static let getCatalog = APIMethod("CatalogService", "GetCatalog", isRead: true)

    /// Calling twice does no more than calling once: a read, or a change with an id.
    func canRepeat(_ request: JSONObject) -> Bool {
        isRead || self.path == APIMethod.check.path && request["deduct"] != .bool(true)
            || !JSONValue.object(request).text("request_id").isEmpty
    }
}

/// Calls the API with JSON in and JSON out.
struct TallyClient {
    private let client: RPCClient
    private let metadata: [(name: String, value: String)]
    private let timeout: Duration
    private let address: ServerAddress

    /// One or more calls; the connection is closed afterwards. A failure is also printed as JSON
    /// where JSON was asked for, so that scripts can tell reasons apart.
    static func with(
        _ flags: ServerFlags, _ body: (TallyClient) async throws -> Void
    ) async throws {
        let client = try TallyClient(flags)
        do {
            try await body(client)
        } catch let failure as CallFailure {
            await client.client.close()
            if flags.json { print(JSONWriter.text(failure.json)) }
            throw CommandFault(failure.text(server: client.address), exit: failure.exit)
        } catch {
            await client.client.close()
            throw error
        }
        await client.client.close()
    }

    private init(_ flags: ServerFlags) throws {
        metadata = [("authorization", "Bearer " + (try flags.key()))]
        timeout = .seconds(flags.timeout)
        address = try flags.address()
        do {
            client = try RPCClient(endpoint: try flags.endpoint())
        } catch let fault as TLSFault {
            throw CommandFault("cannot use TLS: \(fault)", exit: .usage)
        }
    }

    /// A server that is restarting is asked again, where that is safe.
    func call(_ method: APIMethod, _ request: JSONObject) async throws -> JSONValue {
        let message = try method.encode(request)
        let reply: [UInt8]
        do {
            reply = try await client.call(
                path: method.path, message: message, metadata: metadata, deadline: timeout,
                retry: method.canRepeat(request) ? RetryPolicy() : nil)
        } catch {
            throw CallFailure(error)
        }
        return try method.decode(reply)
    }

    /// Without a deadline: a stream may last.
    func stream(_ method: APIMethod) -> TallyStream {
        TallyStream(method, client.stream(path: method.path, metadata: metadata))
    }

    /// Runs `body` with a stream, and again with another one when that broke, until it returns;
    /// a server that can't be reached for the time of --timeout is given up.
    func keepStreaming(
        _ method: APIMethod, _ body: (TallyStream) async throws -> Void
    ) async throws {
        var lost: NIODeadline?
        var backoff = Duration.milliseconds(100)
        while true {
            let began = NIODeadline.now()
            do {
                return try await body(stream(method))
            } catch let failure as CallFailure where failure.code == .unavailable {
                let now = NIODeadline.now()
                if now - began > .seconds(1) {
                    lost = nil
                    backoff = .milliseconds(100)
                }
                let since = lost ?? now
                if now - since >= TimeAmount(timeout) { throw failure }
                if lost == nil { Console.complain("lost the server; trying again") }
                lost = since
                try await Task.sleep(for: backoff)
                backoff = min(backoff * 2, .seconds(3))
            }
        }
    }
}

/// A streaming call with JSON in and JSON out.
struct TallyStream: Sendable {
    private let method: APIMethod
    private let stream: RPCStream

    init(_ method: APIMethod, _ stream: RPCStream) {
        self.method = method
        self.stream = stream
    }

    /// False: the call is over; `next` tells how it ended.
    @discardableResult
    func send(_ request: JSONObject) async throws -> Bool {
        await stream.send(try method.encode(request))
    }

    func finishSending() { stream.finishSending() }

    /// Nil: the call ended well.
    func next() async throws -> JSONValue? {
        let message: [UInt8]?
        do {
            message = try await stream.next()
        } catch {
            throw CallFailure(error)
        }
        return try message.map { try method.decode($0) }
    }

    func cancel() { stream.cancel() }
}

extension APIMethod {
    fileprivate func encode(_ object: JSONObject) throws -> [UInt8] {
        do {
            return try MessageJSON.encode(.object(object), as: request)
        } catch {
            throw CallFailure(violations: error.violations)
        }
    }

    fileprivate func decode(_ reply: [UInt8]) throws -> JSONValue {
        do {
            return try MessageJSON.decode(reply, as: response)
        } catch {
            throw CallFailure(RPCStatus(.internalError, "the reply makes no sense: \(error)"))
        }
    }
}
