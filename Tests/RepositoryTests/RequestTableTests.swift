import Billing
import Foundation
import Testing
import Wire

@testable import Repository

@Suite("Remembered requests")
struct RequestTableTests {
    private static func fingerprint(_ number: UInt64) -> UInt64 {
        InlineText.fold(number &* 0x9E37_79B9_7F4A_7C15 ^ 0x1234_5678, 0xD6E8_FEB8_6659_FD93)
    }

    @Test("Every one is found, at 40 bytes or less, however many there are; a walk meets all")
    func table() {
        var table = RequestTable()
        for number in 1...UInt64(60_000) {
            table.insert(Self.fingerprint(number), position: number, horizon: 0)
            guard number.isMultiple(of: 997) else { continue }
            let byteCount = table.byteCount
            #expect(byteCount <= 40 * Int(number) + 600, "\(number)")
        }
        for number in 1...UInt64(60_000) where table.find(Self.fingerprint(number)) != number {
            Issue.record("\(number) is lost")
        }
        let missing = table.find(Self.fingerprint(60_001))
        #expect(missing == nil)
        var met: Set<UInt64> = []
        var place: UInt64? = 0
        while let here = place {
            let (entries, next) = table.entries(at: here)
            for entry in entries where entry.fingerprint != 0 {
                #expect(met.insert(entry.position).inserted)
            }
            place = next
        }
        #expect(met.count == 60_000)
    }

    @Test("What lies below the horizon makes room; nothing above it is lost")
    func horizon() {
        var table = RequestTable()
        let kept: UInt64 = 5_000
        for number in 1...UInt64(200_000) {
            let horizon = number > kept ? number - kept : 0
            table.insert(Self.fingerprint(number), position: number, horizon: horizon)
        }
        let byteCount = table.byteCount
        #expect(byteCount <= 40 * Int(kept))
        for number in 195_001...UInt64(200_000) where table.find(Self.fingerprint(number)) != number
        {
            Issue.record("\(number) is lost")
        }
    }

    @Test("Fingerprints that share all their leading bits")
    func crowd() {
        var table = RequestTable()
        for number in 0..<UInt64(3_000) {
            table.insert(0xABCD << 48 | number << 16, position: number + 1, horizon: 0)
        }
        for number in 0..<UInt64(3_000) {
            let found = table.find(0xABCD << 48 | number << 16)
            #expect(found == number + 1)
        }
    }

    @Test("The window: by time, by number, and across a restart")
    func window() throws {
        let window = RequestWindow(span: 1_600, limit: 1_000)
        func note(_ time: Int64, _ inserted: UInt64) {
            window.note(
                Timestamp(milliseconds: time), position: UInt64(time), inserted: inserted)
        }
        for time in stride(from: Int64(10_000), through: 11_550, by: 50) { note(time, 1) }
        #expect(window.since == .epoch, "not a whole span yet since the first mark")
        note(11_700, 1)
        #expect(window.since.milliseconds == 10_100 && window.horizon == 10_100)
        note(11_710, 900)
        note(11_720, 1_950)
        #expect(window.since.milliseconds == 11_720, "too many: all but the newest go")
        let again = RequestWindow(span: 1_600, limit: 1_000)
        let (marks, inserted) = window.marks(inserted: 1_960)
        again.restore(marks, inserted: inserted, counted: 10)
        #expect(again.since == window.since && again.horizon == window.horizon)
        again.note(Timestamp(milliseconds: 11_730), position: 11_730, inserted: 20)
        #expect(again.since == window.since)
    }

    @Test("An id that tells it is older than the window is refused; without a time it runs")
    func oldID() async throws {
        let folder = try TemporaryFolder()
        let time = ManualTime()
        let bench = try await Bench(folder, time: time)
        try await bench.create("acme")
        let customers = bench.environment.customers(of: bench.id("acme"))
        let old = Self.uuid(time.now())
        #expect(bench.environment.requestWindow == nil, "nothing was forgotten")
        try await bench.track("acme", 1, request: bench.mark(old))
        #expect(try await bench.track("acme", 1, request: bench.mark(old)).replayed)
        for _ in 0..<3 {
            customers.noteLogEnd()
            time.advance(days: 1)
            try await bench.track("acme", 1, request: bench.mark("plain-\(time.now())"))
        }
        customers.noteLogEnd()
        #expect(customers.requestsRememberedSince > .epoch)
        let window = try #require(bench.environment.requestWindow)
        #expect(
            window == time.now().milliseconds - customers.requestsRememberedSince.milliseconds)
        #expect((24 * 3_600_000..<72 * 3_600_000).contains(window))
        // Still in its table perhaps; but the record with its answer may be gone.
        await #expect(throws: ExecuteFault.self) {
            try await bench.track("acme", 1, request: bench.mark(old))
        }
        let other = Self.uuid(Timestamp(milliseconds: time.now().milliseconds - 4 * 86_400_000))
        await #expect(throws: ExecuteFault.self) {
            try await bench.track("acme", 1, request: bench.mark(other))
        }
        try await bench.track("acme", 1, request: bench.mark(Self.uuid(time.now())))
        #expect(try bench.remaining("acme") == Quantity(units: 95))
        try bench.environment.close()
    }

    private static func uuid(_ time: Timestamp) -> String {
        let digits = String(time.milliseconds, radix: 16)
        let high = String(repeating: "0", count: 12 - digits.count) + digits
        return "\(high.prefix(8))-\(high.suffix(4))-7abc-8abc-0123456789ab"
    }
}
