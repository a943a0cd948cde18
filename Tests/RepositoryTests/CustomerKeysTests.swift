import Billing
import Foundation
import Testing
import Wire

@testable import Repository

@Suite("The file of customers' keys")
struct CustomerKeysTests {
    private func open(_ folder: TemporaryFolder, identity: UInt64 = 7) throws -> CustomerKeys {
        try CustomerKeys.open(
            folder: folder.path, identity: identity, disk: PosixDisk(),
            growth: CustomerKeys.Growth(slots: 64, reserve: 16))
    }

    private func path(_ folder: TemporaryFolder) -> String {
        folder.path + "/" + CustomerKeys.fileName
    }

    private func change(_ folder: TemporaryFolder, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(filePath: path(folder)))
        bytes[offset] ^= 1
        try bytes.write(to: URL(filePath: path(folder)))
    }

    private let ada = CustomerID("ada")
    private let secret = Array("Ada Lovelace".utf8)

    private func seal(_ keys: CustomerKeys, _ key: UInt32) throws -> [UInt8] {
        let ada = try #require(ada)
        return try #require(
            secret.withUnsafeBytes { keys.seal($0, with: key, for: .record, of: ada) })
    }

    private func unseal(
        _ sealed: [UInt8], _ keys: CustomerKeys, _ key: UInt32, use: SealUse = .record,
        of customer: String = "ada"
    ) throws -> Unsealed {
        let customer = try #require(CustomerID(customer))
        return sealed.withUnsafeBytes { keys.open($0, with: key, for: use, of: customer) }
    }

    @Test("The example above the format")
    func example() {
        let slot = CustomerKeySlot(number: 1, state: .destroyed)
        let head: [UInt8] = [
            0x93, 0xB1, 0x83, 0x88, 0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00,
        ]
        #expect(slot.encoded == head + [UInt8](repeating: 0, count: 48))
        slot.encoded.withUnsafeBytes { #expect(CustomerKeySlot($0, number: 1) == slot) }
        slot.encoded.withUnsafeBytes { #expect(CustomerKeySlot($0, number: 2) == nil) }
    }

    @Test("Keys are there again, destroyed ones never, and no number comes twice")
    func reopen() throws {
        let folder = try TemporaryFolder()
        var sealed: [[UInt8]] = []
        do {
            let keys = try open(folder)
            for number in 1...5 as ClosedRange<UInt32> {
                #expect(try keys.allocate() == number)
                sealed.append(try seal(keys, number))
            }
            try keys.flush()
            try keys.destroy(2, erasedAt: LogPosition(rawValue: 99))
            try keys.finish(4)
            // Never written: it might as well not have been.
            #expect(try keys.allocate() == 6)
        }
        let keys = try open(folder)
        for number in 1...5 as ClosedRange<UInt32> {
            let unsealed = try unseal(sealed[Int(number) - 1], keys, number)
            let isGone = number == 2 || number == 4
            #expect("\(unsealed)" == (isGone ? "destroyed" : "\(Unsealed.content(secret))"))
        }
        let ada = try #require(ada)
        let nothing = secret.withUnsafeBytes { keys.seal($0, with: 2, for: .record, of: ada) }
        #expect(nothing == nil, "a destroyed key seals nothing")
        #expect(keys.unfinished.map(\.key) == [2] && keys.unfinished.map(\.position) == [99])
        #expect(try keys.allocate() == 6 && keys.count == 4)
        let bytes = Array(try Data(contentsOf: URL(filePath: path(folder))))
        for number in [2, 4] as [UInt32] {
            let slot = CustomerKeySlot.offset(of: number)
            #expect(bytes[slot + 16..<slot + 48].allSatisfy { $0 == 0 })
        }
    }

    @Test("Whatever a cut leaves of a slot that is overwritten, it is known how many there are")
    func lastSlot() throws {
        let folder = try TemporaryFolder()
        for isFinished in [false, true] {
            let key: UInt32
            do {
                let keys = try open(folder)
                key = try keys.allocate()
                try keys.flush()
                if isFinished {
                    try keys.finish(key)
                } else {
                    try keys.destroy(key, erasedAt: LogPosition(rawValue: 99))
                }
            }
            var bytes = try Data(contentsOf: URL(filePath: path(folder)))
            let slot = CustomerKeySlot.offset(of: key)
            bytes.replaceSubrange(slot..<slot + CustomerKeySlot.size, with: Data(count: 64))
            try bytes.write(to: URL(filePath: path(folder)))
            let keys = try open(folder)
            #expect(keys.has(key) && !keys.isLive(key))
            #expect(try keys.allocate() > key + 1)
        }
    }

    @Test("Sealed for one customer and one use, it opens for no other")
    func binding() throws {
        let keys = try open(try TemporaryFolder())
        let (key, other) = (try keys.allocate(), try keys.allocate())
        let sealed = try seal(keys, key)
        #expect(sealed != (try seal(keys, key)), "a nonce is used once")
        var changed = sealed
        changed[14] ^= 1
        let wrong: [Unsealed] = [
            try unseal(sealed, keys, other), try unseal(sealed, keys, key, use: .state),
            try unseal(sealed, keys, key, of: "adam"), try unseal(changed, keys, key),
            try unseal(Array(sealed.prefix(20)), keys, key), try unseal([], keys, key),
            try unseal(sealed, keys, 3), try unseal(sealed, keys, 0),
        ]
        for unsealed in wrong {
            guard case .failed = unsealed else {
                Issue.record("\(unsealed)")
                continue
            }
        }
        guard case .content(secret) = try unseal(sealed, keys, key) else {
            Issue.record("it doesn't open")
            return
        }
    }

    @Test("What nobody uses is destroyed; what is used and damaged is named")
    func settle() throws {
        let folder = try TemporaryFolder()
        do {
            let keys = try open(folder)
            for _ in 1...4 { _ = try keys.allocate() }
            try keys.flush()
        }
        for number in [2, 3] as [UInt32] {
            try change(folder, at: CustomerKeySlot.offset(of: number) + 20)
        }
        let keys = try open(folder)
        #expect(try keys.settle { $0 == 1 || $0 == 3 } == [3])
        #expect(keys.isLive(1) && !keys.isLive(2) && !keys.isLive(3) && !keys.isLive(4))
        #expect(try open(folder).count == 1)
    }

    @Test("A key that wasn't used after all is given back, and room runs out before the disk does")
    func room() throws {
        let keys = try open(try TemporaryFolder())
        let first = try keys.allocate()
        keys.giveBack(first)
        #expect(try keys.allocate() == first)
        for _ in 1..<63 { _ = try keys.allocate() }
        keys.giveBack(5)
        #expect(!keys.isLive(5))
        #expect(try keys.allocate() == 64)
        #expect(throws: LogFault.self) { try keys.allocate() }
        try keys.flush()
        #expect(try keys.allocate() == 65)
        // What may be in the file already is no number for another key.
        try keys.flush()
        keys.giveBack(65)
        #expect(try !keys.isLive(65) && keys.allocate() == 66)
    }

    @Test("A header that is damaged or another log's is refused", arguments: [0, 8, 20, 30, 60])
    func header(offset: Int) throws {
        let folder = try TemporaryFolder()
        _ = try open(folder)
        #expect(throws: CustomerKeys.Unusable.self) { try open(folder, identity: 8) }
        try change(folder, at: offset)
        #expect(throws: CustomerKeys.Unusable.self) { try open(folder) }
    }
}
