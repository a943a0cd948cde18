package import Billing
internal import CTallyProto

extension RequestReader {
    private static let nameLimit = 120
    private static let idLimit = 63

    package func createKey(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> CreateKeyCall {
        let message = try open(bytes, tally__v1__create_key_request__init).pointee
        var fields = FieldReader()
        let name = fields.text(message.name, at: "name", limit: RequestReader.nameLimit)
        let kind = kind(message.kind, &fields)
        let scopes = scopes(message.n_scopes, message.scopes)
        var customer: CustomerID?
        if kind == .customer {
            customer = fields.customerID(message.customer_id)
        } else if !Wire.bytes(of: message.customer_id).isEmpty {
            fields.fault("customer_id", "needs a kind of KEY_KIND_CUSTOMER")
        }
        if kind == .publishable, !scopes.isEmpty {
            fields.fault("scopes", "must be empty: a publishable key has scopes of its own")
        }
        var validity: Int64?
        if let duration = message.validity {
            validity = fields.milliseconds(
                duration.pointee, at: "validity", 1_000...3_650 * 86_400_000,
                "must be a second to ten years")
        }
        guard fields.violations.isEmpty, let kind else { throw .invalid(fields.violations) }
        return CreateKeyCall(
            name: name, kind: kind, scopes: scopes, customer: customer, validity: validity)
    }

    /// Whose to list; nil: those that people made.
    package func listKeys(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> CustomerID? {
        let message = try open(bytes, tally__v1__list_keys_request__init).pointee
        guard !Wire.bytes(of: message.customer_id).isEmpty else { return nil }
        return try customer(message.customer_id)
    }

    package func rotateKey(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> RotateKeyCall {
        let message = try open(bytes, tally__v1__rotate_key_request__init).pointee
        var fields = FieldReader()
        let id = keyID(message.key_id, &fields)
        var overlap: Int64? = RotateKeyCall.usualOverlap
        if let duration = message.overlap {
            overlap = fields.milliseconds(
                duration.pointee, at: "overlap", 0...RotateKeyCall.overlapLimit,
                "must be 0 to 30 days")
        }
        guard fields.violations.isEmpty, let overlap else { throw .invalid(fields.violations) }
        return RotateKeyCall(id: id, overlap: overlap)
    }

    package func revokeKey(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> String {
        let message = try open(bytes, tally__v1__revoke_key_request__init).pointee
        var fields = FieldReader()
        let id = keyID(message.key_id, &fields)
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return id
    }

    package func mintCustomerKey(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> MintKeyCall {
        let message = try open(bytes, tally__v1__mint_customer_key_request__init).pointee
        var fields = FieldReader()
        let customer = fields.customerID(message.customer_id)
        let name = fields.text(message.name, at: "name", limit: RequestReader.nameLimit)
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var call = MintKeyCall(customer: customer, isIndefinite: message.indefinite != 0)
        call.scopes = scopes(message.n_scopes, message.scopes)
        call.name = name
        return call
    }

    package func refreshCustomerKey(_ bytes: UnsafeRawBufferPointer) throws(CallFault) {
        _ = try open(bytes, tally__v1__refresh_customer_key_request__init)
    }

    package func revokeCustomerKeys(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> CustomerID {
        let message = try open(bytes, tally__v1__revoke_customer_keys_request__init).pointee
        return try customer(message.customer_id)
    }

    private func customer(_ text: UnsafePointer<CChar>?) throws(CallFault) -> CustomerID {
        var fields = FieldReader()
        guard let customer = fields.customerID(text) else { throw .invalid(fields.violations) }
        return customer
    }

    private func keyID(_ text: UnsafePointer<CChar>?, _ fields: inout FieldReader) -> String {
        let id = fields.text(text, at: "key_id", limit: RequestReader.idLimit)
        if id.isEmpty { fields.fault("key_id", "is required") }
        return id
    }

    private func scopes(
        _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> [String] {
        (0..<count).compactMap { index in
            list?[index].map { String(decoding: Wire.bytes(of: $0), as: UTF8.self) }
        }
    }

    private func kind(
        _ kind: Tally__V1__KeyKind, _ fields: inout FieldReader
    ) -> CreateKeyCall.Kind? {
        switch kind {
        case TALLY__V1__KEY_KIND__KEY_KIND_UNSPECIFIED, TALLY__V1__KEY_KIND__KEY_KIND_SECRET:
            return .secret
        case TALLY__V1__KEY_KIND__KEY_KIND_PUBLISHABLE: return .publishable
        case TALLY__V1__KEY_KIND__KEY_KIND_CUSTOMER: return .customer
        case TALLY__V1__KEY_KIND__KEY_KIND_REFRESH:
            fields.fault("kind", "can't be KEY_KIND_REFRESH: MintCustomerKey gives those")
        default: fields.fault("kind", "is not a known value")
        }
        return nil
    }
}

extension FieldReader {
    fileprivate mutating func milliseconds(
        _ duration: Google__Protobuf__Duration, at path: String, _ range: ClosedRange<Int64>,
        _ wanted: String
    ) -> Int64? {
        guard (0...range.upperBound / 1_000).contains(duration.seconds),
            (0..<1_000_000_000).contains(duration.nanos)
        else {
            fault(path, wanted)
            return nil
        }
        let span = duration.seconds * 1_000 + Int64(duration.nanos) / 1_000_000
        guard range.contains(span) else {
            fault(path, wanted)
            return nil
        }
        return span
    }
}
