import Billing
import Testing

@testable import Webhooks

/// Standard Webhooks, symmetric signatures.
@Suite("Webhook secrets") struct SecretTests {
    /// The example of the Standard Webhooks specification, and one made with Python's hmac.
    @Test(
        "sign as the specification says",
        arguments: [
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Int64(1_614_265_330), #"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
            )
        ])
    func signature(secret: String, id: String, seconds: Int64, body: String, signed: String) {
        let secret = WebhookSecret(secret)
        #expect(secret?.signature(id: id, seconds: seconds, body: Array(body.utf8)) == signed)
    }

    @Test(
        "are refused when they are none",
        arguments: [
            "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_====",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w",
            "whsec_" + String(repeating: "AAAA", count: 22),
        ])
    func refused(text: String) {
        #expect(WebhookSecret(text) == nil)
    }

    @Test("never show themselves")
    func hidden() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let endpoint = WebhookEndpoint(name: "a", url: "https://example.com", secrets: [secret])
        #expect(!"\(endpoint)".contains("MfKQ") && !"\(secret)".contains("MfKQ"))
        let headers = endpoint.headers(id: "evt", seconds: 1, body: [])
        #expect(!headers.joined().contains("MfKQ"))
    }

    @Test("sign side by side while one takes another's place")
    func rotation() throws {
        let secrets = try ["A", "B"].map {
            try #require(WebhookSecret("whsec_" + String(repeating: $0, count: 32)))
        }
        let endpoint = WebhookEndpoint(name: "a", url: "https://example.com", secrets: secrets)
        let header = try #require(
            endpoint.headers(id: "evt", seconds: 1, body: [1]).first {
                $0.hasPrefix("webhook-signature: ")
            })
        let signatures = secrets.map { $0.signature(id: "evt", seconds: 1, body: [1]) }
        #expect(header == "webhook-signature: " + signatures.joined(separator: " "))
    }
}
