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
            "schemas": .object(["Error": error]),
        ]),
    ])

    private static let error: JSONValue = .object([
        "type": .string("object"),
        "required": .array([.string("message"), .string("code"), .string("env")]),
        "properties": .object([
            "message": type("string"), "code": type("string"), "env": type("string"),
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
        let failed: JSONValue = .object([
            "description": .string("It failed, and nothing was changed."),
            "content": content(.object(["$ref": .string("#/components/schemas/Error")])),
        ])
        var responses = JSONObject()
        if route.absence == nil {
            responses.append(
                String(route.success),
                .object([
                    "description": .string("It is done."), "content": content(type("object")),
                ]))
        }
        responses.append("default", failed)
        operation.append("responses", .object(responses))
        return .object(["post": .object(operation)])
    }

    private static func content(_ schema: JSONValue) -> JSONValue {
        .object(["application/json": .object(["schema": schema])])
    }

    private static func body(_ route: Route) -> JSONValue? {
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
        return .object(object)
    }
}

extension RequestShape.Key {
    /// What may be left out may be null.
    fileprivate var schema: JSONValue {
        guard !isRequired else { return use.schema }
        guard case .object(let object) = use.schema else { return use.schema }
        guard object["type"] != nil || object["enum"] != nil || object["const"] != nil else {
            return .object(object)
        }
        return .object(["anyOf": .array([.object(object), OpenAPIDocument.type("null")])])
    }
}

extension RequestShape.Key.Use {
    fileprivate var schema: JSONValue {
        switch self {
        case .text: OpenAPIDocument.type("string")
        case .number: OpenAPIDocument.type("number")
        case .flag, .notFlag: OpenAPIDocument.type("boolean")
        case .count, .time: .object(["type": .string("integer"), "minimum": .number("0")])
        case .word(let words):
            .object([
                "type": .string("string"), "enum": .array(words.map { .string($0.word) }),
            ])
        case .texts:
            .object(["type": .string("array"), "items": OpenAPIDocument.type("string")])
        case .entries, .values: OpenAPIDocument.type("object")
        case .object(let shape): shape.schema
        case .list(let shape):
            .object(["type": .string("array"), "items": shape.schema])
        case .own(let wanted, _): .object(["description": .string(wanted)])
        case .only(let value): .object(["const": value])
        case .later: .object(["description": .string("not supported yet")])
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
        case .createReferralCode: .createCode
        case .redeemReferralCode: .redeemReferralCode
        case .redeemReward: .redeemReward
        default: nil
        }
    }
}
