import Foundation
import Testing

@testable import Payments
@testable import Wire

/// Signatures beside those of Stripe's own library: `stripe_double.signatures` prints good and bad
/// ones, and the contract tests hold what it says of them against the library.
@Suite("Signatures as Stripe's library sees them") struct StripeLibraryTests {
    private static let python = ".venv/bin/python"

    private struct NoTable: Error {}

    /// - Returns: lines of JSON.
    private static func table(seed: Int, count: Int) throws -> [JSONValue] {
        let program = Process()
        program.executableURL = URL(filePath: python)
        program.arguments = [
            "-m", "stripe_double.signatures", "--seed", "\(seed)", "--count", "\(count)",
        ]
        program.environment = ["PYTHONPATH": "Tests/contract", "PYTHONDONTWRITEBYTECODE": "1"]
        let output = Pipe()
        program.standardOutput = output
        try program.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        program.waitUntilExit()
        guard program.terminationStatus == 0 else { throw NoTable() }
        return try bytes.split(separator: 10).map { try JSONParser.parse(Array($0)) }
    }

    @Test(
        "1,000 are good or bad for both, and ours are theirs",
        .enabled(if: FileManager.default.isExecutableFile(atPath: python), "scripts/setup --test"))
    func both() throws {
        let lines = try Self.table(seed: .random(in: 0...1_000_000), count: 1000)
        #expect(lines.count == 1000)
        for line in lines { try check(line) }
    }

    private func check(_ line: JSONValue) throws {
        let text = try #require(line.text("body"))
        let body = try Array(#require(Data(base64Encoded: text)))
        guard case .array(let texts)? = line["secrets"] else { throw NoTable() }
        let secrets = texts.compactMap { value -> StripeSecret? in
            guard case .string(let text) = value else { return nil }
            return StripeSecret(text)
        }
        #expect(secrets.count == texts.count)
        let header = line.text("header")
        let isGood =
            (try? StripeSignature.verify(
                header, of: body, secrets: secrets, now: Int64(#require(line.number("now")))))
            != nil
        #expect(isGood == line.flag("valid"), "\(line)")
        guard line.text("kind") == "good", let header else { return }
        let seconds = header.dropFirst(2).prefix { $0 != "," }
        let own = try StripeSignature.header(
            body, seconds: #require(Int64(seconds)), secrets: secrets)
        #expect(own == header)
    }
}
