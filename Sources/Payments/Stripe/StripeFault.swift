package import Wire

/// Why a request to Stripe gave nothing.
package enum StripeFault: Error, Sendable, Equatable {
    /// The card's bank refuses, with its reason, such as "insufficient_funds".
    case declined(code: String)
    /// The bank wants the cardholder to confirm (3-D Secure).
    case authenticationRequired
    /// The request itself is at fault; again it would be again.
    case invalid(code: String, parameter: String, message: String)
    /// There is no such object.
    case missing
    /// The key isn't valid, or may not do this.
    case unauthorized(status: Int)
    /// Other bytes were sent under the same idempotency key.
    case keyReused
    /// Another request with the same key, or for the same object, is under way.
    case busy
    case rateLimited
    /// Stripe has failed. Replayed: it is what it answered to the same key before.
    case failed(status: Int, isReplayed: Bool)
    /// No answer came; what was asked for may have been done.
    case unreachable(String)

    /// Of an answer that isn't 2xx.
    package init(status: Int, body: JSONValue, isReplayed: Bool = false) {
        let error = body["error"]
        let code = error?.text("code") ?? ""
        let decline = error?.text("decline_code") ?? ""
        let type = error?.text("type") ?? ""
        // The second is how an invoice says it.
        let asks = ["authentication_required", "invoice_payment_intent_requires_action"]
        switch (status, type) {
        case (_, _) where asks.contains(code) || asks.contains(decline):
            self = .authenticationRequired
        case (_, "idempotency_error") where status != 409: self = .keyReused
        case (_, "card_error"):
            let reason = decline.isEmpty ? code : decline
            self = .declined(code: reason.isEmpty ? "card_declined" : reason)
        case (401, _), (403, _): self = .unauthorized(status: status)
        case (409, _): self = .busy
        case (429, _): self = .rateLimited
        case (404, _): self = .missing
        case (400..<500, _):
            self = .invalid(
                code: code.isEmpty ? "invalid_request" : code,
                parameter: error?.text("param") ?? "",
                message: StripeFault.withoutSecrets(error?.text("message") ?? ""))
        default: self = .failed(status: status, isReplayed: isReplayed)
        }
    }

    /// What a message repeats of a key, as "Invalid API Key provided: sk_…", is nobody's business.
    private static func withoutSecrets(_ message: String) -> String {
        let words = message.split(separator: " ", omittingEmptySubsequences: false)
        return words.map { word in
            ["sk_", "rk_", "pk_", "whsec_"].contains { word.contains($0) } ? "…" : String(word)
        }.joined(separator: " ")
    }

    /// What a charge was declined for; nil: it wasn't.
    package var declineCode: String? {
        switch self {
        case .declined(let code): code
        case .authenticationRequired: "authentication_required"
        case .invalid(let code, _, _): code
        case .missing: "resource_missing"
        case .unauthorized, .keyReused, .busy, .rateLimited, .failed, .unreachable: nil
        }
    }
}

extension StripeFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .declined(let code): "the card was declined: \(code)"
        case .authenticationRequired: "the card's bank asks for confirmation"
        case .invalid(let code, let parameter, let message):
            "Stripe refuses the request (\(code))"
                + (parameter.isEmpty ? "" : ", because of \(parameter)")
                + (message.isEmpty ? "" : ": \(message)")
        case .missing: "Stripe has no such object"
        case .unauthorized(401): "Stripe does not take the secret key"
        case .unauthorized: "the secret key may not do this at Stripe"
        case .keyReused: "Stripe was asked for something else under the same idempotency key"
        case .busy: "Stripe is busy with another request for the same"
        case .rateLimited: "Stripe was asked too often"
        case .failed(let status, _): "Stripe failed with status \(status)"
        case .unreachable(let reason): "Stripe does not answer: \(reason)"
        }
    }
}
