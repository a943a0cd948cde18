package import Billing

/// Seals what is personal with its customer's key, so that it is gone from every copy once the key
/// is.
package protocol CustomerSeals: Sendable {
    /// The content of a `tally.disk.v1.Sealed`; nil: the key is destroyed.
    func seal(
        _ content: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> [UInt8]?

    func open(
        _ sealed: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> Unsealed
}

/// Where something sealed is kept: what was sealed for one place opens at no other.
package enum SealUse: UInt8, Sendable {
    case record = 1
    case state = 2
    case extras = 3
}

/// What comes of opening.
package enum Unsealed: Sendable {
    case content([UInt8])
    /// The key is destroyed.
    case destroyed
    /// It can't be told what was sealed, and that is damage.
    case failed(String)
}

/// Opens nothing, for whoever only looks at a log: what is sealed reads as if it were erased.
package struct ClosedSeals: CustomerSeals {
    package init() {}

    package func seal(
        _ content: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> [UInt8]? { nil }

    package func open(
        _ sealed: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> Unsealed { .destroyed }
}
