/// Where a customer is billed: personal, like the name.
package struct PostalAddress: Sendable, Equatable {
    /// In bytes, of each part.
    package static let partLimit = 256

    package var line1 = ""
    package var line2 = ""
    package var city = ""
    /// A state, province or region.
    package var state = ""
    package var postalCode = ""
    /// ISO 3166-1, two capitals. Empty only where the whole address is.
    package var country = ""

    package init() {}

    package var isEmpty: Bool { self == PostalAddress() }

    /// Two letters, in capitals; nil: it isn't that.
    package static func country(_ text: String) -> String? {
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let code = text.uppercased()
        return code.utf8.count == 2 && code.utf8.allSatisfy { letters.contains($0) } ? code : nil
    }
}
