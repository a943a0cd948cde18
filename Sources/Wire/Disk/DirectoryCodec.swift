package import Billing
internal import CTallyProto

/// A commit as it goes to the directory's log.
package struct DirectoryRecord {
    package enum Change: Equatable {
        case published(PricingDraft)
        case clockMoved(EnvironmentClockMove)
        /// A customer is about to redeem a code, which counts from now on.
        case codeReserved(id: String, code: String, customer: String)
        /// It has, or hasn't after all.
        case codeSettled(id: String, isKept: Bool)
        /// It was redeemed elsewhere, so often.
        case codeCounted(code: String, redemptions: Int)
        /// A customer has a code that it refers others with.
        case referralCodeMade(code: String, programme: String, customer: String)
        /// What fingerprints are hashed with, for good.
        case fingerprintKeyed(key: [UInt8])
    }

    package var time: Timestamp
    package var change: Change
    package var requestID: String

    package init(time: Timestamp, change: Change, requestID: String) {
        self.time = time
        self.change = change
        self.requestID = requestID
    }

    package init(time: Timestamp, published: PricingDraft, requestID: String) {
        self.init(time: time, change: .published(published), requestID: requestID)
    }

    package var published: PricingDraft? {
        if case .published(let draft) = change { draft } else { nil }
    }
}

/// Customer time in an environment, from some moment on.
package struct EnvironmentClockMove: Sendable, Equatable {
    /// Milliseconds ahead of the machine's clock.
    package var offset: Int64
    /// What the clock showed then.
    package var time: Timestamp
    /// Of the request.
    package var fingerprint: UInt64

    package init(offset: Int64, time: Timestamp, fingerprint: UInt64) {
        self.offset = offset
        self.time = time
        self.fingerprint = fingerprint
    }
}

extension RecordWriter {
    package func directory(_ record: DirectoryRecord) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__disk__v1__directory_record__init)
        message.pointee.commit_time = record.time.milliseconds
        switch record.change {
        case .published(let draft): add(draft, record.requestID, to: message)
        case .clockMoved(let move):
            let moved = arena.make(tally__disk__v1__test_clock_moved__init)
            moved.pointee.offset_ms = move.offset
            moved.pointee.time = move.time.milliseconds
            moved.pointee.request_id = arena.string(record.requestID)
            moved.pointee.payload_fingerprint = move.fingerprint
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_TEST_CLOCK_MOVED
            message.pointee.test_clock_moved = moved
        case .codeReserved, .codeSettled, .codeCounted: add(record.change, to: message)
        case .referralCodeMade, .fingerprintKeyed: addReferral(record.change, to: message)
        }
        return arena.pack(message)
    }

    private func add(
        _ draft: PricingDraft, _ requestID: String,
        to message: UnsafeMutablePointer<Tally__Disk__V1__DirectoryRecord>
    ) {
        let published = arena.make(tally__disk__v1__catalog_published__init)
        published.pointee.catalog = CatalogWriter(arena: arena).message(
            draft, revisions: draft.plans.map { _ in 0 })
        published.pointee.request_id = arena.string(requestID)
        if draft.archives {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_ARCHIVED
            message.pointee.catalog_published_with_archived = published
        } else if draft.taxesAutomatically {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_AUTOMATIC_TAX
            message.pointee.catalog_published_with_automatic_tax = published
        } else if draft.removes {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_DELETIONS
            message.pointee.catalog_published_with_deletions = published
        } else if draft.plans.contains(where: \.hasSeats) {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_SEATS
            message.pointee.catalog_published_with_seats = published
        } else if draft.hasTaxes {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_TAXES
            message.pointee.catalog_published_with_taxes = published
        } else if draft.plans.contains(where: \.hasCurrencies) {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_CURRENCIES
            message.pointee.catalog_published_with_currencies = published
        } else if draft.hasPauses {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_PAUSES
            message.pointee.catalog_published_with_pauses = published
        } else if draft.hasReferrals {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_REFERRALS
            message.pointee.catalog_published_with_referrals = published
        } else if !draft.rewards.isEmpty {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_REWARDS
            message.pointee.catalog_published_with_rewards = published
        } else if draft.hasModes {
            message.pointee.kind_case =
                TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_MODES
            message.pointee.catalog_published_with_modes = published
        } else {
            message.pointee.kind_case = TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED
            message.pointee.catalog_published = published
        }
    }
}

