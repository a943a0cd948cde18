/// Reads and makes files of keys.
struct CustomerKeyReader {
    private static let pieceSize = 1 << 20

    let file: any DiskFile

    func header(identity: UInt64) throws(CustomerKeyProblem) -> CustomerKeyHeader {
        try .decode(try bytes(CustomerKeyHeader.size, at: 0), identity: identity)
    }

    func changes() throws(CustomerKeyProblem) -> UInt64 {
        CustomerKeyCounter(try bytes(64, at: CustomerKeyHeader.size)).changes
    }

    /// Hands over every slot that was written, nil for one that isn't whole.
    ///
    /// - Returns: the number of the first slot that the file has no room for.
    func forEachSlot(
        _ body: (UInt32, CustomerKeySlot?) -> Void
    ) throws(CustomerKeyProblem) -> UInt32 {
        var offset = CustomerKeySlot.offset(of: 1)
        while true {
            let piece = try bytes(Self.pieceSize, at: offset)
            let count = piece.count / CustomerKeySlot.size
            let first = UInt32(offset / CustomerKeySlot.size - 1)
            piece.withUnsafeBytes { piece in
                for place in 0..<count {
                    let start = place * CustomerKeySlot.size
                    let slot = UnsafeRawBufferPointer(
                        rebasing: piece[start..<start + CustomerKeySlot.size])
                    guard slot.lastNonZero != nil else { continue }
                    let number = first + UInt32(place)
                    body(number, CustomerKeySlot(slot, number: number))
                }
            }
            offset += count * CustomerKeySlot.size
            guard piece.count == Self.pieceSize else {
                return UInt32(offset / CustomerKeySlot.size - 1)
            }
        }
    }

    private func bytes(_ count: Int, at offset: Int) throws(CustomerKeyProblem) -> [UInt8] {
        do throws(DiskFault) {
            return try file.bytes(count, at: offset)
        } catch {
            throw .disk(error)
        }
    }

    /// Makes a file without keys, durably, in place of one that is there.
    static func make(
        _ header: CustomerKeyHeader, in folder: String, disk: any Disk
    ) throws(DiskFault) {
        let path = "\(folder)/\(CustomerKeys.fileName)"
        let draft = path + ".new"
        do throws(DiskFault) {
            try disk.remove(draft)
        } catch {
            guard error.isMissing else { throw error }
        }
        let file = try disk.open(draft, .creating)
        let bytes = header.encoded + CustomerKeyCounter(changes: 0).encoded
        try file.write(bytes, count: bytes.count, at: 0)
        try file.sync()
        try disk.rename(draft, to: path)
        try disk.syncFolder(folder)
    }
}
