/// A customer's buckets, and what else decides about usage: the first four buckets in place, the
/// rest on the heap, as are all that follow one which doesn't fit in place.
///
/// Most customers have at most four and nothing else, and then reading or changing them touches no
/// other memory.
package struct BucketSet: Sendable {
    private var near = InlineArray<4, NearBucket>(repeating: NearBucket())
    /// Those after the near ones.
    private var far: [Bucket] = []
    private var box: ExtrasBox?
    private var nearCount: UInt8 = 0
    /// 255: so many, or more. Here too, so that nothing far is touched to learn that there is none.
    private var farCount: UInt8 = 0
    /// The features of the first far buckets, close to hand: most questions are about one feature,
    /// and far buckets stay far. 0: a larger number, which the bucket has itself.
    private var farFeatures = InlineArray<9, UInt8>(repeating: 0)

    package init() {}

    package var count: Int { nears + fars }

    @inline(__always)
    private var nears: Int { Int(nearCount) }

    @inline(__always)
    private var fars: Int { farCount < .max ? Int(farCount) : far.count }

    package subscript(index: Int) -> Bucket {
        // Not `_read`, which allocates a frame each time.
        get { index < nears ? near[index].bucket : far[index - nears] }
        set {
            if index >= nears {
                far[index - nears] = newValue
                noteFar(newValue.feature, at: index - nears)
            } else if let fitting = NearBucket(newValue) {
                near[index] = fitting
            } else {
                far.insert(contentsOf: (index..<nears).map { near[$0].bucket }, at: 0)
                far[0] = newValue
                nearCount = UInt8(index)
                noteAllFar()
            }
        }
    }

    /// That alone: who looks for something in fifty buckets doesn't read them.
    @inline(__always)
    func feature(at index: Int) -> FeatureNumber {
        guard index >= nears else { return near[index].feature }
        let noted = notedFar(index - nears)
        return noted == 0 ? far[index - nears].feature : FeatureNumber(rawValue: UInt32(noted))
    }

    /// 0: the bucket must be asked.
    @inline(__always)
    private func notedFar(_ index: Int) -> UInt8 {
        index < farFeatures.count ? farFeatures[index] : 0
    }

    private mutating func noteFar(_ feature: FeatureNumber, at index: Int) {
        guard index < farFeatures.count else { return }
        farFeatures[index] = UInt8(exactly: feature.rawValue) ?? 0
    }

    private mutating func noteAllFar() {
        farCount = UInt8(clamping: far.count)
        for index in 0..<min(far.count, farFeatures.count) {
            noteFar(far[index].feature, at: index)
        }
    }

    /// Whether a far bucket is of a feature, or may be, as far as can be told without it.
    @inline(__always)
    private func mayBe(_ feature: FeatureNumber, far index: Int) -> Bool {
        let noted = notedFar(index)
        return noted == 0 || UInt32(noted) == feature.rawValue
    }

    /// The far buckets, on the heap, that are of a feature, or may be: the address of the array of
    /// all, and the index. Good for nothing but to fetch them ahead: handing out the array would
    /// count a reference, and wait for the very memory. `mutating`, as the compiler would copy what
    /// is borrowed.
    ///
    /// - Parameter feature: asked for if there are far ones; nil: none.
    package mutating func eachFar(
        of feature: () -> FeatureNumber?, _ body: (_ array: UInt, _ index: Int) -> Void
    ) {
        guard farCount > 0, let feature = feature() else { return }
        let array = withUnsafeBytes(of: &far) { $0.load(as: UInt.self) }
        let limit = min(Int(farCount), BucketSet.fetchLimit)
        for index in 0..<limit where mayBe(feature, far: index) { body(array, index) }
    }

    /// Far buckets that are fetched ahead at most; where there are more, one follows the other in
    /// memory, and the processor notices.
    private static var fetchLimit: Int { 64 }

    /// Those of a feature.
    @inline(__always)
    func each(of feature: FeatureNumber, _ body: (Bucket) -> Void) {
        for index in 0..<nears where near[index].feature == feature { body(near[index].bucket) }
        for index in 0..<fars
        where mayBe(feature, far: index) && far[index].feature == feature {
            body(far[index])
        }
    }

    @inline(__always)
    func flags(at index: Int) -> Bucket.Flags {
        index < nears ? near[index].flags : far[index - nears].flags
    }

    package func index(ofNumber number: UInt32) -> Int? {
        for index in 0..<nears where near[index].number == number { return index }
        for index in 0..<fars where far[index].number == number { return nears + index }
        return nil
    }

    package mutating func append(_ bucket: Bucket) {
        if farCount == 0, nears < 4, let fitting = NearBucket(bucket) {
            near[nears] = fitting
            nearCount += 1
        } else {
            far.append(bucket)
            farCount = UInt8(clamping: far.count)
            noteFar(bucket.feature, at: far.count - 1)
        }
    }

    /// Keeps the order of the others: it is part of the state.
    package mutating func remove(at index: Int) {
        if index >= nears {
            far.remove(at: index - nears)
            return noteAllFar()
        }
        for next in index..<(nears - 1) { near[next] = near[next + 1] }
        nearCount -= 1
    }

    /// Brings near what has room there by now, and gives back the memory that appending has taken
    /// for more: what is kept stays as it is for long.
    package mutating func trim() {
        var moved = 0
        while nears < 4, moved < far.count, let fitting = NearBucket(far[moved]) {
            near[nears] = fitting
            nearCount += 1
            moved += 1
        }
        if moved > 0 {
            far.removeFirst(moved)
            noteAllFar()
        }
        if far.capacity > far.count + 1 { far = far.map(\.self) }
    }

    /// Applies a fact that is about balances only, as those of tracks and checks are; false: this
    /// one concerns more of the customer.
    package mutating func apply(_ fact: Fact) -> Bool {
        switch fact {
        case .deducted(let bucket, let amount, let entity):
            if entity == 0 {
                draw(amount, fromBucket: bucket)
            } else {
                change(bucket: bucket, of: entity) { $0.balance = $0.balance - amount }
            }
        case .windowCounted(let window): count(window)
        case .usageRecorded, .notified: break
        case .bucketReset, .bucketOpened, .bucketClosed, .bucketChanged, .customerCreated,
            .profileChanged, .subscriptionChanged, .subscriptionDropped, .effectRequested,
            .effectSettled, .checkoutOpened, .checkoutClosed, .methodSaved, .invoiceRaised,
            .invoiceDropped, .creditChanged, .invoiceChanged, .debtSet, .customerErased,
            .entityCreated, .entityClaimed, .entityChanged, .entityDeleted, .controlsSet,
            .poolingSet, .holdOpened, .holdExtended,
            .holdClosed, .detailSet, .metadataChanged, .customerDeleted, .clockMoved, .refundSet,
            .refundDropped, .invoiceReturned, .disputeSet, .disputeDropped, .reminded,
            .discountsSet, .codeRedeemed, .customPlanSet, .customPlanDropped, .zoneSet,
            .currencySet, .taxRateSet,
            .receivableSet, .invoiceOverdue, .topUpSet,
            .referralSet, .referralCodeSet, .fingerprintSet, .schedulesSet, .phaseBegan,
            .payerSet, .methodRemoved, .takeoverSet, .trialUsed, .profileOwed, .addressSet,
            .externalInvoiceSet, .taxesFound:
            return false
        }
        return true
    }

    package mutating func draw(_ amount: Quantity, fromBucket number: UInt32) {
        if let index = index(ofNumber: number) { draw(amount, at: index) }
    }

    /// Changes one balance where it lies.
    package mutating func draw(_ amount: Quantity, at index: Int) {
        if index < nears {
            near[index].balance = near[index].balance - amount
        } else {
            far[index - nears].balance = far[index - nears].balance - amount
        }
    }
}

