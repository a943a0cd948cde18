import Glibc

/// Keeps every other process out of a folder while it lives. The kernel holds the lock, so it goes
/// with the process, however that ends; the file `LOCK` stays and means nothing by itself.
package final class FolderLock: Sendable {
    private static let name = "LOCK"
    /// The holder's process id as text, padded with spaces, so that a shorter one replaces all.
    private static let length = 20

    private let file: any DiskFile

    /// The folder must exist. `.locked` if somebody has it.
    package init(folder: String, disk: any Disk = PosixDisk()) throws(LogFault) {
        let holder: String?
        do throws(DiskFault) {
            file = try disk.open(folder + "/" + Self.name, .locking)
            holder = try file.lock() ? nil : Self.holder(in: file)
            if holder == nil { try Self.writeHolder(to: file) }
        } catch {
            throw .disk(error)
        }
        if let holder { throw .locked(folder: folder, holder: holder) }
    }

    private static func writeHolder(to file: any DiskFile) throws(DiskFault) {
        let text = Array("\(getpid())".utf8)
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: length - text.count)
        try file.write(text + padding, count: length, at: 0)
    }

    private static func holder(in file: any DiskFile) throws(DiskFault) -> String {
        let text = String(decoding: try file.bytes(length, at: 0), as: UTF8.self)
        let digits = text.prefix { $0.isNumber }
        return digits.isEmpty ? "another process" : "process \(digits)"
    }
}
