import Billing
import Foundation
import RPC
import Repository
import Stories
import Testing

@testable import GRPCFace

/// The reasons of errors as docs/api.md lists them, which is what programs are written by.
@Suite("Reasons") struct ReasonTests {
    /// Of what no call here can bring about.
    static let faults: [(fault: ExecuteFault, told: ToldRefusal)] = [
        (
            .refused(
                .currencyMismatch(
                    asked: Currency(code: "eur")!, present: Currency(code: "usd")!)),
            ToldRefusal(.failedPrecondition, "CURRENCY_MISMATCH")
        ),
        (.refused(.trialUnclaimed), ToldRefusal(.unavailable, "FINGERPRINT_CHANGING")),
        (
            .refused(.taxUnknown(code: "x")), ToldRefusal(.failedPrecondition, "TAX_UNKNOWN")
        ),
        (
            .refused(.inUse([Violation(path: "catalog.deleted_plan_ids[0]", message: "x")])),
            ToldRefusal(.failedPrecondition, "IN_USE", ["catalog.deleted_plan_ids[0]"])
        ),
        (
            .refused(.erasureNeedsUpgrade),
            ToldRefusal(.failedPrecondition, "ERASURE_NEEDS_UPGRADE")
        ),
        (
            .refused(.erasureTooEarly(until: .utc(2027, 2, 1))),
            ToldRefusal(.failedPrecondition, "ERASURE_TOO_EARLY")
        ),
        (
            .refused(.erasureTooEarly(until: nil)),
            ToldRefusal(.failedPrecondition, "ERASURE_TOO_EARLY")
        ),
        (
            .refused(.historyTooShort(since: .utc(2027, 2, 1))),
            ToldRefusal(.failedPrecondition, "HISTORY_TOO_SHORT")
        ),
        (
            .refused(.historyTooLong(limit: 5)),
            ToldRefusal(.failedPrecondition, "HISTORY_TOO_LONG")
        ),
        (.unavailable(.full("x")), ToldRefusal(.resourceExhausted, "DISK_FULL")),
        (.unavailable(.unavailable("x")), ToldRefusal(.unavailable, "LOG_BUSY")),
        (.unavailable(.failed("x")), ToldRefusal(.unavailable, "LOG_FAILED")),
        (.unavailable(.closed), ToldRefusal(.unavailable, "SHUTTING_DOWN")),
        (.unavailable(.tooLarge(length: 2, limit: 1)), ToldRefusal(.internalError, "LOG_FAULT")),
        (.damaged("x"), ToldRefusal(.dataLoss, "RECORD_UNREADABLE")),
    ]

    @Test("of faults", arguments: faults)
    func fault(fault: ExecuteFault, told: ToldRefusal) {
        #expect(ToldRefusal(RPCStatus(fault)) == told)
    }

    /// By reason, the name of its status.
    private static func documented() throws -> [String: String] {
        var found: [String: String] = [:]
        for line in try text("docs/api.md").split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 2, RPCCode.allCases.contains(where: { $0.name == cells[0] })
            else { continue }
            for match in cells[1].matches(of: /[A-Z]+(_[A-Z]+)+/) {
                found[String(match.output.0)] = cells[0]
            }
        }
        return found
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// What stands between quotation marks in a folder's files.
    private static func reasons(in folder: String) throws -> Set<String> {
        var found: Set<String> = []
        let files = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
        while let file = files?.nextObject() as? String {
            guard file.hasSuffix(".swift") else { continue }
            for match in try text("\(folder)/\(file)").matches(of: /"([A-Z]+(?:_[A-Z]+)+)"/) {
                found.insert(String(match.output.1))
            }
        }
        return found
    }

    @Test("are listed, all that there are")
    func listed() throws {
        // Only the payment page meets it.
        let given = try ReasonTests.reasons(in: "Sources/Faces/GRPCFace")
            .subtracting(["CHECKOUT" + "_NOT_FOUND"])
        #expect(try Set(ReasonTests.documented().keys) == given)
    }

    @Test("are tested, all but those that need a server that ends")
    func tested() throws {
        let tested = try ReasonTests.reasons(in: "Tests/APITests")
        let missing = try Set(ReasonTests.documented().keys).subtracting(tested)
        #expect(missing == ["OUTCOME" + "_UNKNOWN"])
    }

    @Test("have the status that is listed")
    func status() throws {
        let documented = try ReasonTests.documented()
        let rows = RefusalTests.tables.flatMap(\.rows).map(\.refusal)
        for told in rows + ReasonTests.faults.map(\.told) {
            #expect(documented[told.reason] == told.code.name, "\(told.reason)")
        }
    }
}
