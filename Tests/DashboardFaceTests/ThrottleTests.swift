import Testing

@testable import DashboardFace

@Suite("Signing in too often") struct ThrottleTests {
    @Test("Ten failures a minute, of each address; then it waits for the first to be a minute ago")
    func tenAMinute() {
        var throttle = SignInThrottle()
        for second in 0..<10 {
            #expect(throttle.wait("a", at: Int64(second) * 1000) == nil)
            throttle.fail("a", at: Int64(second) * 1000)
        }
        #expect(throttle.wait("a", at: 9000) == 51_000)
        #expect(throttle.wait("b", at: 9000) == nil)
        #expect(throttle.wait("a", at: 59_999) == 1)
        #expect(throttle.wait("a", at: 60_000) == nil)
        throttle.fail("a", at: 60_000)
        #expect(throttle.wait("a", at: 60_000) == 1000)
    }

    @Test("Who comes from ever new addresses gets no further")
    func manyAddresses() {
        var throttle = SignInThrottle()
        for number in 0..<10_000 { throttle.fail("\(number)", at: 0) }
        for _ in 0..<10 { throttle.fail("new", at: 1) }
        #expect(throttle.wait("another", at: 1) != nil)
        #expect(throttle.wait("7", at: 1) == nil)
        throttle.fail("later", at: 60_001)
        #expect(throttle.wait("another", at: 60_001) == nil)
    }

    @Test(
        "What changes nothing isn't told to the audit",
        arguments: [
            ("/tally.v1.CustomerService/GetCustomer", true),
            ("/tally.v1.CustomerService/GetOrCreateCustomer", false),
            ("/tally.v1.CustomerService/ListCustomers", true),
            ("/tally.v1.AttachService/PreviewAttach", true),
            ("/tally.v1.AttachService/Attach", false),
            ("/tally.v1.EntitlementService/ExplainCheck", true),
            // It may deduct.
            ("/tally.v1.EntitlementService/Check", false),
            ("/tally.v1.Nothing/Known", false), ("/tally.v1.", false),
            ("/v1/customers.list", true), ("/v1/customers.get_or_create", false),
            ("/v1/billing.preview_attach", true), ("/v1/billing.attach", false),
        ])
    func readings(path: String, isReading: Bool) {
        #expect(MethodNames.isCall(path[...]))
        #expect(MethodNames.isReading("POST", path[...]) == isReading)
    }
}
