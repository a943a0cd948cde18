internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// How the domain's and the environment's "no" become a status, with its reason.
extension RPCStatus {
    init(_ fault: CallFault) {
        switch fault {
        case .malformed:
            self = .refused(
                .invalidArgument, "MALFORMED_MESSAGE", "the message is not valid protobuf")
        case .tooLarge:
            self = .refused(
                .resourceExhausted, "MESSAGE_TOO_LARGE",
                "the message unpacks to more memory than one call may use")
        case .invalid(let violations): self = .invalid(violations)
        case .refused(let refusal): self.init(refusal)
        }
    }

    init(_ fault: ExecuteFault) {
        switch fault {
        case .refused(let refusal): self.init(refusal)
        case .unavailable(let fault): self = .unavailable(fault)
        case .damaged(let why):
            self = .refused(
                .dataLoss, "RECORD_UNREADABLE", "a record of the log cannot be read: \(why)")
        }
    }

    private init(_ refusal: Refusal) {
        switch refusal {
        case .customerNotFound(let id):
            self = .refused(.notFound, "CUSTOMER_NOT_FOUND", "there is no customer \"\(id)\"")
        case .planNotFound(let id):
            self = .refused(.notFound, "PLAN_NOT_FOUND", "there is no plan \"\(id)\"")
        case .featureNotFound(let id):
            self = .refused(.notFound, "FEATURE_NOT_FOUND", "there is no feature \"\(id)\"")
        case .invalid(let violations): self = .invalid(violations)
        case .planAlreadyAttached(let id):
            self = .refused(
                .failedPrecondition, "PLAN_ALREADY_ATTACHED",
                "the customer has plan \"\(id)\" already")
        case .purchaseInProgress:
            self = .refused(
                .failedPrecondition, "PURCHASE_IN_PROGRESS",
                "another charge for the customer has no outcome yet; try again later",
                retryAfterMilliseconds: 1000)
        case .insufficientBalance(let id):
            self = .refused(
                .failedPrecondition, "INSUFFICIENT_BALANCE",
                "the balance of \"\(id)\" does not cover the usage; nothing was drawn")
        case .requestReused:
            self = .refused(
                .failedPrecondition, "REQUEST_ID_REUSED",
                "this request_id was used for another request; choose a new one")
        case .checkoutNotFound:
            self = .refused(.notFound, "CHECKOUT_NOT_FOUND", "the payment page is not open")
        case .paymentProviderMissing:
            self = .refused(
                .failedPrecondition, "PAYMENT_PROVIDER_MISSING",
                "this environment has no payment provider, so only free plans can be attached")
        }
    }

    private static func unavailable(_ fault: LogFault) -> RPCStatus {
        switch fault {
        case .full(let why):
            refused(.resourceExhausted, "DISK_FULL", why, retryAfterMilliseconds: 5000)
        case .unavailable(let why):
            refused(.unavailable, "LOG_BUSY", why, retryAfterMilliseconds: 50)
        case .failed(let why): refused(.unavailable, "LOG_FAILED", why)
        case .closed: refused(.unavailable, "SHUTTING_DOWN", "the server is stopping")
        case .tooLarge, .corrupt, .notFound, .locked, .disk:
            refused(.internalError, "LOG_FAULT", "\(fault)")
        }
    }

    private static func invalid(_ violations: [Violation]) -> RPCStatus {
        let text = violations.map { "\($0.path) \($0.message)" }.joined(separator: "; ")
        var details = StatusDetails(
            code: RPCCode.invalidArgument.rawValue, message: text, reason: "INVALID_ARGUMENT")
        details.violations = violations
        return RPCStatus(.invalidArgument, text, details: details.encoded)
    }

    static func refused(
        _ code: RPCCode, _ reason: String, _ message: String, retryAfterMilliseconds: Int? = nil
    ) -> RPCStatus {
        var details = StatusDetails(code: code.rawValue, message: message, reason: reason)
        details.retryAfterMilliseconds = retryAfterMilliseconds
        return RPCStatus(code, message, details: details.encoded)
    }
}
