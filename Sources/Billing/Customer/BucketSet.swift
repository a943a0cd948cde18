/// A customer's buckets: the first four in place, more on the heap.
///
/// Most customers have at most four, and then reading or changing them touches no other memory.
package struct BucketSet: Sendable {
    private var inline: InlineArray<4, Bucket>
    private var overflow: [Bucket] = []
    private var used: UInt32 = 0

    private static let vacant = Bucket(
        number: 0, feature: FeatureNumber(rawValue: 0), subscription: 0, granted: .zero,
        balance: .zero, cycle: Cycle(.oneOff), anchor: .epoch, nextReset: .never, created: .epoch,
        flags: [])

    package init() {
        inline = InlineArray(repeating: BucketSet.vacant)
    }

    package var count: Int { Int(used) }

    package subscript(index: Int) -> Bucket {
        // Not `_read`, which allocates a frame each time.
        get { index < 4 ? inline[index] : overflow[index - 4] }
        set {
            if index < 4 {
                inline[index] = newValue
            } else {
                overflow[index - 4] = newValue
            }
        }
    }

    package func index(ofNumber number: UInt32) -> Int? {
        for index in 0..<count where self[index].number == number { return index }
        return nil
    }

    package mutating func append(_ bucket: Bucket) {
        if count < 4 {
            inline[count] = bucket
        } else {
            overflow.append(bucket)
        }
        used += 1
    }

    /// Keeps the order of the others: it is part of the state.
    package mutating func remove(at index: Int) {
        for next in index..<(count - 1) { self[next] = self[next + 1] }
        if count > 4 { overflow.removeLast() } else { inline[count - 1] = BucketSet.vacant }
        used -= 1
    }

    /// Applies a fact that is about balances only, as those of tracks and checks are; false: this
    /// one concerns more of the customer.
    package mutating func apply(_ fact: Fact) -> Bool {
        switch fact {
        case .deducted(let bucket, let amount): draw(amount, fromBucket: bucket)
        case .usageRecorded: break
        case .bucketReset, .bucketOpened, .bucketClosed, .customerCreated, .profileChanged,
            .subscriptionChanged, .subscriptionDropped, .effectRequested, .effectSettled,
            .checkoutOpened, .checkoutClosed, .methodSaved, .invoiceRaised, .invoiceDropped,
            .customerErased, .metadataChanged, .customerDeleted:
            return false
        }
        return true
    }

    package mutating func draw(_ amount: Quantity, fromBucket number: UInt32) {
        for index in 0..<count where self[index].number == number {
            draw(amount, at: index)
            return
        }
    }

    /// Changes one balance where it lies.
    package mutating func draw(_ amount: Quantity, at index: Int) {
        if index < 4 {
            inline[index].balance = inline[index].balance - amount
        } else {
            overflow[index - 4].balance = overflow[index - 4].balance - amount
        }
    }
}
