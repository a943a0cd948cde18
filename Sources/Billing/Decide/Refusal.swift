/// The domain says no: the caller asked for something the rules don't allow.
package enum Refusal: Error, Sendable, Equatable {
    case customerNotFound(String)
    case planNotFound(String)
    case featureNotFound(String)
    case entityNotFound(String)
    case entityExists(String)
    /// There is one without an id already.
    case entityIDRequired(featureID: String)
    case balanceNotFound
    case balanceExists(String)
    case holdNotFound(String)
    case holdExists(String)
    case tooMany(String, limit: Int)
    /// The seats of the entity's feature are used up.
    case featureLimitReached(featureID: String)
    /// What is paid for can't be deleted.
    case balanceIsPaid(String)
    case invalid([Violation])
    /// Somebody else has published since: the present sequence.
    case catalogChanged(sequence: UInt64)
    /// What is to be deleted is still needed.
    case inUse([Violation])
    case planAlreadyAttached(planID: String)
    /// The customer pays in another currency.
    case currencyMismatch(asked: Currency, present: Currency)
    case purchaseInProgress
    /// Seats have to be paid before they are taken, and weren't; the provider's code.
    case seatsDeclined(code: String)
    /// Tax is to be found out, and nobody has said where the customer is billed, or too little.
    case taxAddressRequired(isThere: Bool)
    /// The provider can't say; its code.
    case taxUnknown(code: String)
    /// It has no such subscription, or one that is over.
    case subscriptionNotFound(String)
    /// The preview is too old, or something has changed since.
    case quoteExpired
    case insufficientBalance(featureID: String)
    case requestReused
    /// It may have been answered, so long ago that nobody remembers.
    case requestTooOld
    case checkoutNotFound
    case paymentProviderMissing
    /// The data folder is of a format that seals nothing.
    case erasureNeedsUpgrade
    /// Records from before the upgrade still say it in the clear: until then, nil: for good, as
    /// long as the whole history is kept.
    case erasureTooEarly(until: Timestamp?)
    /// Only a sandbox has clocks that can be moved.
    case clockNotOfTest
    case clockBackwards(now: Timestamp)
    /// The answer was erased with the customer's personal data.
    case requestErased
    /// Of the customer's past the log has only what came after this.
    case historyTooShort(since: Timestamp)
    /// More commits than that lie between a known state and the moment asked for.
    case historyTooLong(limit: Int)
    /// It has no such invoice, or one so old that only the log has it.
    case invoiceNotFound(UInt32)
    /// Not so much of what a card paid is left.
    case refundTooLarge(left: Money)
    /// Only a sandbox's provider does what it is told.
    case providerNotOfSandbox
    case couponNotFound(String)
    case promotionCodeNotFound(String)
    case promotionCodeRefused(String, CodeFault)
    /// It was redeemed by this customer before.
    case codeAlreadyRedeemed(String)
    case discountExists(couponID: String)
    case discountNotFound(couponID: String)
    /// Nothing is planned.
    case scheduleNotFound
    /// A card is charged for it, or it is settled.
    case invoiceNotSent(UInt32)
    /// It is a draft.
    case invoiceNotFinal(UInt32)
    /// It is no draft.
    case invoiceFinal(UInt32)
    case programmeNotFound(String)
    case referralCodeNotFound(String)
    /// A customer can't bring itself.
    case ownReferralCode(String)
    /// Nor somebody who is the same by fingerprint.
    case sameFingerprint(String)
    /// It has redeemed a code of that programme before.
    case referralRedeemed(String)
    case referralCodeUsedUp(String)
    /// The directory has yet to be asked for the trial: the fingerprint is a new one.
    case trialUnclaimed
}

/// Why a code isn't taken.
package enum CodeFault: Sendable, Equatable {
    case expired
    /// The customer has paid for something before.
    case firstPurchaseOnly
    case usedUp
}
