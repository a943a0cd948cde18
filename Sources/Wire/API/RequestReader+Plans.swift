internal import Billing
internal import CProtobufC
internal import CTallyProto

/// Plans of a customer's own, and moves between versions.
extension RequestReader {
    package func migrateCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> MigrateCall {
        let message = try open(bytes, tally__v1__migrate_customer_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let requestID = fields.requestID(message.pointee.request_id)
        let plan = try plan(message.pointee.plan_id, &fields)
        guard let customer, let plan, fields.violations.isEmpty else {
            throw .invalid(fields.violations)
        }
        var migrate = MigrateCustomer(plan: plan)
        migrate.from = message.pointee.from_version == 0 ? nil : message.pointee.from_version
        migrate.to = message.pointee.to_version == 0 ? nil : message.pointee.to_version
        migrate.includesCustom = message.pointee.include_custom != 0
        var fingerprint = Fingerprint(key: fingerprintKey, method: .migrateCustomer)
        fingerprint.add(UInt64(plan.rawValue))
        fingerprint.add(UInt64(message.pointee.from_version))
        fingerprint.add(UInt64(message.pointee.to_version))
        fingerprint.add(migrate.includesCustom ? 1 : 0)
        migrate.request = mark(requestID, .migrateCustomer, fingerprint)
        return MigrateCall(
            customer: customer, migrate: migrate, isDryRun: message.pointee.dry_run != 0)
    }

    /// nil: nothing is customized.
    func customization(
        _ message: UnsafeMutablePointer<Tally__V1__PlanCustomization>?,
        _ fields: inout FieldReader
    ) -> PlanPatch? {
        guard let message = message?.pointee else { return nil }
        let path = "customize"
        var reader = DraftReader(prefix: "")
        var patch = PlanPatch()
        if let price = message.price?.pointee {
            patch.price = .set(reader.basePrice(price, at: "\(path).price"))
        }
        if message.remove_price != 0 {
            if message.price != nil { reader.fields.fault("\(path).remove_price", "or price") }
            patch.price = .removed
        }
        if let items = message.items?.pointee {
            patch.items = reader.items(items.n_items, items.items, at: "\(path).items.items")
        }
        patch.addedItems = reader.items(
            message.n_add_items, message.add_items, at: "\(path).add_items")
        for (index, filter) in elements(message.n_remove_items, message.remove_items).enumerated() {
            let id = reader.text(filter.pointee.feature_id)
            let path = "\(path).remove_items[\(index)]"
            if id.isEmpty { reader.fields.fault("\(path).feature_id", "is required") }
            let raw = filter.pointee.reset_interval.rawValue
            let interval = UInt8(exactly: raw).flatMap { Interval(rawValue: $0) }
            if raw != 0, interval == nil {
                reader.fields.fault("\(path).reset_interval", "is no value of this version")
            }
            patch.removedItems.append(PlanPatch.ItemFilter(featureID: id, reset: interval))
        }
        if let trial = message.free_trial?.pointee {
            patch.trial = .set(reader.trial(trial, at: "\(path).free_trial"))
        }
        if message.remove_free_trial != 0 {
            if message.free_trial != nil {
                reader.fields.fault("\(path).remove_free_trial", "or free_trial")
            }
            patch.trial = .removed
        }
        if let controls = message.controls {
            patch.controls = reader.controls(controls.pointee, at: "\(path).controls")
        }
        fields.add(reader.fields)
        return patch
    }
}

extension Fingerprint {
    /// Nothing is added where there is nothing, as before there could be.
    mutating func add(
        version: UInt32, customize: UnsafeMutablePointer<Tally__V1__PlanCustomization>?,
        _ arena: Arena
    ) {
        if version != 0 { add(UInt64(version) | 1 << 40) }
        if let customize { add(arena.pack(customize)) }
    }
}
