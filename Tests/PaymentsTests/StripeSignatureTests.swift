import Testing

@testable import Payments

@Suite("Signatures of Stripe's webhooks") struct StripeSignatureTests {
    private static let first = StripeSecret("whsec_first_secret_of_all")!
    private static let second = StripeSecret("whsec_second_secret_of_all")!
    private static let body = Array(#"{"id":"evt_1"}"#.utf8)
    private static let time: Int64 = 1_700_000_000

    private static func verdict(
        _ header: String?, _ body: [UInt8] = body, secrets: [StripeSecret] = [first],
        now: Int64 = time
    ) -> StripeSignature.Fault? {
        do throws(StripeSignature.Fault) {
            try StripeSignature.verify(header, of: body, secrets: secrets, now: now)
            return nil
        } catch {
            return error
        }
    }

    private static func header(_ secrets: StripeSecret..., time: Int64 = time) -> String {
        StripeSignature.header(body, seconds: time, secrets: secrets)
    }

    /// Computed with `openssl dgst -sha256 -hmac`.
    @Test("are the HMAC of time and body")
    func known() {
        let secret = StripeSecret("whsec_test_secret")!
        let code = "248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a"
        let header = StripeSignature.header(Self.body, seconds: Self.time, secrets: [secret])
        #expect(header == "t=1700000000,v1=\(code)")
    }

    @Test("of any active secret are good")
    func active() {
        #expect(Self.verdict(Self.header(Self.first)) == nil)
        #expect(Self.verdict(Self.header(Self.second)) == .forged)
        #expect(Self.verdict(Self.header(Self.second), secrets: [Self.first, Self.second]) == nil)
        // Stripe signs with both while a secret is replaced.
        #expect(Self.verdict(Self.header(Self.second, Self.first)) == nil)
        #expect(Self.verdict(Self.header(Self.first), secrets: []) == .forged)
    }

    @Test(
        "are good for 300 seconds",
        arguments: [(0, true), (300, true), (301, false), (-301, true)])
    func tolerance(seconds: Int64, isGood: Bool) {
        let verdict = Self.verdict(Self.header(Self.first), now: Self.time + seconds)
        #expect(verdict == (isGood ? nil : .stale))
    }

    @Test("are of all of the body")
    func body() {
        let header = Self.header(Self.first)
        #expect(Self.verdict(header, Self.body.dropLast()) == .forged)
        #expect(Self.verdict(header, Self.body + [10]) == .forged)
        #expect(Self.verdict(header, []) == .forged)
    }

    @Test(
        "can't be read",
        arguments: [
            nil, "", "t=1700000000", "v1=00", "t=,v1=00", "t=1x,v1=00", "hello", "t=-1,v1=00",
            "t=1,v1", "t=1, v1=00", "t=99999999999999999999,v1=00",
            String(repeating: "v1=0,", count: 999),
        ] as [String?])
    func unreadable(header: String?) {
        #expect(Self.verdict(header) == .unreadable)
    }

    @Test("of other versions count for nothing")
    func versions() {
        let good = Self.header(Self.first)
        #expect(Self.verdict(good + ",v0=00,v2=ff") == nil)
        #expect(Self.verdict(good.replacing("v1=", with: "v0=")) == .unreadable)
        #expect(Self.verdict(good.replacing("t=1700000000", with: "t=1700000001")) == .forged)
    }

    @Test("The secret never shows itself")
    func secret() {
        var dumped = ""
        dump(Self.first, to: &dumped)
        for text in ["\(Self.first)", String(reflecting: [Self.first]), dumped] {
            #expect(!text.contains("first_secret"))
        }
        let key = StripeKey("sk_test_abcdefgh")!
        dumped = ""
        dump(StripeClient.Settings(key: key), to: &dumped)
        for text in ["\(key)", String(reflecting: [key]), dumped] {
            #expect(!text.contains("abcdefgh"))
        }
        #expect(StripeSecret("whsec") == nil && StripeSecret("whsec_a b c d e f g") == nil)
        #expect(StripeKey("pk_test_abcdefgh") == nil && StripeKey("sk_live_x\nabcdef") == nil)
    }
}
