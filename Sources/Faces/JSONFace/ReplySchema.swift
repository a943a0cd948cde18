internal import Wire

/// What an answer has in it, as JSON Schema: each key, and nothing else.
///
/// The schemas stand beside the shapes that make the answers; that both have the same keys, and
/// that every answer of the tests is what its schema says, is tested.
struct ReplySchema: Sendable {
    let json: JSONValue
    private(set) var isOptional = false

    init(_ json: JSONValue) {
        self.json = json
    }

    static let text = ReplySchema(.object(["type": .string("string")]))
    static let number = ReplySchema(.object(["type": .string("number")]))
    static let whole = ReplySchema(.object(["type": .string("integer")]))
    static let flag = ReplySchema(.object(["type": .string("boolean")]))
    static let null = ReplySchema(.object(["type": .string("null")]))
    /// Milliseconds since the epoch.
    static let time = ReplySchema(
        .object(["type": .string("integer"), "format": .string("int64")]))
    static let anything = ReplySchema(.object([:]))

    static func ref(_ name: String) -> ReplySchema {
        ReplySchema(.object(["$ref": .string("#/components/schemas/\(name)")]))
    }

    static func words(_ words: String...) -> ReplySchema {
        ReplySchema(
            .object([
                "type": .string("string"), "enum": .array(words.map { .string($0) }),
            ]))
    }

    static func list(_ of: ReplySchema) -> ReplySchema {
        ReplySchema(.object(["type": .string("array"), "items": of.json]))
    }

    static func map(_ of: ReplySchema) -> ReplySchema {
        ReplySchema(.object(["type": .string("object"), "additionalProperties": of.json]))
    }

    static func either(_ schemas: ReplySchema...) -> ReplySchema {
        ReplySchema(.object(["anyOf": .array(schemas.map(\.json))]))
    }

    /// A key that isn't optional is always there, if only as null.
    static func object(_ members: KeyValuePairs<String, ReplySchema>) -> ReplySchema {
        let keys = members.map { JSONObject.Member($0.key, $0.value.json) }
        var object: JSONObject = [
            "type": .string("object"), "properties": .object(JSONObject(keys)),
            "additionalProperties": .bool(false),
        ]
        let required = members.filter { !$0.value.isOptional }.map { JSONValue.string($0.key) }
        if !required.isEmpty { object.append("required", .array(required)) }
        return ReplySchema(.object(object))
    }

    /// Of a body, whose other keys are ignored.
    static func open(_ members: KeyValuePairs<String, ReplySchema>) -> ReplySchema {
        guard case .object(var object) = ReplySchema.object(members).json else { return anything }
        object.remove("additionalProperties")
        return ReplySchema(.object(object))
    }

    /// A page of a list.
    static func page(_ of: ReplySchema) -> ReplySchema {
        .object(["list": .list(of), "next_cursor": text.orNull])
    }

    var orNull: ReplySchema { .either(self, .null) }

    /// Left out where there is none.
    var optional: ReplySchema {
        var schema = self
        schema.isOptional = true
        return schema
    }
}

extension Route {
    /// What says that it worked.
    var reply: ReplySchema {
        switch self {
        case .check: .either(.ref("Check"), .ref("ProductCheck"))
        case .track, .trackTokens: .ref("Track")
        case .getCustomer, .getOrCreateCustomer, .updateCustomer: .ref("Customer")
        case .listCustomers: .page(.ref("Customer"))
        case .createEntity, .getEntity, .updateEntity: .ref("Entity")
        case .listEntities: .page(.ref("Entity"))
        case .attach, .multiAttach, .update, .multiUpdate: .ref("Purchased")
        case .previewAttach, .previewMultiAttach, .previewUpdate: .ref("Preview")
        case .previewMultiUpdate: .ref("SeveralPreview")
        case .createSchedule: .ref("Schedule")
        case .setupPayment: .ref("PaymentSetup")
        case .openPortal: .ref("Portal")
        case .listEvents: .page(.ref("Event"))
        case .aggregateEvents: .ref("Sums")
        case .createFeature, .getFeature, .updateFeature: .ref("Feature")
        case .listFeatures: .object(["list": .list(.ref("Feature"))])
        case .createPlan, .getPlan, .updatePlan: .ref("Plan")
        case .listPlans: .object(["list": .list(.ref("Plan"))])
        case .listInvoices: .page(.ref("Invoice"))
        case .insertInvoices: .object(["invoices": .list(.ref("RecordedInvoice"))])
        case .importSubscriptions:
            .object([
                "customer_id": .text, "flashed": .list(.ref("Imported")),
                "customer": .either(.ref("Customer"), .null),
            ])
        case .createReferralCode: .ref("ReferralCode")
        case .redeemReferralCode: .ref("Referral")
        case .listRewards: .ref("Rewards")
        case .redeemReward: .ref("RedeemedReward")
        case .mintKey, .refreshKey:
            .object([
                "access_token": .text, "expires_at": .time.orNull,
                "refresh_token": .text.optional, "refresh_expires_at": .time.optional,
            ])
        case .revokeKey: .object(["revoked": .flag])
        case .batchTrack, .createBalance, .updateBalance, .deleteBalance, .recalculateBalances,
            .finalize, .deleteCustomer, .deleteEntity, .deleteFeature, .deletePlan:
            .ref("Success")
        default: ReplySchema(.object(["type": .string("object")]))
        }
    }
}
