/// Every file operation of the log goes through here, so that a test can lose, tear, fill and
/// fail. Paths are absolute or relative to the process; names are within a folder.
package protocol Disk: Sendable {
    /// Opens a file to read and, unless `.reading`, to write.
    func open(_ path: String, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile
    /// Atomic; an existing file at `target` is replaced. Durable after `syncFolder`.
    func rename(_ path: String, to target: String) throws(DiskFault)
    func remove(_ path: String) throws(DiskFault)
    /// The names in a folder, in no order, without `.` and `..`.
    func list(_ folder: String) throws(DiskFault) -> [String]
    /// Makes the names in the folder durable: creations, renames and removals.
    func syncFolder(_ folder: String) throws(DiskFault)
}

/// An open file; closed when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
    /// Writes all of `bytes` at `offset`, or throws: then any part of them may be there.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault)
    /// Reads up to `buffer.count` bytes; gives how many: fewer only at the file's end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int
    /// Makes the bytes durable. After a failure the file's state is unknown: never call it again.
    func sync() throws(DiskFault)
    /// Lets go of what the kernel remembers of these bytes, so that the next read asks the disk. A
    /// sync that failed, in whichever process, may have left bytes that only look written.
    func forget(_ range: Range<Int>) throws(DiskFault)
    /// Bytes.
    func size() throws(DiskFault) -> Int
    /// Takes the file for this process, until the file is closed. False: another has it.
    func lock() throws(DiskFault) -> Bool
}

/// What a file is opened for.
package enum DiskPurpose: Sendable {
    /// Must exist.
    case reading
    /// Must exist.
    case writing
    /// Must not exist.
    case creating
    /// May exist.
    case locking
}

extension DiskFault {
    /// No room, by the disk or by a quota.
    package var isFull: Bool { code == Self.noSpace || code == Self.overQuota }
    package var isMissing: Bool { code == Self.noEntry }
    package var isExisting: Bool { code == Self.exists }
}
