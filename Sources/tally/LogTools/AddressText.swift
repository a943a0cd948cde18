internal import Billing
internal import Wire

extension PostalAddress {
    /// As a fact says it.
    static func text(_ address: PostalAddress?) -> JSONObject {
        let known = address ?? PostalAddress()
        return [
            "fact": .string("address_set"), "line1": .string(known.line1),
            "line2": .string(known.line2), "city": .string(known.city),
            "state": .string(known.state), "postal_code": .string(known.postalCode),
            "country": .string(known.country),
        ]
    }
}
