import Testing

@testable import RPC

@Suite struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    @Test(
        "The header is read to the letter",
        arguments: [
            ("00-\(trace)-\(parent)-01", true),
            ("00-\(trace)-\(parent)-00", true),
            // Of a later version, which may say more.
            ("cc-\(trace)-\(parent)-01", true),
            ("cc-\(trace)-\(parent)-01-what-comes", true),
            ("00-\(trace)-\(parent)-01-what-comes", false),
            ("cc-\(trace)-\(parent)-01.", false),
            ("ff-\(trace)-\(parent)-01", false),
            ("00-\(trace.uppercased())-\(parent)-01", false),
            ("00-00000000000000000000000000000000-\(parent)-01", false),
            ("00-\(trace)-0000000000000000-01", false),
            ("00-\(trace)-\(parent)-0", false),
            ("00-\(trace)-\(parent)-0g", false),
            ("00_\(trace)-\(parent)-01", false),
            ("", false),
        ])
    func header(text: String, isTrace: Bool) {
        let header = TraceParent(text)
        #expect((header != nil) == isTrace)
        #expect(!isTrace || header?.traceID == TraceParentTests.trace)
        #expect(!isTrace || header?.parentID == TraceParentTests.parent)
    }
}
