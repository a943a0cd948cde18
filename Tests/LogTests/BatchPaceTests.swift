import Testing

@testable import Repository

@Suite("How long a batch gathers") struct BatchPaceTests {
    @Test(
        "for three quarters of those who wrote at the same time",
        arguments: [
            // In the last batch, come meanwhile, enough.
            (0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1), (2, 0, 1), (4, 0, 3), (3, 1, 3),
            (100, 0, 75), (100, 100, 150), (1, 100, 75), (1_000, 24, 768),
        ])
    func enough(last: Int, waiting: Int, enough: Int) {
        var pace = BatchPace()
        pace.wrote(last)
        #expect(pace.enough(waiting: waiting) == enough)
    }

    @Test("One who writes alone never waits", arguments: [0, 1])
    func alone(last: Int) {
        var pace = BatchPace()
        pace.wrote(last)
        // As many wait as are waited for.
        #expect(pace.enough(waiting: 1) <= 1)
    }

    @Test("Waiting always ends: everybody who is known to write is enough")
    func ends() {
        for last in 0..<50 {
            for waiting in 0..<50 {
                var pace = BatchPace()
                pace.wrote(last)
                #expect(pace.enough(waiting: waiting) <= last + waiting)
            }
        }
    }

    @Test("Only the last batch counts, and none after a rest")
    func forgets() {
        var pace = BatchPace()
        #expect(pace.enough(waiting: 2) == 1)
        pace.wrote(1_000)
        pace.wrote(10)
        #expect(pace.enough(waiting: 2) == 9)
        pace.rest()
        #expect(pace.enough(waiting: 2) == 1)
    }
}
