internal import Billing
internal import CTallyProto

extension RequestReader {
    package func explain(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ExplainCall {
        let message = try open(bytes, tally__v1__explain_check_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let required = fields.quantity(
            message.pointee._required_quantity_case
                == TALLY__V1__EXPLAIN_CHECK_REQUEST___REQUIRED_QUANTITY_REQUIRED_QUANTITY
                ? message.pointee.required_quantity : 1, at: "required_quantity")
        var entity = InlineText.empty
        if Wire.bytes(of: message.pointee.entity_id).count > 0 {
            entity = fields.entityID(message.pointee.entity_id) ?? .empty
        }
        let properties = fields.properties(
            elements(message.pointee.n_properties, message.pointee.properties).map {
                ($0.pointee.key, $0.pointee.value)
            })
        let feature = try feature(message.pointee.feature_id, &fields)
        guard let customer, let feature, let required, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var query = CheckQuery(feature: feature, required: required)
        query.entity = entity
        query.properties = properties
        return ExplainCall(customer: customer, query: query)
    }
}
