internal import Billing
internal import Synchronization
internal import Wire

/// The keys beside a log that is only read, maybe while a server writes both: a key that isn't
/// there yet was given out since, and its slot was durable before the record that needs it.
final class CustomerKeyView: CustomerSeals {
    private let read: @Sendable () throws(CustomerKeyProblem) -> CustomerKeys
    private let folder: String
    private let keys: Mutex<CustomerKeys>

    init(folder: String, identity: UInt64, disk: any Disk) throws {
        let read = { @Sendable () throws(CustomerKeyProblem) in
            try CustomerKeys(folder: folder, identity: identity, disk: disk, for: .reading)
        }
        self.folder = folder
        self.read = read
        do throws(CustomerKeyProblem) {
            keys = Mutex(try read())
        } catch {
            throw CustomerKeys.Unusable(folder: folder, problem: error)
        }
    }

    /// In memory: nothing that is sealed here is written.
    func seal(
        _ content: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> [UInt8]? {
        keys.withLock { $0 }.seal(content, with: key, for: use, of: customer)
    }

    func open(
        _ sealed: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        of customer: CustomerID
    ) -> Unsealed {
        do throws(CustomerKeyProblem) {
            return try keys(with: key).open(sealed, with: key, for: use, of: customer)
        } catch {
            return .failed("\(CustomerKeys.Unusable(folder: folder, problem: error))")
        }
    }

    private func keys(with key: UInt32) throws(CustomerKeyProblem) -> CustomerKeys {
        try keys.withLock { (keys) throws(CustomerKeyProblem) in
            if !keys.isWhole(key) { keys = try read() }
            return keys
        }
    }
}
