internal import Billing
internal import RPC
internal import Repository
internal import Wire

/// An answer that is an error: a status, a code for programs, a message for people.
struct JSONProblem: Error {
    var status: Int
    var code: String
    var message: String
    var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    func response(environment: String) -> PageResponse {
        .json(
            status,
            .object([
                "message": .string(message), "code": .string(code), "env": .string(environment),
            ]), headers: headers)
    }

    private func with(_ name: String, _ value: String) -> JSONProblem {
        var problem = self
        problem.headers.append((name, value))
        return problem
    }
}

extension JSONProblem {
    static let noSecretKey = JSONProblem(
        401, "no_secret_key", "send an API key: Authorization: Bearer tally_sk_…"
    ).with("www-authenticate", "Bearer")

    static let invalidSecretKey = JSONProblem(
        401, "invalid_secret_key", "the API key is unknown or was revoked"
    ).with("www-authenticate", "Bearer error=\"invalid_token\"")

    static let unknownCertificate = JSONProblem(
        401, "no_secret_key",
        "no principal has a name of the client certificate, and no API key was sent"
    ).with("www-authenticate", "Bearer")

    static func missing(_ scope: Scopes) -> JSONProblem {
        let name = scope.names.joined(separator: " ")
        return JSONProblem(403, "insufficient_scopes", "the caller lacks the scope \(name)")
    }

    static let methodNotAllowed = methodNotAllowed(but: ["POST"])

    static func methodNotAllowed(but methods: [String]) -> JSONProblem {
        JSONProblem(405, "method_not_allowed", "use \(methods.joined(separator: " or "))")
            .with("allow", methods.joined(separator: ", "))
    }

    /// The log ended before the commit was durable.
    static let outcomeUnknown = unavailable(
        "the server stopped before the outcome was on disk; retry with the same Idempotency-Key")

    static func notFound(_ message: String) -> JSONProblem {
        JSONProblem(404, "not_found", message)
    }

    static func invalid(_ message: String) -> JSONProblem {
        JSONProblem(400, "invalid_inputs", message)
    }

    /// - Parameter key: the name under which the caller knows a field.
    static func invalid(
        _ violations: [Violation], key: (String) -> String = { $0 }
    ) -> JSONProblem {
        invalid(violations.map { "\(key($0.path)) \($0.message)" }.joined(separator: "; "))
    }

    static func invalidRequest(_ message: String) -> JSONProblem {
        JSONProblem(400, "invalid_request", message)
    }

    /// A key that this server knows, and can't do yet.
    static func unsupported(_ what: String) -> JSONProblem {
        invalidRequest("\(what) is not supported yet")
    }

    /// A method that this server doesn't have.
    static func notImplemented(_ message: String) -> JSONProblem {
        JSONProblem(501, "not_implemented", message)
    }

    /// By a setting.
    static let retried = JSONProblem(
        409, "duplicate_idempotency_key",
        "a request with this idempotency key was answered before; choose a new one")

    static let tooManyCalls = JSONProblem(
        429, "rate_limit_exceeded", "too many slow calls are under way; wait for one to end"
    ).with("retry-after", "1")

    static func internalError(_ message: String) -> JSONProblem {
        JSONProblem(500, "internal_error", message)
    }

    static func unavailable(_ message: String) -> JSONProblem {
        JSONProblem(503, "service_unavailable", message).with("retry-after", "1")
    }
}

/// How the domain's and the environment's "no" become a status and a code.
extension JSONProblem {
    init(_ fault: CallFault, key: (String) -> String) {
        switch fault {
        case .malformed: self = .internalError("the request could not be passed on")
        case .tooLarge: self = .invalidRequest("the request takes more memory than a call may use")
        case .invalid(let violations): self = .invalid(violations, key: key)
        case .refused(let refusal): self.init(refusal, key: key)
        }
    }

    init(_ fault: ExecuteFault, key: (String) -> String = { $0 }) {
        switch fault {
        case .refused(let refusal): self.init(refusal, key: key)
        case .unavailable(let fault): self.init(fault)
        case .damaged(let why): self = .internalError("a record of the log cannot be read: \(why)")
        }
    }

