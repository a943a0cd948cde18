internal import Synchronization
internal import Wire

/// The codes that customers refer others with. The directory's log is the record of them, as a code
/// is redeemed by customers of all partitions; a customer knows its own.
package final class ReferralCodes: Sendable {
    /// Whose a code is, and in which programme.
    package struct Owner: Sendable, Hashable {
        package var programmeID: String
        package var customer: String
    }

    private struct State {
        var owners: [String: Owner] = [:]
        var codes: [Owner: String] = [:]
    }

    private let state = Mutex(State())

    func restore(_ code: String, _ owner: Owner) {
        state.withLock { state in
            state.owners[code] = owner
            state.codes[owner] = code
        }
    }

    package func owner(of code: String) -> Owner? { state.withLock { $0.owners[code] } }

    /// The one that it has, or a new one.
    ///
    /// - Parameter append: puts a record into the log, in the order of these calls.
    /// - Returns: also the record's sequence, to be waited for; nil: it is an old one.
    func code(
        of owner: Owner, _ append: (DirectoryRecord.Change) throws(ExecuteFault) -> UInt64
    ) throws(ExecuteFault) -> (code: String, sequence: UInt64?) {
        let result = state.withLock { state -> Result<(String, UInt64?), ExecuteFault> in
            if let code = state.codes[owner] { return .success((code, nil)) }
            var code = ReferralCodes.random()
            while state.owners[code] != nil { code = ReferralCodes.random() }
            do throws(ExecuteFault) {
                let sequence = try append(
                    .referralCodeMade(
                        code: code, programme: owner.programmeID, customer: owner.customer))
                state.owners[code] = owner
                state.codes[owner] = code
                return .success((code, sequence))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        return String((0..<6).map { _ in characters.randomElement(using: &generator) ?? "A" })
    }
}
