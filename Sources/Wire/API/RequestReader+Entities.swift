internal import Billing
internal import CTallyProto

/// Entities and controls.
extension RequestReader {
    package func createEntity(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__create_entity_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let id = fields.optionalEntity(message.pointee.entity_id)
        let name = fields.text(message.pointee.name, at: "name", limit: Entity.nameLimit)
        let feature = try feature(message.pointee.feature_id, &fields)
        var controls = Controls.none
        if let given = message.pointee.controls?.pointee {
            controls = try read(&fields) { $0.controls(given, $1) }
        }
        guard let customer, let feature, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .createEntity)
        fingerprint.add(id)
        fingerprint.add(name)
        fingerprint.add(UInt64(feature.rawValue))
        // Without any as ever, so that ids from before there were any are known.
        if !controls.isEmpty { fingerprint.add(SetControls(of: id, controls)) }
        let create = CreateEntity(id: id, feature: feature, name: name, controls: controls)
        return ChangeCall(
            customer: customer, command: .createEntity(create),
            request: mark(requestID, .createEntity, fingerprint))
    }

    package func updateEntity(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__update_entity_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let id = fields.entityID(message.pointee.entity_id)
        var name: String?
        if message.pointee._name_case == TALLY__V1__UPDATE_ENTITY_REQUEST___NAME_NAME {
            name = fields.text(message.pointee.name, at: "name", limit: Entity.nameLimit)
        }
        guard let customer, let id, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .updateEntity)
        fingerprint.add(id)
        if let name { fingerprint.add(name) }
        return ChangeCall(
            customer: customer, command: .updateEntity(UpdateEntity(id: id, name: name)),
            request: mark(requestID, .updateEntity, fingerprint))
    }

    package func deleteEntity(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__delete_entity_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let id = fields.entityID(message.pointee.entity_id)
        guard let customer, let id, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .deleteEntity)
        fingerprint.add(id)
        return ChangeCall(
            customer: customer, command: .deleteEntity(id: id),
            request: mark(requestID, .deleteEntity, fingerprint))
    }

    package func getEntity(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> EntityCall {
        let message = try open(bytes, tally__v1__get_entity_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let entity = fields.entityID(message.pointee.entity_id)
        guard let customer, let entity, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        return EntityCall(customer: customer, entity: entity)
    }

    package func listEntities(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> EntityListCall {
        let message = try open(bytes, tally__v1__list_entities_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let size = Int(message.pointee.page_size)
        if !(0...EntityListCall.largest).contains(size) {
            fields.fault("page_size", "must be 0 to \(EntityListCall.largest)")
        }
        // A token is the last id shown.
        let token = Wire.bytes(of: message.pointee.page_token)
        let after = InlineText(token)
        if after == nil { fields.fault("page_token", "is none that this server gave") }
        guard let customer, let after, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        return EntityListCall(
            customer: customer, after: after, size: size == 0 ? EntityListCall.usual : size)
    }

    package func updateControls(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> ChangeCall {
        let message = try open(bytes, tally__v1__update_controls_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        var set = SetControls(entity: fields.optionalEntity(message.pointee.entity_id))
        try read(&fields) { reader, feature in
            if let list = message.pointee.spend_limits?.pointee {
                set.spendLimits = reader.spendLimits(list.n_items, list.items, feature)
            }
            if let list = message.pointee.usage_limits?.pointee {
                set.usageLimits = reader.usageLimits(list.n_items, list.items, feature)
            }
            if let list = message.pointee.usage_alerts?.pointee {
                set.usageAlerts = reader.usageAlerts(list.n_items, list.items, feature)
            }
            if let list = message.pointee.overage_permissions?.pointee {
                set.overagePermissions = reader.permissions(list.n_items, list.items, feature)
            }
            if let list = message.pointee.auto_topups?.pointee {
                set.autoTopUps = reader.topUps(list.n_items, list.items, feature)
            }
        }
        if message.pointee._pooling_disabled_case
            == TALLY__V1__UPDATE_CONTROLS_REQUEST___POOLING_DISABLED_POOLING_DISABLED
        {
            set.isPoolingDisabled = message.pointee.pooling_disabled != 0
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .updateControls)
        fingerprint.add(set)
        return ChangeCall(
            customer: customer, command: .setControls(set),
            request: mark(requestID, .updateControls, fingerprint))
    }

    /// Reads controls, whose features have names; a name that nobody has refuses the call unless
    /// there are faults.
    private func read<Answer>(
        _ fields: inout FieldReader,
        _ body: (inout ControlsReader, ControlsReader.FeatureLookup) -> Answer
    ) throws(CallFault) -> Answer {
        var reader = ControlsReader(prefix: "", fields: fields)
        var missing: String?
        let answer = body(&reader) { id in
            if let feature = names.feature(Wire.bytes(of: id)) { return feature }
            if missing == nil { missing = String(decoding: Wire.bytes(of: id), as: UTF8.self) }
            return nil
        }
        fields = reader.fields
        if let missing, fields.violations.isEmpty { throw .refused(.featureNotFound(missing)) }
        return answer
    }
}

extension SetControls {
    fileprivate init(of entity: InlineText, _ controls: Controls) {
        self.init(entity: entity)
        spendLimits = controls.spendLimits
        usageLimits = controls.usageLimits
        usageAlerts = controls.usageAlerts
        overagePermissions = controls.overagePermissions
        autoTopUps = controls.autoTopUps.isEmpty ? nil : controls.autoTopUps
    }
}

extension EntityListCall {
    static let largest = 100
    static let usual = 50
}

extension Fingerprint {
    fileprivate mutating func add(_ set: SetControls) {
        add(set.entity)
        add(set.isPoolingDisabled.map { $0 ? 2 : 1 } ?? 0)
        add(set.spendLimits) { fingerprint, limit in
            fingerprint.add(UInt64(limit.feature?.rawValue ?? 0) << 1 | (limit.isEnabled ? 1 : 0))
            switch limit.bound {
            case .absent: fingerprint.add(3)
            case .units(let units): fingerprint.add(units)
            case .percentage(let percentage):
                fingerprint.add(2)
                fingerprint.add(percentage)
            }
        }
        add(set.usageLimits) { fingerprint, limit in
            fingerprint.add(UInt64(limit.feature.rawValue) << 1 | (limit.isEnabled ? 1 : 0))
            fingerprint.add(limit.limit)
            fingerprint.add(
                UInt64(limit.interval.rawValue) << 8 | UInt64(limit.anchor.rawValue))
            fingerprint.add(limit.filter)
        }
        add(set.usageAlerts) { fingerprint, alert in
            fingerprint.add(UInt64(alert.feature?.rawValue ?? 0) << 1 | (alert.isEnabled ? 1 : 0))
            fingerprint.add(alert.threshold)
            fingerprint.add(UInt64(alert.measure.rawValue))
            fingerprint.add(alert.name)
        }
        add(set.overagePermissions) { fingerprint, permission in
            fingerprint.add(
                UInt64(permission.feature.rawValue) << 1 | (permission.isEnabled ? 1 : 0))
        }
        // Without any as ever, so that ids from before there were any are known.
        guard set.autoTopUps != nil else { return }
        add(set.autoTopUps) { fingerprint, topUp in
            fingerprint.add(UInt64(topUp.feature.rawValue) << 1 | (topUp.isEnabled ? 1 : 0))
            fingerprint.add(topUp.threshold)
            fingerprint.add(topUp.quantity)
            fingerprint.add(UInt64(topUp.limit?.count ?? 0))
            fingerprint.add(UInt64(topUp.limit?.cycle.interval.rawValue ?? 0))
            fingerprint.add(UInt64(topUp.limit?.cycle.count ?? 0))
        }
    }

    private mutating func add<Item>(
        _ items: [Item]?, _ each: (inout Fingerprint, Item) -> Void
    ) {
        add(items.map { UInt64($0.count) + 1 } ?? 0)
        for item in items ?? [] { each(&self, item) }
    }
}
