/// Copies a log's file of keys to another folder as it changes, in place: a key that is destroyed
/// in the source is overwritten in the copy.
///
/// Reads beside the server that writes the source. Use from one thread.
final class KeyShipper {
    private static let blockSize = 64 << 10

    private let source: String
    private let target: String
    private let targetFolder: String
    private let disk: any Disk
    private let targetDisk: any Disk
    private var file: (any DiskFile)?
    /// What the source's counter said when it was copied last.
    private var changes: UInt64?
    /// Checksums of the copy's blocks.
    private var blocks: [UInt32] = []

    init(from source: String, to target: String, disk: any Disk, targetDisk: any Disk) {
        self.source = "\(source)/\(CustomerKeys.fileName)"
        targetFolder = target
        self.target = "\(target)/\(CustomerKeys.fileName)"
        self.disk = disk
        self.targetDisk = targetDisk
    }

    /// Copies what changed. The header comes last, so that a copy that was cut short is none.
    func turn() throws {
        guard let source = try open() else { return }
        let counter = CustomerKeyCounter(try source.bytes(64, at: CustomerKeyHeader.size)).changes
        guard counter == 0 || counter != changes else { return }
        let copy = try file ?? begin()
        file = copy
        var changed = false
        let count = (try source.size() + Self.blockSize - 1) / Self.blockSize
        for block in (0..<count).reversed() {
            let bytes = try source.bytes(Self.blockSize, at: block * Self.blockSize)
            let sum = bytes.withUnsafeBytes { checksum($0) }
            while blocks.count <= block { blocks.append(0) }
            guard sum != blocks[block] || bytes.isEmpty else { continue }
            try copy.write(bytes, count: bytes.count, at: block * Self.blockSize)
            blocks[block] = sum
            changed = true
        }
        if changed { try copy.sync() }
        changes = counter
    }

    /// Nil: the source's format has none.
    private func open() throws -> (any DiskFile)? {
        do throws(DiskFault) {
            return try disk.open(source, .reading)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// The copy as it is; nothing of it is believed, so that all of it is written once.
    private func begin() throws -> any DiskFile {
        do throws(DiskFault) {
            return try targetDisk.open(target, .writing)
        } catch {
            guard error.isMissing else { throw error }
            let file = try targetDisk.open(target, .creating)
            try targetDisk.syncFolder(targetFolder)
            return file
        }
    }
}
