internal import Wire

/// The methods as OpenAPI 3.1 describes them, out of the forms that bodies are read by.
enum OpenAPIDocument {
    static let value: JSONValue = .object([
        "openapi": .string("3.1.0"),
        "info": .object([
            "title": .string("Tally"), "version": .string("2.3.0"),
            "summary": .string("Plans, checks, usage and customers."),
        ]),
        "servers": .array([.object(["url": .string("/")])]),
        "security": .array([.object(["key": .array([])])]),
        "paths": .object(
            JSONObject(Route.allCases.map { .init("/v1/\($0.rawValue)", path($0)) })),
        "components": .object([
            "securitySchemes": .object([
                "key": .object(["type": .string("http"), "scheme": .string("bearer")])
            ]),
            "schemas": .object(
                JSONObject(
                    [
                        ReplySchema.components, ReplySchema.customerComponents,
                        ReplySchema.billingComponents,
                    ].flatMap { $0.map { .init($0.key, $0.value.json) } })),
        ]),
    ])

    private static func path(_ route: Route) -> JSONValue {
        var operation: JSONObject = [
            "operationId": .string(route.rawValue),
            "tags": .array([.string(String(route.rawValue.prefix { $0 != "." }))]),
        ]
        if let absence = route.absence { operation.append("description", .string(absence)) }
        if let schema = body(route) {
            operation.append(
                "requestBody", .object(["content": content(schema), "required": .bool(true)]))
        }
        operation.append("parameters", headers)
        var responses = JSONObject()
        if route.absence == nil {
            responses.append(
                String(route.success),
                .object([
                    "description": .string("It is done."), "content": content(route.reply.json),
                ]))
        }
        for (status, why) in route.refusals {
            responses.append(
                String(status),
                .object([
                    "description": .string(why),
                    "content": content(ReplySchema.ref("Error").json),
                ]))
        }
        operation.append("responses", .object(responses))
        return .object(["post": .object(operation)])
    }

    /// What every route takes beside its body.
    private static let headers: JSONValue = .array([
        .object([
            "name": .string("x-api-version"), "in": .string("header"),
            "description": .string("Which shapes are wanted; absent: these."),
            "schema": .object(["type": .string("string"), "pattern": .string("^2\\.[1-3](\\.0)?$")]
            ),
        ]),
        .object([
            "name": .string("Idempotency-Key"), "in": .string("header"),
            "description": .string("A retry with the same key gets the first answer again."),
            "schema": .object([
                "type": .string("string"), "pattern": .string("^[A-Za-z0-9_-]{1,63}$"),
            ]),
        ]),
    ])

    private static func content(_ schema: JSONValue) -> JSONValue {
        .object(["application/json": .object(["schema": schema])])
    }

    private static func body(_ route: Route) -> JSONValue? {
        if let shape = route.plainShape { return shape.schema }
        guard let form = route.form else { return nil }
        let schema = form.shape.schema
        guard route == .batchTrack else { return schema }
        return .object([
            "type": .string("array"), "items": schema, "minItems": .number("1"),
            "maxItems": .number("1000"),
        ])
    }

    fileprivate static func type(_ name: String) -> JSONValue {
        .object(["type": .string(name)])
    }
}

extension RequestShape {
    fileprivate var schema: JSONValue {
        var object: JSONObject = [
            "type": .string("object"),
            "properties": .object(JSONObject(keys.map { .init($0.name, $0.schema) })),
        ]
        let required = keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { object.append("required", .array(required)) }
        let choices = choices.map { names in
            JSONValue.object([
                "anyOf": .array(
                    names.map { .object(["required": .array([.string($0)])]) })
            ])
        }
        if !choices.isEmpty { object.append("allOf", .array(choices)) }
        return .object(object)
    }
}

extension RequestShape.Key {
    /// What may be left out may be null.
    fileprivate var schema: JSONValue {
        let schema = described ?? (isIdentifier ? RequestShape.Key.identifier : use.schema)
        guard !isRequired else { return schema }
        if case .later = use { return schema }
        return .object(["anyOf": .array([schema, OpenAPIDocument.type("null")])])
    }

    private var isIdentifier: Bool {
        guard case .text = use else { return false }
        return isRequired && ["customer_id", "plan_id", "feature_id"].contains(name)
    }

    private static let identifier: JSONValue = .object([
        "type": .string("string"), "pattern": .string("^[A-Za-z0-9_-]{1,63}$"),
    ])
}

