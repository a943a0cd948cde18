package import Billing

/// The API's methods that change something, as the scope of request ids. Stored: never renumbered.
package enum Method: UInt32, Sendable {
    case track = 1
    case check = 2
    case attach = 3
    case getOrCreateCustomer = 4
    case eraseCustomer = 5
    case updateCustomer = 6
    case deleteCustomer = 7
}

/// Why a request could not be made sense of.
package enum CallFault: Error, Sendable {
    /// Not a message of the method's type.
    case malformed
    /// Unpacking it would take more memory than one call may use.
    case tooLarge
    case invalid([Violation])
    case refused(Refusal)
}

/// A check, ready to be answered.
package struct CheckCall: Sendable {
    package enum Subject: Sendable {
        case feature(FeatureNumber)
        case plan(PlanNumber)
    }

    package var customer: CustomerID
    package var subject: Subject
    package var required: Quantity
    package var deduct: Bool
    package var request: RequestMark?
}

/// A track, ready to be executed.
package struct TrackCall: Sendable {
    package var customer: CustomerID
    package var usage: TrackUsage
    package var request: RequestMark?
}

/// An attach, ready to be executed.
package struct AttachCall: Sendable {
    package var customer: CustomerID
    package var plan: PlanNumber
    package var successURL: String
    package var request: RequestMark?
}

/// A get-or-create, ready to be executed.
package struct CreateCall: Sendable {
    package var customer: CustomerID
    package var create: CreateCustomer
    package var request: RequestMark?
}

/// An update, ready to be executed.
package struct UpdateCall: Sendable {
    package var customer: CustomerID
    package var update: UpdateCustomer
    package var request: RequestMark?
}

/// An erasure or a deletion, ready to be executed.
package struct EraseCall: Sendable {
    package var customer: CustomerID
    package var request: RequestMark?
}

/// A publication, not yet validated against the catalog.
package struct PublishCall: Sendable {
    package var draft: PricingDraft
    package var validateOnly: Bool
    package var requestID: String

    package init(draft: PricingDraft, validateOnly: Bool, requestID: String) {
        self.draft = draft
        self.validateOnly = validateOnly
        self.requestID = requestID
    }
}

/// A keyed hash of a command's canonical form: the same command through any face gives the same.
struct Fingerprint {
    private(set) var value: UInt64

    init(key: UInt64, method: Method) {
        self.init(key: key, scope: UInt64(method.rawValue))
    }

    /// - Parameter scope: of a method, its number; of anything else, a number beyond them.
    init(key: UInt64, scope: UInt64) {
        value = InlineText.fold(key ^ scope, 0x9E37_79B9_7F4A_7C15)
    }

    mutating func add(_ number: UInt64) {
        value = InlineText.fold(value ^ number, 0xD6E8_FEB8_6659_FD93)
    }

    mutating func add(_ quantity: Quantity) {
        add(UInt64(truncatingIfNeeded: quantity.raw))
        add(UInt64(truncatingIfNeeded: quantity.raw >> 64))
    }

    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(UInt64(byte)) }
    }
}
