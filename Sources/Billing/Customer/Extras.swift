/// What only some customers have that decides about usage: entities, limits, holds, clocks.
package struct Extras: Sendable, Equatable {
    package var entities = EntityTable()
    /// In order of first setting; none is empty. Those of entities are with the entities.
    package var controls: [OwnedControls] = [] {
        didSet { topsUp = controls.contains { !$0.controls.autoTopUps.isEmpty } }
    }
    /// Something may be bought by itself: asked whenever something is used.
    package private(set) var topsUp = false
    /// Counts of usage limits that were ever counted.
    package var windows: [UsageWindow] = []
    /// Open ones, oldest first.
    package var holds: [Hold] = []
    /// Of buckets that aren't merely a plan's grant.
    package var details: [BucketDetail] = []
    package var lastEntity: UInt32 = 0
    /// An entity doesn't draw from what the customer has as a whole.
    package var isPoolingDisabled = false
    /// What became of those, one for each feature that there was one of.
    package var topUps: [TopUpRecord] = []
    /// Of a test.
    package var clock = TestClock.unmoved

    package static let none = Extras()

    package init() {}

    package func detail(of bucket: UInt32) -> BucketDetail? {
        details.first { $0.bucket == bucket }
    }

    /// One fact that is about nothing else.
    mutating func apply(_ fact: Fact) {
        switch fact {
        case .entityCreated(let entity):
            entities.insert(entity)
            lastEntity = max(lastEntity, entity.number)
        case .entityClaimed(let number, let id): entities.name(number, id)
        case .entityChanged(let number, let name): entities.change(number) { $0.name = name }
        case .entityDeleted(let number):
            entities.remove(number)
            windows.removeAll { $0.key.entity == number }
        case .controlsSet(let owned): set(owned)
        case .poolingSet(let isDisabled): isPoolingDisabled = isDisabled
        case .clockMoved(let clock): self.clock = clock
        case .holdOpened(let hold): holds.append(hold)
        case .holdExtended(let id, let expires):
            if let index = holds.firstIndex(where: { $0.id == id }) {
                holds[index].expires = expires
            }
        case .holdClosed(let id): holds.removeAll { $0.id == id }
        case .topUpSet(let record):
            topUps.removeAll { $0.feature == record.feature }
            topUps.append(record)
        case .deducted, .usageRecorded, .bucketReset, .bucketClosed, .bucketOpened,
            .bucketChanged, .detailSet, .customerCreated, .profileChanged, .subscriptionChanged,
            .subscriptionDropped, .effectRequested, .effectSettled, .checkoutOpened,
            .checkoutClosed, .methodSaved, .invoiceRaised, .invoiceDropped, .customerErased,
            .windowCounted, .notified, .metadataChanged, .customerDeleted, .creditChanged,
            .invoiceChanged, .debtSet, .refundSet, .refundDropped, .invoiceReturned, .disputeSet,
            .disputeDropped, .reminded, .discountsSet, .codeRedeemed, .customPlanSet,
            .customPlanDropped, .zoneSet, .currencySet, .taxRateSet, .receivableSet,
            .invoiceOverdue,
            .referralSet, .referralCodeSet, .fingerprintSet, .schedulesSet, .phaseBegan,
            .payerSet, .methodRemoved, .takeoverSet, .trialUsed, .profileOwed, .addressSet,
            .externalInvoiceSet, .taxesFound:
            preconditionFailure("this fact is about more than extras")
        }
    }

    private mutating func set(_ owned: OwnedControls) {
        if case .entity(let number) = owned.owner {
            return entities.change(number) { $0.controls = owned.controls }
        }
        let index = controls.firstIndex { $0.owner == owned.owner }
        switch (index, owned.controls.isEmpty) {
        case (let index?, false): controls[index] = owned
        case (let index?, true): controls.remove(at: index)
        case (nil, false): controls.append(owned)
        case (nil, true): break
        }
    }

    /// There is another card.
    mutating func forgetTopUpFailures() {
        for index in topUps.indices { topUps[index].forgetFailures() }
    }

    /// Something in it is about a person.
    package var isPersonal: Bool {
        holds.contains { !$0.properties.isEmpty }
            || entities.all.contains { !$0.name.isEmpty }
    }

    /// What is personal goes.
    package mutating func erase() {
        for index in holds.indices { holds[index].properties = [] }
        for number in entities.all.map(\.number) {
            entities.change(number) { $0.name = "" }
        }
    }
}

/// What is to be known of a bucket that isn't merely a plan's grant.
package struct BucketDetail: Sendable, Equatable {
    package var bucket: UInt32
    /// The caller's name for it; empty: none.
    package var name: String
    /// What was added to the grant until the next reset.
    package var adjustment: Quantity
    /// The part of the grant that was bought in packs.
    package var prepaid: Quantity
    package var rollover: Rollover?
    /// The bucket that it went over from; 0: it is none of these.
    package var parent: UInt32

    package init(
        bucket: UInt32, name: String = "", adjustment: Quantity = .zero, prepaid: Quantity = .zero,
        rollover: Rollover? = nil, parent: UInt32 = 0
    ) {
        self.bucket = bucket
        self.name = name
        self.adjustment = adjustment
        self.prepaid = prepaid
        self.rollover = rollover
        self.parent = parent
    }

    var isNeeded: Bool {
        !name.isEmpty || adjustment != .zero || prepaid != .zero || rollover != nil
            || parent != 0
    }
}

/// What of a balance goes over into the next cycle (entitlements §5.3).
package struct Rollover: Sendable, Equatable {
    package enum Cap: Sendable, Equatable {
        case none
        /// Units of all that went over.
        case units(Quantity)
        /// Of what each cycle begins with.
        case percentage(Quantity)
    }

    package var cap: Cap
    /// Months that it can be used for; 0: for good.
    package var months: UInt32

    package init(cap: Cap, months: UInt32) {
        self.cap = cap
        self.months = months
    }
}
