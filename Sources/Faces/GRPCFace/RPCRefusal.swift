internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// A "no" as it is told: with a stable reason, and what is needed to mend the call.
struct RPCRefusal {
    var code: RPCCode
    /// Stable, UPPER_SNAKE.
    var reason: String
    var message: String
    var violations: [Violation] = []
    var retryAfterMilliseconds: Int?
    /// Of the `ErrorInfo`.
    var metadata: [(key: String, value: String)] = []

    init(
        _ code: RPCCode, _ reason: String, _ message: String, retryAfterMilliseconds: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    init(_ violations: [Violation]) {
        let text = violations.map { "\($0.path) \($0.message)" }.joined(separator: "; ")
        self.init(.invalidArgument, "INVALID_ARGUMENT", text)
        self.violations = violations
    }

    init(_ fault: CallFault) {
        switch fault {
        case .malformed:
            self.init(.invalidArgument, "MALFORMED_MESSAGE", "the message is not valid protobuf")
        case .tooLarge:
            self.init(
                .resourceExhausted, "MESSAGE_TOO_LARGE",
                "the message unpacks to more memory than one call may use")
        case .invalid(let violations): self.init(violations)
        case .refused(let refusal): self.init(refusal)
        }
    }

    init(_ fault: ExecuteFault) {
        switch fault {
        case .refused(let refusal): self.init(refusal)
        case .unavailable(let fault): self.init(fault)
        case .damaged(let why):
            self.init(
                .dataLoss, "RECORD_UNREADABLE", "a record of the log cannot be read: \(why)")
        }
    }

    /// About a publication.
    private init(ofCatalog refusal: Refusal) {
        switch refusal {
        case .inUse(let users):
            self.init(users)
            (code, reason) = (.failedPrecondition, "IN_USE")
        case .catalogChanged(let sequence):
            self.init(
                .failedPrecondition, "CATALOG_CHANGED",
                "the catalog was published anew since it was read; it is at \(sequence): "
                    + "get it, and make the change to that")
            metadata = [("catalog_sequence", "\(sequence)")]
        default: preconditionFailure("told by the caller")
        }
    }

    /// About what has to be paid, or known, before something is had.
    private init(ofMoney refusal: Refusal) {
        switch refusal {
        case .seatsDeclined(let code):
            self.init(
                .failedPrecondition, "PAYMENT_DECLINED",
                "seats beyond those that are paid for are paid before they are taken, which was "
                    + "declined (\(code)): nothing was taken; save another payment method")
        case .taxAddressRequired(let isThere):
            let message =
                isThere
                ? "says too little to know what tax is due: give its state and postal code, too"
                : "is needed to know what tax is due: set it with UpdateCustomer"
            self.init([Violation(path: "address", message: message)])
            (code, reason) = (.failedPrecondition, "TAX_ADDRESS_REQUIRED")
        case .taxUnknown(let code):
            self.init(
                .failedPrecondition, "TAX_UNKNOWN",
                "the payment provider can't say what tax is due (\(code)): see its settings for "
                    + "tax, or give the customer a tax rate")
        default: preconditionFailure("told by the caller")
        }
    }

    init(_ refusal: Refusal) {
        switch refusal {
        case .customerNotFound(let id):
            self.init(.notFound, "CUSTOMER_NOT_FOUND", "there is no customer \"\(id)\"")
        case .planNotFound(let id):
            self.init(.notFound, "PLAN_NOT_FOUND", "there is no plan \"\(id)\"")
        case .featureNotFound(let id):
            self.init(.notFound, "FEATURE_NOT_FOUND", "there is no feature \"\(id)\"")
        case .invalid(let violations): self.init(violations)
        case .inUse, .catalogChanged: self.init(ofCatalog: refusal)
        case .planAlreadyAttached(let id):
            self.init(
                .failedPrecondition, "PLAN_ALREADY_ATTACHED", "the customer has \"\(id)\" already")
        case .currencyMismatch(let asked, let present):
            self.init(
                .failedPrecondition, "CURRENCY_MISMATCH",
                "the customer pays in \(present.code.uppercased()), not in "
                    + "\(asked.code.uppercased()): leave the currency out, or what is in it")
        case .purchaseInProgress:
            self.init(
                .failedPrecondition, "PURCHASE_IN_PROGRESS",
                "another charge for the customer has no outcome yet; try again later",
                retryAfterMilliseconds: 1000)
        case .seatsDeclined, .taxAddressRequired, .taxUnknown: self.init(ofMoney: refusal)
        case .subscriptionNotFound(let id):
            self.init(subscriptionNotFound: id)
        case .quoteExpired:
            self.init(
                .failedPrecondition, "QUOTE_EXPIRED",
                "the preview of quote_time is older than 15 minutes, or a new period has begun "
                    + "since; preview again")
        case .insufficientBalance(let id):
            self.init(
                .failedPrecondition, "INSUFFICIENT_BALANCE",
                "the balance of \"\(id)\" does not cover the usage; nothing was drawn")
        case .requestReused:
            self.init(
                .failedPrecondition, "REQUEST_ID_REUSED",
                "this request_id was used for another request; choose a new one")
        case .requestTooOld:
            self.init(
                .failedPrecondition, "REQUEST_ID_TOO_OLD",
                "this request_id is older than answers are remembered, so it may have been "
                    + "answered before; look at the customer, then choose a new one")
        case .checkoutNotFound:
            self.init(.notFound, "CHECKOUT_NOT_FOUND", "the payment page is not open")
        case .paymentProviderMissing:
            self.init(
                .failedPrecondition, "PAYMENT_PROVIDER_MISSING",
                "this environment has no payment provider, so only free plans can be attached")
        case .erasureNeedsUpgrade, .erasureTooEarly, .requestErased:
            self.init(ofErasure: refusal)
        case .entityNotFound, .entityExists, .entityIDRequired, .balanceNotFound, .balanceExists,
            .holdNotFound, .holdExists, .tooMany, .featureLimitReached, .balanceIsPaid:
            self.init(ofHoldings: refusal)
        case .couponNotFound, .promotionCodeNotFound, .promotionCodeRefused,
            .codeAlreadyRedeemed, .discountExists, .discountNotFound, .scheduleNotFound:
            self.init(ofRewards: refusal)
        case .programmeNotFound, .referralCodeNotFound, .ownReferralCode, .sameFingerprint,
            .referralRedeemed, .referralCodeUsedUp, .trialUnclaimed:
            self.init(ofReferrals: refusal)
        case .clockNotOfTest, .clockBackwards, .historyTooShort, .historyTooLong:
            self.init(ofTime: refusal)
        case .invoiceNotFound, .refundTooLarge, .providerNotOfSandbox:
            self.init(ofRefunds: refusal)
        case .invoiceNotSent, .invoiceNotFinal, .invoiceFinal:
            self.init(ofInvoices: refusal)
        }
    }

    private init(ofErasure refusal: Refusal) {
        switch refusal {
        case .erasureNeedsUpgrade:
            self.init(.failedPrecondition, "ERASURE_NEEDS_UPGRADE", refusal.erasureText)
        case .erasureTooEarly:
            self.init(.failedPrecondition, "ERASURE_TOO_EARLY", refusal.erasureText)
        default:
            self.init(
                .failedPrecondition, "REQUEST_ERASED",
                "this request_id was answered, but the answer was erased with the customer's "
                    + "personal data; look at the customer")
        }
    }

    /// About money that is to go back.
    private init(ofRefunds refusal: Refusal) {
        switch refusal {
        case .invoiceNotFound(let number):
            self.init(
                .notFound, "INVOICE_NOT_FOUND",
                "the customer has no invoice \"inv_\(number)\" among its latest")
        case .refundTooLarge(let left):
            self.init(
                .failedPrecondition, "REFUND_TOO_LARGE",
                "of what a card paid for this invoice \(left.text) is left that didn't go back "
                    + "before, or become credit")
        case .providerNotOfSandbox:
            self.init(
                .failedPrecondition, "SANDBOX_ONLY",
                "only the payment provider of a sandbox does what it is told")
        default: preconditionFailure("told by the caller")
        }
    }

    private init(subscriptionNotFound id: String) {
        self.init(
            .notFound, "SUBSCRIPTION_NOT_FOUND",
            id.isEmpty
                ? "the customer has no plan" : "the customer has no subscription of \"\(id)\"")
    }

    /// About balances, entities and holds.
    private init(ofHoldings refusal: Refusal) {
        switch refusal {
        case .entityNotFound(let id):
            self.init(.notFound, "ENTITY_NOT_FOUND", "the customer has no entity \"\(id)\"")
        case .entityExists(let id):
            self.init(
                .alreadyExists, "ENTITY_EXISTS", "the customer has an entity \"\(id)\" already")
        case .entityIDRequired(let id):
            self.init(
                .invalidArgument, "ENTITY_ID_REQUIRED",
                "entity_id is required: an entity of \"\(id)\" without one is there already")
            violations = [
                Violation(path: "entity_id", message: "one without an id is there already")
            ]
        case .balanceNotFound:
            self.init(.notFound, "BALANCE_NOT_FOUND", "no balance of the customer is meant")
        case .balanceExists(let id):
            self.init(
                .alreadyExists, "BALANCE_EXISTS", "the customer has a balance \"\(id)\" already")
        case .holdNotFound(let id):
            self.init(
                .notFound, "HOLD_NOT_FOUND",
                "no hold \"\(id)\" is open; it was settled, or it expired")
        case .holdExists(let id):
            self.init(.alreadyExists, "HOLD_EXISTS", "a hold \"\(id)\" is open already")
        case .tooMany(let what, let limit):
            self.init(
                .resourceExhausted, "TOO_MANY", "the customer may have at most \(limit) \(what)")
        case .featureLimitReached(let id):
            self.init(
                .failedPrecondition, "FEATURE_LIMIT_REACHED",
                "no more of \"\(id)\" may be in use; nothing was changed")
        case .balanceIsPaid(let id):
            self.init(
                .failedPrecondition, "BALANCE_IS_PAID",
                "a plan grants \"\(id)\"; end the plan instead")
        default: preconditionFailure("told by the caller")
        }
    }

    /// About clocks and the past.
    private init(ofTime refusal: Refusal) {
        switch refusal {
        case .clockNotOfTest:
            self.init(
                .failedPrecondition, "TEST_CLOCK_SANDBOX_ONLY",
                "only a sandbox has a test clock; this environment goes by the machine's")
        case .clockBackwards(let now):
            self.init(
                .failedPrecondition, "TEST_CLOCK_BACKWARDS",
                "time only goes forwards, and it is \(now.text ?? "later") already")
        case .historyTooShort(let since):
            self.init(
                .failedPrecondition, "HISTORY_TOO_SHORT",
                "of this customer's past there is only what came after \(since.text ?? "then"); "
                    + "ask for a later moment, or have more kept from now on (history-days)")
        case .historyTooLong(let limit):
            self.init(
                .failedPrecondition, "HISTORY_TOO_LONG",
                "more than \(limit) commits of the customer would have to be gone through; ask for "
                    + "a later moment")
        default: preconditionFailure("told by the caller")
        }
    }

    private init(_ fault: LogFault) {
        switch fault {
        case .full(let why):
            self.init(.resourceExhausted, "DISK_FULL", why, retryAfterMilliseconds: 5000)
        case .unavailable(let why):
            self.init(.unavailable, "LOG_BUSY", why, retryAfterMilliseconds: 50)
        case .failed(let why): self.init(.unavailable, "LOG_FAILED", why)
        case .closed: self.init(.unavailable, "SHUTTING_DOWN", "the server is stopping")
        case .tooLarge, .corrupt, .notFound, .locked, .disk:
            self.init(.internalError, "LOG_FAULT", "\(fault)")
        }
    }

    var status: RPCStatus {
        let message = RPCStatus.told(message)
        var details = StatusDetails(code: code.rawValue, message: message, reason: reason)
        details.violations = violations
        details.retryAfterMilliseconds = retryAfterMilliseconds
        details.metadata = metadata
        return RPCStatus(code, message, details: details.encoded)
    }
}

extension Scopes {
    func require(_ scope: Scopes) throws(RPCStatus) {
        guard !isSuperset(of: scope) else { return }
        let name = scope.names.joined(separator: " ")
        var refusal = RPCRefusal(
            .permissionDenied, "SCOPE_MISSING", "the caller lacks the scope \(name)")
        refusal.metadata = [("scope", name)]
        throw refusal.status
    }
}

extension RPCStatus {
    init(_ fault: CallFault) { self = RPCRefusal(fault).status }

    init(_ fault: ExecuteFault) { self = RPCRefusal(fault).status }

    static func refused(
        _ code: RPCCode, _ reason: String, _ message: String, retryAfterMilliseconds: Int? = nil
    ) -> RPCStatus {
        RPCRefusal(code, reason, message, retryAfterMilliseconds: retryAfterMilliseconds).status
    }
}

extension Refusal {
    /// Why a customer can't be erased, and what to do.
    fileprivate var erasureText: String {
        switch self {
        case .erasureTooEarly(let until?):
            "records from before the upgrade hold the customer's data in the clear until "
                + "history-days removes them, not before \(until.text ?? "long"); lower "
                + "history-days to be rid of them sooner"
        case .erasureTooEarly(nil):
            "records from before the upgrade hold the customer's data in the clear, and with "
                + "history-days 0 they are kept for good; set history-days"
        default:
            "the data folder is of format 1, which seals nothing; stop the server and run tally "
                + "upgrade"
        }
    }
}
