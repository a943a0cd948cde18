package import Billing
internal import CTallyProto

extension RequestReader {
    package func getOrCreateCustomer(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> CreateCall {
        let message = try open(bytes, tally__v1__get_or_create_customer_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let name = fields.name(message.pointee.name)
        let email = fields.email(message.pointee.email)
        let metadata = fields.metadata(
            elements(message.pointee.n_metadata, message.pointee.metadata)
                .map { ($0.pointee.key, $0.pointee.value) })
        let zone = fields.zone(message.pointee.time_zone)
        let given = fields.fingerprint(message.pointee.fingerprint)
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .getOrCreateCustomer)
        fingerprint.add(name)
        fingerprint.add(email)
        fingerprint.add(metadata)
        if zone != .utc { fingerprint.add(UInt64(zone.rawValue)) }
        if !given.isEmpty { fingerprint.add(given) }
        var create = CreateCustomer(name: name, email: email, metadata: metadata)
        create.zone = zone
        return CreateCall(
            customer: customer, create: create,
            request: mark(requestID, .getOrCreateCustomer, fingerprint), fingerprint: given)
    }

    package func getCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> CustomerID {
        let message = try open(bytes, tally__v1__get_customer_request__init)
        var fields = FieldReader()
        guard let customer = fields.customerID(message.pointee.customer_id) else {
            throw .invalid(fields.violations)
        }
        return customer
    }

    package func updateCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> UpdateCall {
        let message = try open(bytes, tally__v1__update_customer_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        var update = UpdateCustomer()
        if message.pointee._name_case == TALLY__V1__UPDATE_CUSTOMER_REQUEST___NAME_NAME {
            update.name = fields.name(message.pointee.name)
        }
        if message.pointee._email_case == TALLY__V1__UPDATE_CUSTOMER_REQUEST___EMAIL_EMAIL {
            update.email = fields.email(message.pointee.email)
        }
        update.metadata = fields.metadata(
            elements(message.pointee.n_metadata, message.pointee.metadata)
                .map { ($0.pointee.key, $0.pointee.value) })
        update.removedKeys = fields.removedKeys(
            (0..<message.pointee.n_remove_metadata_keys).map {
                message.pointee.remove_metadata_keys?[$0]
            }, besides: update.metadata)
        if message.pointee._time_zone_case
            == TALLY__V1__UPDATE_CUSTOMER_REQUEST___TIME_ZONE_TIME_ZONE
        {
            update.zone = fields.zone(message.pointee.time_zone)
        }
        var given: String?
        if message.pointee._fingerprint_case
            == TALLY__V1__UPDATE_CUSTOMER_REQUEST___FINGERPRINT_FINGERPRINT
        {
            given = fields.fingerprint(message.pointee.fingerprint)
        }
        if message.pointee._tax_rate_id_case
            == TALLY__V1__UPDATE_CUSTOMER_REQUEST___TAX_RATE_ID_TAX_RATE_ID
        {
            update.taxRate = fields.taxRate(message.pointee.tax_rate_id) ?? ""
        }
        update.address = message.pointee.address.map { fields.address($0.pointee) }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .updateCustomer)
        fingerprint.add(update)
        fingerprint.add(taxRate: update.taxRate)
        if let address = update.address { fingerprint.add(address) }
        if let zone = update.zone { fingerprint.add(UInt64(zone.rawValue) | 1 << 32) }
        if let given {
            fingerprint.add(1 << 33)
            fingerprint.add(given)
        }
        return UpdateCall(
            customer: customer, update: update,
            request: mark(requestID, .updateCustomer, fingerprint), fingerprint: given)
    }

    package func eraseCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> EraseCall {
        let message = try open(bytes, tally__v1__erase_customer_request__init).pointee
        return try erasure(message.customer_id, message.request_id, .eraseCustomer)
    }

    package func deleteCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> EraseCall {
        let message = try open(bytes, tally__v1__delete_customer_request__init).pointee
        return try erasure(message.customer_id, message.request_id, .deleteCustomer)
    }

    private func erasure(
        _ id: UnsafePointer<CChar>?, _ request: UnsafePointer<CChar>?, _ method: Method
    ) throws(CallFault) -> EraseCall {
        var fields = FieldReader()
        let customer = fields.customerID(id)
        let requestID = fields.requestID(request)
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return EraseCall(
            customer: customer,
            request: mark(requestID, method, Fingerprint(key: fingerprintKey, method: method)))
    }

    package func listCustomers(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> ListCustomersCall {
        let message = try open(bytes, tally__v1__list_customers_request__init)
        var fields = FieldReader()
        if message.pointee.page_size < 0 { fields.fault("page_size", "must not be negative") }
        let search = fields.text(message.pointee.search, at: "search", limit: 128)
        let status = fields.status(message.pointee.subscription_status)
        let plan =
            Wire.bytes(of: message.pointee.plan_id).isEmpty
            ? nil : try self.plan(message.pointee.plan_id, &fields)
        var call = ListCustomersCall(search: SearchText.folded(search))
        if plan != nil || status != nil {
            call.filter = SubscriptionFilter(plan: plan, status: status)
        }
        call.mark = mark(of: search, call.filter)
        let token = fields.text(message.pointee.page_token, at: "page_token", limit: 128)
        call.after = CustomerCursor(token: token, mark: call.mark)
        if call.after == nil, !token.isEmpty {
            fields.fault("page_token", "is none that this list gave")
        }
        guard fields.violations.isEmpty else { throw .invalid(fields.violations) }
        let size = Int(message.pointee.page_size)
        if size > 0 { call.limit = min(size, ListCustomersCall.limit) }
        return call
    }

    private func mark(of search: String, _ filter: SubscriptionFilter?) -> UInt32 {
        var fingerprint = Fingerprint(key: fingerprintKey, scope: 2 << 32)
        fingerprint.add(search)
        fingerprint.add(UInt64(filter?.plan?.rawValue ?? 0))
        fingerprint.add(UInt64(filter?.status?.rawValue ?? 0))
        return UInt32(truncatingIfNeeded: fingerprint.value)
    }
}

extension FieldReader {
    mutating func name(_ name: UnsafePointer<CChar>?) -> String {
        text(name, at: "name", limit: 256)
    }

    mutating func email(_ email: UnsafePointer<CChar>?) -> String {
        text(email, at: "email", limit: 254)
    }

    /// In order of key; the last one of a key counts.
    mutating func metadata(
        _ entries: [(key: UnsafeMutablePointer<CChar>?, value: UnsafeMutablePointer<CChar>?)]
    ) -> [MetadataEntry] {
        var known: [MetadataEntry] = []
        for (name, value) in entries {
            guard let key = metadataKey(name, at: "metadata") else { continue }
            let path = "metadata.\(key)"
            known.append(
                MetadataEntry(key, text(value, at: path, limit: MetadataEntry.valueLimit)))
        }
        let metadata = [MetadataEntry]().merged(with: known)
        if metadata.count > MetadataEntry.countLimit {
            fault("metadata", "must be at most \(MetadataEntry.countLimit) keys")
        }
        return metadata
    }

    fileprivate mutating func removedKeys(
        _ names: [UnsafeMutablePointer<CChar>?], besides metadata: [MetadataEntry]
    ) -> [String] {
        let path = "remove_metadata_keys"
        guard names.count <= MetadataEntry.countLimit else {
            fault(path, "must be at most \(MetadataEntry.countLimit) keys")
            return []
        }
        let keys = names.compactMap { metadataKey($0, at: path) }
        for entry in metadata where keys.contains(entry.key) {
            fault(path, "must not have \"\(entry.key)\", which is in metadata")
        }
        return keys
    }

    /// nil: a fault was noted.
    private mutating func metadataKey(
        _ name: UnsafePointer<CChar>?, at path: String
    ) -> String? {
        let key = bytes(of: name)
        guard 1...MetadataEntry.keyLimit ~= key.count else {
            fault(path, "must have keys of 1 to \(MetadataEntry.keyLimit) bytes")
            return nil
        }
        return String(decoding: key, as: UTF8.self)
    }

    /// nil: none given, or a fault was noted.
    mutating func status(
        _ value: Tally__V1__SubscriptionStatus
    ) -> SubscriptionStatus? {
        if value == TALLY__V1__SUBSCRIPTION_STATUS__SUBSCRIPTION_STATUS_UNSPECIFIED { return nil }
        if let raw = UInt8(exactly: value.rawValue), let status = SubscriptionStatus(rawValue: raw)
        {
            return status
        }
        fault("subscription_status", "is not a known value")
        return nil
    }
}

extension Fingerprint {
    /// Nothing, where there is none: requests that were answered before there was metadata are
    /// still recognised.
    fileprivate mutating func add(_ metadata: [MetadataEntry]) {
        for entry in metadata {
            add(entry.key)
            add(entry.value)
        }
    }

    fileprivate mutating func add(_ update: UpdateCustomer) {
        for text in [update.name, update.email] {
            add(text == nil ? 0 : 1)
            add(text ?? "")
        }
        add(UInt64(update.metadata.count))
        add(update.metadata)
        for key in update.removedKeys { add(key) }
    }
}
