internal import CProtobufC
internal import CTallyProto

/// A message of the API that a client or a file may hold as JSON. Raw values are the proto names.
package enum MessageKind: String, Sendable, CaseIterable {
    case publishCatalogRequest = "PublishCatalogRequest"
    case publishCatalogResponse = "PublishCatalogResponse"
    case getCatalogRequest = "GetCatalogRequest"
    case getCatalogResponse = "GetCatalogResponse"
    case pricingCatalog = "PricingCatalog"
    case checkRequest = "CheckRequest"
    case checkResponse = "CheckResponse"
    case trackRequest = "TrackRequest"
    case trackResponse = "TrackResponse"
    case getCustomerRequest = "GetCustomerRequest"
    case getCustomerResponse = "GetCustomerResponse"
    case getOrCreateCustomerRequest = "GetOrCreateCustomerRequest"
    case getOrCreateCustomerResponse = "GetOrCreateCustomerResponse"
    case eraseCustomerRequest = "EraseCustomerRequest"
    case eraseCustomerResponse = "EraseCustomerResponse"
    case updateCustomerRequest = "UpdateCustomerRequest"
    case updateCustomerResponse = "UpdateCustomerResponse"
    case listCustomersRequest = "ListCustomersRequest"
    case listCustomersResponse = "ListCustomersResponse"
    case deleteCustomerRequest = "DeleteCustomerRequest"
    case deleteCustomerResponse = "DeleteCustomerResponse"
    case attachRequest = "AttachRequest"
    case attachResponse = "AttachResponse"
    case watchCustomerRequest = "WatchCustomerRequest"
    case watchCustomerResponse = "WatchCustomerResponse"
    case streamTrackRequest = "StreamTrackRequest"
    case streamTrackResponse = "StreamTrackResponse"
    case settleHoldRequest = "SettleHoldRequest"
    case settleHoldResponse = "SettleHoldResponse"
    case extendHoldRequest = "ExtendHoldRequest"
    case extendHoldResponse = "ExtendHoldResponse"
    case explainCheckRequest = "ExplainCheckRequest"
    case explainCheckResponse = "ExplainCheckResponse"

    private static let schemas: [MessageKind: MessageSchema] = {
        let builder = SchemaBuilder()
        return Dictionary(
            uniqueKeysWithValues: allCases.map { ($0, builder.schema($0.descriptor)) })
    }()

    /// Read from the descriptor once for all.
    var schema: MessageSchema {
        guard let schema = MessageKind.schemas[self] else {
            preconditionFailure("every kind has a schema")
        }
        return schema
    }

    /// Asked of an empty message, because the address of an imported C global is that of a copy.
    var descriptor: UnsafePointer<ProtobufCMessageDescriptor> {
        let descriptor: UnsafePointer<ProtobufCMessageDescriptor>?
        switch self {
        case .publishCatalogRequest:
            descriptor = emptied(tally__v1__publish_catalog_request__init).base.descriptor
        case .publishCatalogResponse:
            descriptor = emptied(tally__v1__publish_catalog_response__init).base.descriptor
        case .getCatalogRequest:
            descriptor = emptied(tally__v1__get_catalog_request__init).base.descriptor
        case .getCatalogResponse:
            descriptor = emptied(tally__v1__get_catalog_response__init).base.descriptor
        case .pricingCatalog:
            descriptor = emptied(tally__v1__pricing_catalog__init).base.descriptor
        case .checkRequest:
            descriptor = emptied(tally__v1__check_request__init).base.descriptor
        case .checkResponse:
            descriptor = emptied(tally__v1__check_response__init).base.descriptor
        case .trackRequest:
            descriptor = emptied(tally__v1__track_request__init).base.descriptor
        case .trackResponse:
            descriptor = emptied(tally__v1__track_response__init).base.descriptor
        case .getCustomerRequest:
            descriptor = emptied(tally__v1__get_customer_request__init).base.descriptor
        case .getCustomerResponse:
            descriptor = emptied(tally__v1__get_customer_response__init).base.descriptor
        case .getOrCreateCustomerRequest:
            descriptor = emptied(tally__v1__get_or_create_customer_request__init).base.descriptor
        case .getOrCreateCustomerResponse:
            descriptor = emptied(tally__v1__get_or_create_customer_response__init).base.descriptor
        case .eraseCustomerRequest:
            descriptor = emptied(tally__v1__erase_customer_request__init).base.descriptor
        case .eraseCustomerResponse:
            descriptor = emptied(tally__v1__erase_customer_response__init).base.descriptor
        case .updateCustomerRequest:
            descriptor = emptied(tally__v1__update_customer_request__init).base.descriptor
        case .updateCustomerResponse:
            descriptor = emptied(tally__v1__update_customer_response__init).base.descriptor
        case .listCustomersRequest:
            descriptor = emptied(tally__v1__list_customers_request__init).base.descriptor
        case .listCustomersResponse:
            descriptor = emptied(tally__v1__list_customers_response__init).base.descriptor
        case .deleteCustomerRequest:
            descriptor = emptied(tally__v1__delete_customer_request__init).base.descriptor
        case .deleteCustomerResponse:
            descriptor = emptied(tally__v1__delete_customer_response__init).base.descriptor
        case .attachRequest:
            descriptor = emptied(tally__v1__attach_request__init).base.descriptor
        case .attachResponse:
            descriptor = emptied(tally__v1__attach_response__init).base.descriptor
        case .watchCustomerRequest:
            descriptor = emptied(tally__v1__watch_customer_request__init).base.descriptor
        case .watchCustomerResponse:
            descriptor = emptied(tally__v1__watch_customer_response__init).base.descriptor
        case .streamTrackRequest:
            descriptor = emptied(tally__v1__stream_track_request__init).base.descriptor
        case .streamTrackResponse:
            descriptor = emptied(tally__v1__stream_track_response__init).base.descriptor
        case .settleHoldRequest:
            descriptor = emptied(tally__v1__settle_hold_request__init).base.descriptor
        case .settleHoldResponse:
            descriptor = emptied(tally__v1__settle_hold_response__init).base.descriptor
        case .extendHoldRequest:
            descriptor = emptied(tally__v1__extend_hold_request__init).base.descriptor
        case .extendHoldResponse:
            descriptor = emptied(tally__v1__extend_hold_response__init).base.descriptor
        case .explainCheckRequest:
            descriptor = emptied(tally__v1__explain_check_request__init).base.descriptor
        case .explainCheckResponse:
            descriptor = emptied(tally__v1__explain_check_response__init).base.descriptor
        }
        guard let descriptor else { preconditionFailure("an initialised message has one") }
        return descriptor
    }
}

/// A message as protobuf-c's initialiser leaves it.
private func emptied<Message>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void
) -> Message {
    let message = UnsafeMutablePointer<Message>.allocate(capacity: 1)
    defer { message.deallocate() }
    initialize(message)
    return message.pointee
}
