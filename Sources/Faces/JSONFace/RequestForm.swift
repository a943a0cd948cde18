internal import Wire

/// What a method takes: its keys, in the words of this API, and where each goes in our own message.
/// Keys that it doesn't name are ignored; those that it names as `later` are refused as soon as
/// they ask for something, because leaving them out would change what the caller gets.
struct RequestForm: Sendable {
    let message: MessageKind
    let keys: [Key]
    /// Of each of these groups exactly one key is given.
    var choices: [[String]] = []
    /// Whether a retry is known by the header `Idempotency-Key`.
    var takesRequestKey = false

    struct Key: Sendable {
        enum Use: Sendable {
            case text, number, flag
            /// One of these words; the second list is refused.
            case word([String])
            /// Not yet; with a name: not yet together with that flag.
            case later(with: String?)
        }

        let name: String
        let use: Use
        /// The message's field; nil: checked, and of no consequence here.
        let field: String?
        let isRequired: Bool

        static func text(_ name: String, as field: String? = nil, required: Bool = false) -> Key {
            Key(name: name, use: .text, field: field ?? name, isRequired: required)
        }

        static func number(_ name: String, as field: String? = nil) -> Key {
            Key(name: name, use: .number, field: field ?? name, isRequired: false)
        }

        static func flag(_ name: String, as field: String?) -> Key {
            Key(name: name, use: .flag, field: field, isRequired: false)
        }

        static func word(_ name: String, _ words: [String]) -> Key {
            Key(name: name, use: .word(words), field: name, isRequired: false)
        }

        static func later(_ names: String..., with flag: String? = nil) -> [Key] {
            names.map { Key(name: $0, use: .later(with: flag), field: nil, isRequired: false) }
        }
    }
}

/// The forms. What stands under `later` is what the kernel doesn't decide yet.
extension RequestForm {
    static let check = RequestForm(
        message: .checkRequest,
        keys: [
            .text("customer_id", required: true),
            .text("feature_id"),
            .text("product_id", as: "plan_id"),
            .number("required_balance", as: "required_quantity"),
            .number("required_quantity"),
            .flag("send_event", as: "deduct"),
        ] + Key.later("entity_id", "lock", "with_preview", "customer_data", "entity_data", "expand")
            + Key.later("properties", with: "send_event"),
        choices: [["feature_id", "product_id"]], takesRequestKey: true)

    static let track = RequestForm(
        message: .trackRequest,
        keys: [
            .text("customer_id", required: true),
            .text("feature_id"),
            .number("value"),
            .text("idempotency_key", as: "request_id"),
            .word("overage_behavior", ["cap", "reject", "overflow"]),
            // An answer that came at once is as good as one that says "later".
            .flag("async", as: nil),
        ]
            + Key.later(
                "event_name", "entity_id", "lock", "properties", "timestamp", "skip_event",
                "customer_data", "entity_data"),
        choices: [["feature_id", "event_name"]], takesRequestKey: true)

    static let getCustomer = RequestForm(
        message: .getCustomerRequest,
        keys: [.text("customer_id", required: true)] + Key.later("expand"))

    static let getOrCreateCustomer = RequestForm(
        message: .getOrCreateCustomerRequest,
        keys: [.text("customer_id", required: true), .text("name"), .text("email")]
            + Key.later(
                "fingerprint", "metadata", "stripe_id", "create_in_stripe", "auto_enable_plan_id",
                "send_email_receipts", "currency", "billing_controls", "config", "expand"))
}
