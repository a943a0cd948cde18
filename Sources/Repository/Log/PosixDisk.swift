import Glibc

/// The real disk.
package struct PosixDisk: Disk {
    package init() {}

    package func open(
        _ path: String, _ purpose: DiskPurpose
    ) throws(DiskFault) -> any DiskFile {
        let flags =
            switch purpose {
            case .reading: O_RDONLY
            case .writing: O_RDWR
            case .creating: O_RDWR | O_CREAT | O_EXCL
            case .locking: O_RDWR | O_CREAT
            }
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DiskFault("open", path) }
        return PosixFile(descriptor, path)
    }

    package func rename(_ path: String, to target: String) throws(DiskFault) {
        guard Glibc.rename(path, target) == 0 else { throw DiskFault("rename", path) }
    }

    package func remove(_ path: String) throws(DiskFault) {
        guard unlink(path) == 0 else { throw DiskFault("unlink", path) }
    }

    package func list(_ folder: String) throws(DiskFault) -> [String] {
        guard let stream = opendir(folder) else { throw DiskFault("opendir", folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw DiskFault("readdir", folder) }
        return names
    }

    package func syncFolder(_ folder: String) throws(DiskFault) {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DiskFault("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DiskFault("fsync", folder) }
    }
}

/// Owns one descriptor.
final class PosixFile: DiskFile {
    private let descriptor: Int32
    private let path: String

    init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, offset + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DiskFault("pwrite", path) }
            done += count
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                offset + done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw DiskFault("pread", path) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    func sync() throws(DiskFault) {
        guard fdatasync(descriptor) == 0 else { throw DiskFault("fdatasync", path) }
    }

    func forget(_ range: Range<Int>) throws(DiskFault) {
        let code = posix_fadvise(
            descriptor, range.lowerBound, range.count, POSIX_FADV_DONTNEED)
        guard code == 0 else {
            throw DiskFault(operation: "posix_fadvise", path: path, code: code)
        }
    }

    func size() throws(DiskFault) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DiskFault("fstat", path) }
        return Int(status.st_size)
    }

    func lock() throws(DiskFault) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw DiskFault("flock", path) }
        return false
    }
}

extension DiskFault {
    static let noSpace = ENOSPC
    static let overQuota = EDQUOT
    static let noEntry = ENOENT
    static let exists = EEXIST

    /// The call that has just failed, with its `errno`.
    init(_ operation: String, _ path: String) {
        self.init(operation: operation, path: path, code: errno)
    }
}

extension DiskFault: CustomStringConvertible {
    package var description: String {
        "\(operation) on \(path) failed: \(String(cString: strerror(code))) (errno \(code))"
    }
}