extension RecordDecoder {
    package func directory(
        _ bytes: UnsafeRawBufferPointer
    ) throws(RecordFault) -> DirectoryRecord {
        let message = try open(bytes, tally__disk__v1__directory_record__init)
        let time = Timestamp(milliseconds: message.pointee.commit_time)
        let published: Tally__Disk__V1__CatalogPublished
        switch message.pointee.kind_case {
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED:
            published = try need(message.pointee.catalog_published)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_MODES:
            published = try need(message.pointee.catalog_published_with_modes)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_REWARDS:
            published = try need(message.pointee.catalog_published_with_rewards)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_REFERRALS:
            published = try need(message.pointee.catalog_published_with_referrals)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_PAUSES:
            published = try need(message.pointee.catalog_published_with_pauses)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_CURRENCIES:
            published = try need(message.pointee.catalog_published_with_currencies)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_TAXES:
            published = try need(message.pointee.catalog_published_with_taxes)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_SEATS:
            published = try need(message.pointee.catalog_published_with_seats)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_AUTOMATIC_TAX:
            published = try need(message.pointee.catalog_published_with_automatic_tax)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_DELETIONS:
            published = try need(message.pointee.catalog_published_with_deletions)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_CATALOG_PUBLISHED_WITH_ARCHIVED:
            published = try need(message.pointee.catalog_published_with_archived)
        case TALLY__DISK__V1__DIRECTORY_RECORD__KIND_TEST_CLOCK_MOVED:
            let moved = try need(message.pointee.test_clock_moved)
            let move = EnvironmentClockMove(
                offset: moved.offset_ms, time: Timestamp(milliseconds: moved.time),
                fingerprint: moved.payload_fingerprint)
            return DirectoryRecord(
                time: time, change: .clockMoved(move), requestID: text(moved.request_id))
        default:
            let referral = try referral(message.pointee)
            let change = if let referral { referral } else { try redemption(message.pointee) }
            return DirectoryRecord(time: time, change: change, requestID: "")
        }
        var reader = DraftReader(prefix: "")
        let draft = reader.draft(try need(published.catalog))
        if let fault = reader.fields.violations.first {
            throw RecordFault("a published catalog is damaged: \(fault.path) \(fault.message)")
        }
        return DirectoryRecord(
            time: time, change: .published(draft), requestID: text(published.request_id))
    }
}

extension PricingDraft {
    /// What came last comes first: who knows of it knows of the others, too.
    fileprivate var archives: Bool {
        features.contains(where: \.isArchived) || plans.contains(where: \.isArchived)
    }

    /// So does tax that is found.
    fileprivate var taxesAutomatically: Bool {
        settings.map { $0.automaticTax != .off } ?? false
    }

    /// So do tax rates.
    fileprivate var hasTaxes: Bool {
        !taxRates.isEmpty || settings?.defaultTaxRate.isEmpty == false
    }

    /// So does a trial that reverts.
    fileprivate var hasPauses: Bool { plans.contains { $0.trial?.onEnd == .revert } }

    /// So does something of it that came with referrals.
    fileprivate var hasReferrals: Bool {
        !rewards.gifts.isEmpty || !rewards.programmes.isEmpty
            || plans.contains { $0.trial?.isUnique == true }
    }

    /// Something in it changes what balances are worth, and binaries before it would overlook it.
    fileprivate var hasModes: Bool {
        var rest = settings ?? PricingSettings()
        rest.keepsFreeOverage = false
        return rest != PricingSettings() || features.contains(where: \.isShadow)
    }
}