    private init(_ fault: LogFault) {
        switch fault {
        case .full, .unavailable, .failed, .closed: self = .unavailable("\(fault)")
        case .tooLarge, .corrupt, .notFound, .locked, .disk: self = .internalError("\(fault)")
        }
    }

    private init(_ refusal: Refusal, key: (String) -> String) {
        switch refusal {
        case .customerNotFound(let id):
            self.init(404, "customer_not_found", "there is no customer \"\(id)\"")
        case .planNotFound(let id):
            self.init(404, "product_not_found", "there is no plan \"\(id)\"")
        case .featureNotFound(let id):
            self.init(404, "feature_not_found", "there is no feature \"\(id)\"")
        case .entityNotFound(let id):
            self.init(404, "entity_not_found", "the customer has no entity \"\(id)\"")
        case .entityExists(let id):
            self.init(
                409, "entity_already_exists", "the customer has an entity \"\(id)\" already")
        case .entityIDRequired(let id):
            self.init(
                400, "entity_id_required",
                "an entity of \"\(id)\" without an id is there already")
        case .balanceNotFound: self = .notFound("no balance of the customer is meant")
        case .balanceExists(let id):
            self.init(409, "invalid_request", "the customer has a balance \"\(id)\" already")
        case .holdNotFound(let id): self = .invalidRequest("no hold \"\(id)\" is open")
        case .holdExists(let id):
            self.init(409, "lock_already_exists", "a hold \"\(id)\" is open already")
        case .tooMany(let what, let limit):
            self = .invalidRequest("the customer may have at most \(limit) \(what)")
        case .featureLimitReached(let id):
            self.init(400, "feature_limit_reached", "no more of \"\(id)\" may be in use")
        case .balanceIsPaid(let id):
            self.init(409, "invalid_request", "a plan grants \"\(id)\"; end the plan instead")
        case .invalid(let violations): self = .invalid(violations, key: key)
        case .inUse(let users):
            self.init(409, "invalid_request", users.map(\.message).joined(separator: "; "))
        case .purchaseInProgress:
            self = .unavailable("another charge for the customer has no outcome yet")
        case .seatsDeclined, .taxAddressRequired, .taxUnknown: self.init(ofMoney: refusal)
        case .planAlreadyAttached, .subscriptionNotFound: self.init(ofPlans: refusal)
        case .quoteExpired: self = .invalidRequest("the preview is too old; preview again")
        case .insufficientBalance(let id):
            self.init(
                400, "insufficient_balance",
                "the balance of \"\(id)\" does not cover the usage; nothing was drawn")
        case .requestReused:
            self.init(
                409, "duplicate_idempotency_key",
                "this idempotency key was used for another request; choose a new one")
        case .requestTooOld:
            self.init(
                409, "duplicate_idempotency_key",
                "this idempotency key is older than answers are remembered, so it may have been "
                    + "answered before; look at the customer, then choose a new one")
        case .checkoutNotFound: self = .notFound("the payment page is not open")
        case .paymentProviderMissing:
            self = .invalidRequest(
                "this environment has no payment provider, so only free plans can be attached")
        case .requestErased:
            self.init(
                409, "duplicate_idempotency_key",
                "this idempotency key was used, but its answer was erased with the customer's "
                    + "personal data; look at the customer")
        case .clockNotOfTest, .clockBackwards, .erasureNeedsUpgrade, .erasureTooEarly,
            .historyTooShort, .historyTooLong, .invoiceNotFound, .refundTooLarge, .invoiceFinal,
            .providerNotOfSandbox, .invoiceNotSent, .invoiceNotFinal, .trialUnclaimed,
            .currencyMismatch, .scheduleNotFound, .catalogChanged:
            self.init(ofOperator: refusal)
        case .couponNotFound, .promotionCodeNotFound, .promotionCodeRefused, .codeAlreadyRedeemed,
            .discountExists, .discountNotFound, .programmeNotFound, .referralCodeNotFound,
            .ownReferralCode, .sameFingerprint, .referralRedeemed, .referralCodeUsedUp:
            self.init(ofRewards: refusal)
        }
    }