extension RequestShape.Key.Use {
    fileprivate var schema: JSONValue {
        switch self {
        case .text: OpenAPIDocument.type("string")
        case .number: OpenAPIDocument.type("number")
        case .flag, .notFlag: OpenAPIDocument.type("boolean")
        case .count:
            .object([
                "type": .string("integer"), "minimum": .number("0"),
                "maximum": .number(UInt32.max),
            ])
        case .time:
            .object([
                "type": .string("integer"), "minimum": .number("0"),
                "maximum": .number(253_402_300_799_999),
            ])
        case .word(let words):
            .object([
                "type": .string("string"), "enum": .array(words.map { .string($0.word) }),
            ])
        case .texts:
            .object(["type": .string("array"), "items": OpenAPIDocument.type("string")])
        case .entries:
            .object([
                "type": .string("object"),
                "additionalProperties": ReplySchema.text.orNull.json,
            ])
        case .values:
            .object([
                "type": .string("object"),
                "additionalProperties": ReplySchema.either(.text, .number, .flag, .null).json,
            ])
        case .object(let shape): shape.schema
        case .list(let shape):
            .object(["type": .string("array"), "items": shape.schema])
        case .own(let wanted, _): .object(["description": .string(wanted)])
        case .only(let value): .object(["enum": .array([value])])
        case .later:
            .object([
                "description": .string("not supported yet"),
                "enum": .array([.null, .bool(false), .string(""), .array([]), .object([:])]),
            ])
        }
    }
}

extension Route {
    /// What its body is read by; nil: it takes none, or only ids, or isn't there.
    var form: RequestForm? {
        switch self {
        case .check: .check
        case .track, .batchTrack: .track
        case .trackTokens: .trackTokens
        case .createBalance: .createBalance
        case .updateBalance: .updateBalance
        case .deleteBalance: .deleteBalance
        case .recalculateBalances: .recalculateBalances
        case .finalize: .finalize
        case .getOrCreateCustomer: .getOrCreateCustomer
        case .getCustomer: .getCustomer
        case .listCustomers: .listCustomers
        case .updateCustomer: .updateCustomer
        case .deleteCustomer: .deleteCustomer
        case .createEntity: .createEntity
        case .getEntity: .getEntity
        case .listEntities: .listEntities
        case .updateEntity: .updateControls
        case .deleteEntity: .deleteEntity
        case .attach, .previewAttach: .attach
        case .multiAttach, .previewMultiAttach: .multiAttach
        case .update, .previewUpdate: .update
        case .multiUpdate, .previewMultiUpdate: .multiUpdate
        case .createSchedule: .createSchedule
        case .setupPayment: .setupPayment
        case .openPortal: .openPortal
        case .listEvents: .listEvents
        case .aggregateEvents: .aggregateEvents
        case .createFeature: .createFeature
        case .updateFeature: .updateFeature
        case .createPlan: .createPlan
        case .updatePlan: .updatePlan
        case .listInvoices: .listInvoices
        case .insertInvoices: .recordInvoices
        case .importSubscriptions: .importSubscriptions
        case .createReferralCode: .createCode
        case .redeemReferralCode: .redeemReferralCode
        case .redeemReward: .redeemReward
        default: nil
        }
    }

    /// Of a body that is no message of ours.
    fileprivate var plainShape: RequestShape? {
        switch self {
        case .getFeature, .deleteFeature: RequestShape([.text("feature_id").required])
        case .deletePlan: RequestShape([.text("plan_id").required, .flag("all_versions")])
        case .getPlan: RequestShape([.text("plan_id").required, .count("version")])
        case .listPlans:
            RequestShape([
                .text("customer_id"), .text("entity_id"), .flag("all_versions"),
                .flag("include_archived"),
            ])
        case .listFeatures, .listRewards: RequestShape([])
        case .mintKey: RequestShape([.text("customer_id").required, .flag("indefinite")])
        case .revokeKey: RequestShape([.text("customer_id").required])
        default: nil
        }
    }

    /// Each status that says no, and why.
    fileprivate var refusals: [(status: Int, why: String)] {
        var refusals: [(status: Int, why: String)] = [
            (400, "The request is not one that can be answered; the message says why."),
            (401, "There is no key, or it is unknown."),
            (403, "The key isn't allowed to do that."),
        ]
        if !namesNothing { refusals.append((404, "Something that it names isn't there.")) }
        if changes { refusals.append((409, "What is there already is in the way.")) }
        refusals += [
            (415, "The body isn't JSON."),
            (429, "Too many requests; retry after the time told."),
        ]
        if absence != nil { refusals.append((501, "There is no such thing here.")) }
        refusals += [(500, "A fault of the server."), (503, "Not now; retry after the time told.")]
        return refusals
    }

    private var namesNothing: Bool {
        switch self {
        case .listFeatures, .listRewards, .createFeature, .createPlan: true
        default: false
        }
    }

    private var changes: Bool {
        switch self {
        case .previewAttach, .previewMultiAttach, .previewUpdate, .previewMultiUpdate: true
        case .getCustomer, .listCustomers, .getEntity, .listEntities, .listInvoices,
            .listEvents, .aggregateEvents, .getFeature, .listFeatures, .getPlan, .listPlans,
            .listRewards:
            false
        default: true
        }
    }
}
