internal import Billing
internal import RPC
internal import Wire

/// A method of the API, with the messages it takes and gives.
struct APIMethod {
    var path: String
    var request: MessageKind
    var response: MessageKind

    private init(_ service: String, _ name: String, _ request: MessageKind, _ response: MessageKind)
    {
        path = "/tally.v1.\(service)/\(name)"
        self.request = request
        self.response = response
    }

    static let attach = APIMethod("AttachService", "Attach", .attachRequest, .attachResponse)
    static let check = APIMethod("EntitlementService", "Check", .checkRequest, .checkResponse)
    static let track = APIMethod("UsageService", "Track", .trackRequest, .trackResponse)
    static let getCustomer = APIMethod(
        "CustomerService", "GetCustomer", .getCustomerRequest, .getCustomerResponse)
    static let getOrCreateCustomer = APIMethod(
        "CustomerService", "GetOrCreateCustomer", .getOrCreateCustomerRequest,
        .getOrCreateCustomerResponse)
    static let publishCatalog = APIMethod(
        "CatalogService", "PublishCatalog", .publishCatalogRequest, .publishCatalogResponse)
    static let getCatalog = APIMethod(
        "CatalogService", "GetCatalog", .getCatalogRequest, .getCatalogResponse)
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

    func call(_ method: APIMethod, _ request: JSONObject) async throws -> JSONValue {
        let message: [UInt8]
        do {
            message = try MessageJSON.encode(.object(request), as: method.request)
        } catch {
            throw CallFailure(violations: error.violations)
        }
        let reply: [UInt8]
        do {
            reply = try await client.call(
                path: method.path, message: message, metadata: metadata, deadline: timeout)
        } catch {
            throw CallFailure(error)
        }
        do {
            return try MessageJSON.decode(reply, as: method.response)
        } catch {
            throw CallFailure(RPCStatus(.internalError, "the reply makes no sense: \(error)"))
        }
    }
}
