internal import Billing
internal import CTallyProto

extension FieldReader {
    /// One with nothing in it is none.
    mutating func address(_ message: Tally__V1__PostalAddress) -> PostalAddress {
        let limit = PostalAddress.partLimit
        var address = PostalAddress()
        address.line1 = text(message.line1, at: "address.line1", limit: limit)
        address.line2 = text(message.line2, at: "address.line2", limit: limit)
        address.city = text(message.city, at: "address.city", limit: limit)
        address.state = text(message.state, at: "address.state", limit: limit)
        address.postalCode = text(message.postal_code, at: "address.postal_code", limit: limit)
        let country = text(message.country, at: "address.country", limit: limit)
        if address.isEmpty, country.isEmpty { return address }
        if let code = PostalAddress.country(country) {
            address.country = code
        } else {
            fault(
                "address.country",
                "must be a country's two letters, such as \"DE\"; to remove an address leave all "
                    + "its parts empty")
        }
        return address
    }
}

extension Fingerprint {
    mutating func add(_ address: PostalAddress) {
        add(1 << 34)
        for part in address.parts { add(part) }
    }
}

extension PostalAddress {
    fileprivate var parts: [String] { [line1, line2, city, state, postalCode, country] }
}

extension ReplyWriter {
    func address(
        _ address: PostalAddress
    ) -> UnsafeMutablePointer<Tally__V1__PostalAddress> {
        let message = arena.make(tally__v1__postal_address__init)
        message.pointee.line1 = arena.string(address.line1)
        message.pointee.line2 = arena.string(address.line2)
        message.pointee.city = arena.string(address.city)
        message.pointee.state = arena.string(address.state)
        message.pointee.postal_code = arena.string(address.postalCode)
        message.pointee.country = arena.string(address.country)
        return message
    }
}
