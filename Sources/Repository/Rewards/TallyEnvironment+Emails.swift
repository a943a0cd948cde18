package import Billing

/// Customers whom nobody has given an id yet (entitlements §8.2).
extension TallyEnvironment {
    /// The id of whoever has an email and none of their own: the same one each time, however the
    /// letters are written, also after an export. A keyed hash: it doesn't tell the email.
    package func customerID(ofEmail email: String) throws(ExecuteFault) -> CustomerID {
        let content =
            try directory.fingerprintSecret(time: now)
            + Array("customer of email \(email.lowercased())".utf8)
        let digest = content.withUnsafeBytes { SHA256.digest($0) }
        var id = "anon_"
        for byte in digest.prefix(16) {
            id += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        guard let customer = CustomerID(id) else { preconditionFailure("37 letters are an id") }
        return customer
    }
}
