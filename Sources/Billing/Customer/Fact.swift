/// One change of a customer's state: an outcome with its amounts, never an input.
///
/// Facts are what the log holds. Applying one reads neither rules, nor catalog, nor clock, so a new
/// binary replays an old log to the same state.
package enum Fact: Sendable, Equatable {
    case deducted(bucket: UInt32, amount: Quantity)
    case usageRecorded(feature: FeatureNumber, value: Quantity, label: EventLabel? = nil)
    case bucketReset(bucket: UInt32, balance: Quantity, nextReset: Timestamp)
    case bucketClosed(bucket: UInt32)
    indirect case bucketOpened(Bucket)
    indirect case customerCreated(name: String, email: String, time: Timestamp)
    indirect case profileChanged(name: String, email: String)
    indirect case subscriptionChanged(Subscription)
    case subscriptionDropped(number: UInt32)
    indirect case effectRequested(Effect)
    indirect case effectSettled(id: String, outcome: EffectOutcome)
    indirect case checkoutOpened(Checkout)
    indirect case checkoutClosed(session: String, paid: Bool)
    indirect case methodSaved(PaymentMethod)
    indirect case invoiceRaised(Invoice)
    case invoiceDropped(number: UInt32)
    /// The metadata from now on.
    case metadataChanged([MetadataEntry])
    /// There is no such customer any more.
    case customerDeleted
    /// Name, email and metadata went, and all that is sealed with this key; 0: there was no key.
    case customerErased(key: UInt32)
}

extension Fact {
    /// It says something about a person that erasure must remove.
    package var isPersonal: Bool {
        switch self {
        case .usageRecorded(_, _, let label): label.map { !$0.properties.isEmpty } ?? false
        case .customerCreated(let name, let email, _): !name.isEmpty || !email.isEmpty
        // Also when it leaves nothing: the answer beside it shows what else there is.
        case .profileChanged, .metadataChanged: true
        case .deducted, .bucketReset, .bucketClosed, .bucketOpened, .subscriptionChanged,
            .subscriptionDropped, .effectRequested, .effectSettled, .checkoutOpened,
            .checkoutClosed, .methodSaved, .invoiceRaised, .invoiceDropped, .customerErased,
            .customerDeleted:
            false
        }
    }
}

/// What the provider answered.
package enum EffectOutcome: Sendable, Equatable {
    case done
    case declined(code: String)
}