    /// About what has to be paid, or known, before something is had.
    private init(ofMoney refusal: Refusal) {
        switch refusal {
        case .seatsDeclined(let code):
            self.init(
                402, "invoice_payment_failed",
                "seats beyond those that are paid for are paid before they are taken, which was "
                    + "declined (\(code)): nothing was taken; save another payment method")
        case .taxAddressRequired(let isThere):
            self.init(
                400, "customer_tax_location_invalid",
                isThere
                    ? "the customer's address says too little to know what tax is due"
                    : "the customer has no address, so what tax is due can't be known")
        case .taxUnknown(let code):
            self.init(
                400, "tax_unknown", "the payment provider can't say what tax is due (\(code))")
        default: preconditionFailure("told by the caller")
        }
    }

    private init(ofPlans refusal: Refusal) {
        switch refusal {
        case .planAlreadyAttached(let id):
            self.init(
                409, "plan_already_attached", "the customer has plan \"\(id)\" already")
        case .subscriptionNotFound(let id):
            self.init(
                404, "cus_product_not_found",
                id.isEmpty
                    ? "the customer has no such plan" : "the customer has no plan \"\(id)\"")
        default: preconditionFailure("told by the caller")
        }
    }

    /// About what operators do.
    private init(ofOperator refusal: Refusal) {
        switch refusal {
        case .currencyMismatch(let asked, let present):
            self.init(
                400, "currency_mismatch",
                "the customer pays in \(present.code), not in \(asked.code)")
        case .clockNotOfTest, .clockBackwards:
            self = .invalidRequest("the test clock can't be moved like that")
        case .erasureNeedsUpgrade, .erasureTooEarly:
            self = .invalidRequest("the customer can't be erased now")
        case .historyTooShort, .historyTooLong:
            self = .invalidRequest("the customer's past doesn't reach back that far")
        case .invoiceNotFound: self = .notFound("the customer has no such invoice")
        case .scheduleNotFound: self = .notFound("no phases are planned")
        case .catalogChanged:
            self.init(409, "invalid_request", "the catalog has changed meanwhile")
        case .trialUnclaimed:
            self = .invalidRequest("the customer's fingerprint is changing; try again")
        case .refundTooLarge, .providerNotOfSandbox:
            self = .invalidRequest("the invoice can't be refunded like that")
        case .invoiceNotSent, .invoiceNotFinal, .invoiceFinal:
            self = .invalidRequest("the invoice isn't one for that")
        default: preconditionFailure("told by the caller")
        }
    }

    private init(ofRewards refusal: Refusal) {
        switch refusal {
        case .couponNotFound(let id):
            self.init(404, "reward_not_found", "there is no coupon \"\(id)\"")
        case .promotionCodeNotFound(let code):
            self.init(404, "promo_code_not_found", "there is no code \"\(code)\"")
        case .promotionCodeRefused(let code, .firstPurchaseOnly):
            self.init(
                400, "promo_code_first_time_only", "the code \"\(code)\" is for a first purchase")
        case .promotionCodeRefused(let code, _):
            self = .invalidRequest("the code \"\(code)\" isn't taken any more")
        case .codeAlreadyRedeemed(let code):
            self = .invalidRequest("the customer has redeemed the code \"\(code)\" before")
        case .discountExists(let id):
            self.init(409, "invalid_request", "the coupon \"\(id)\" is there already")
        case .discountNotFound(let id): self = .notFound("the coupon \"\(id)\" isn't there")
        default: self.init(ofReferrals: refusal)
        }
    }

    private init(ofReferrals refusal: Refusal) {
        switch refusal {
        case .programmeNotFound(let id):
            self.init(404, "reward_program_not_found", "there is no referral programme \"\(id)\"")
        case .referralCodeNotFound(let code):
            self.init(404, "referral_code_not_found", "no customer has the code \"\(code)\"")
        case .ownReferralCode(let code), .sameFingerprint(let code):
            self.init(
                400, "customer_cannot_redeem_own_code",
                "the code \"\(code)\" is the customer's own")
        case .referralRedeemed(let id):
            self.init(
                400, "customer_already_redeemed_referral_code",
                "the customer has redeemed a code of the programme \"\(id)\" before")
        case .referralCodeUsedUp(let code):
            self.init(
                400, "referral_code_max_redemptions_reached",
                "the code \"\(code)\" has been redeemed as often as it may be")
        default: preconditionFailure("told by the caller")
        }
    }
}
