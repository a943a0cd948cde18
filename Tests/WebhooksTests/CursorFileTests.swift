import Billing
import Foundation
import Repository
import Stories
import Testing

@testable import Webhooks

@Suite("The cursor's file") struct CursorFileTests {
    private static let cursor = DeliveryCursor(parts: [
        .init(
            through: LogPlace(
                sequence: 18_446_744_073_709_551_615, position: LogPosition(rawValue: 1 << 63),
                chain: .max),
            from: .start,
            held: [
                .init(
                    customer: "a:b_c", sequence: 7, index: 2,
                    taken: Timestamp(milliseconds: 1_767_225_600_123))
            ]),
        .init(through: .start, from: .start),
    ])

    private func folder() -> String {
        NSTemporaryDirectory() + "tally-cursor-" + UUID().uuidString
    }

    @Test("gives back what was written, and nothing where there is none")
    func roundTrip() throws {
        let folder = folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try CursorFile(folder: folder, endpoint: "billing")
        #expect(try file.read() == nil)
        for cursor in [DeliveryCursor(parts: []), Self.cursor] {
            try file.write(cursor)
            #expect(try CursorFile(folder: folder, endpoint: "billing").read() == cursor)
        }
        #expect(try CursorFile(folder: folder, endpoint: "other").read() == nil)
    }

    @Test("is refused with one byte changed, or cut off")
    func damage() throws {
        let folder = folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try CursorFile(folder: folder, endpoint: "billing")
        try file.write(Self.cursor)
        let path = folder + "/billing.json"
        let whole = try #require(try SmallFile.read(path))
        for place in whole.indices {
            var bad = whole
            bad[place] ^= 1
            try Data(bad).write(to: URL(filePath: path))
            #expect(throws: CursorFile.Damage.self, "byte \(place)") { _ = try file.read() }
            try Data(whole[..<place]).write(to: URL(filePath: path))
            #expect(throws: CursorFile.Damage.self, "cut at \(place)") { _ = try file.read() }
        }
    }
}
