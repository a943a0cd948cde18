package import Billing
internal import CTallyProto

/// A publication as it goes to the directory's log.
package struct DirectoryRecord {
    package var time: Timestamp
    package var published: PricingDraft
    package var requestID: String

    package init(time: Timestamp, published: PricingDraft, requestID: String) {
        self.time = time
        self.published = published
        self.requestID = requestID
    }
}

extension RecordWriter {
    package func directory(_ record: DirectoryRecord) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__disk__v1__directory_record__init)
        message.pointee.commit_time = record.time.milliseconds
        let published = arena.make(tally__disk__v1__catalog_published__init)
        published.pointee.catalog = CatalogWriter(arena: arena).message(
            record.published, revisions: record.published.plans.map { _ in 0 })
        published.pointee.request_id = arena.string(record.requestID)
        if record.published.hasModes {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_MODES
            message.pointee.catalog_published_with_modes = published
        } else {
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED
            message.pointee.catalog_published = published
        }
        return arena.pack(message)
    }
}

extension RecordDecoder {
    package func directory(
        _ bytes: UnsafeRawBufferPointer
    ) throws(RecordFault) -> DirectoryRecord {
        let message = try open(bytes, tally__disk__v1__directory_record__init)
        let published: Tally__Disk__V1__CatalogPublished
        switch message.pointee.kind_case {
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED:
            published = try need(message.pointee.catalog_published)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_MODES:
            published = try need(message.pointee.catalog_published_with_modes)
        default:
            throw RecordFault("unknown directory record: written by a newer version of tally")
        }
        var reader = DraftReader(prefix: "")
        let draft = reader.draft(try need(published.catalog))
        if let fault = reader.fields.violations.first {
            throw RecordFault("a published catalog is damaged: \(fault.path) \(fault.message)")
        }
        return DirectoryRecord(
            time: Timestamp(milliseconds: message.pointee.commit_time), published: draft,
            requestID: text(published.request_id))
    }
}

extension PricingDraft {
    /// Something in it changes what balances are worth, and binaries before it would overlook it.
    fileprivate var hasModes: Bool {
        var rest = settings ?? PricingSettings()
        rest.keepsFreeOverage = false
        return rest != PricingSettings() || features.contains(where: \.isShadow)
    }
}
