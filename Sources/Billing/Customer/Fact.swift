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
}

/// What the provider answered.
package enum EffectOutcome: Sendable, Equatable {
    case done
    case declined(code: String)
}