/// What only some have.
extension BucketSet {
    package var hasExtras: Bool { box != nil }

    package var extras: Extras {
        get { box?.value ?? .none }
        set { changeExtras { $0 = newValue } }
    }

    // Parts of them, for those who read no others.
    var entities: EntityTable { box?.value.entities ?? EntityTable() }
    var details: [BucketDetail] { box?.value.details ?? [] }
    var isPoolingDisabled: Bool { box?.value.isPoolingDisabled ?? false }
    /// Here, as every usage asks.
    package var topsUp: Bool { box?.value.topsUp ?? false }
    /// Here, as every decision asks for the time.
    package var clock: TestClock { box?.value.clock ?? .unmoved }

    /// Something controls what this scope may use.
    func hasControls(_ scope: Scope) -> Bool {
        guard let box else { return false }
        if !box.value.controls.isEmpty { return true }
        guard scope.isEntity, let entity = box.value.entities.entity(scope.entity) else {
            return false
        }
        return !entity.controls.isEmpty
    }

    /// Changes them where they lie, unless a copy shares them.
    package mutating func changeExtras(_ change: (inout Extras) -> Void) {
        if box == nil {
            box = ExtrasBox(.none)
        } else if !isKnownUniquelyReferenced(&box), let shared = box {
            box = ExtrasBox(shared.value)
        }
        guard let box else { return }
        change(&box.value)
        if box.value == .none { self.box = nil }
    }

    /// Changes a bucket of the customer itself or, if not 0, of an entity.
    mutating func change(
        bucket number: UInt32, of entity: UInt32, _ change: (inout Bucket) -> Void
    ) {
        guard entity != 0 else {
            guard let index = index(ofNumber: number) else { return }
            var bucket = self[index]
            change(&bucket)
            self[index] = bucket
            return
        }
        changeExtras { extras in
            extras.entities.change(entity) { entity in
                guard let index = entity.buckets.firstIndex(where: { $0.number == number })
                else { return }
                change(&entity.buckets[index])
            }
        }
    }

    /// Every bucket, those of entities too, with its entity's number.
    package func each(_ body: (Bucket, _ entity: UInt32) -> Void) {
        for index in 0..<count { body(self[index], 0) }
        guard let box else { return }
        for entity in box.value.entities.all {
            for bucket in entity.buckets { body(bucket, entity.number) }
        }
    }

    private mutating func count(_ window: UsageWindow) {
        changeExtras { extras in
            let index = extras.windows.firstIndex { $0.key == window.key }
            let isSame = index.map {
                extras.windows[$0].start == window.start && extras.windows[$0].end == window.end
            }
            if isSame != true { extras.forgetCounts(in: window.key) }
            if let index {
                extras.windows[index] = window
            } else {
                // Those of limits that nobody has any more would stay for good.
                extras.windows.removeAll { $0.end <= window.start }
                extras.windows.append(window)
            }
        }
    }
}

/// Holds extras on the heap.
// Safety: changed only by its one owner, as checked by `isKnownUniquelyReferenced`.
private final class ExtrasBox: @unchecked Sendable {
    var value: Extras

    init(_ value: Extras) {
        self.value = value
    }
}
