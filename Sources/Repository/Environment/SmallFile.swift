internal import Glibc

/// Whole small files: settings of a folder, keys.
package enum SmallFile {
    package struct Failure: Error, CustomStringConvertible {
        package var description: String

        init(_ what: String, _ path: String) {
            description = "cannot \(what) \(path): \(String(cString: strerror(errno)))"
        }
    }

    /// nil: there is no such file.
    package static func read(_ path: String) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure("read", path)
        }
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw Failure("read", path) }
            if count == 0 { return content }
            content += buffer[..<count]
        }
    }

    /// Replaces the file at once, durably, readable by its owner only.
    package static func write(_ content: [UInt8], to path: String) throws {
        let draft = path + ".new"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("write", draft) }
        var offset = 0
        while offset < content.count {
            let count = content.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress! + offset, content.count - offset)
            }
            guard count > 0 else {
                close(file)
                throw Failure("write", draft)
            }
            offset += count
        }
        let synced = fsync(file)
        close(file)
        guard synced == 0 else { throw Failure("sync", draft) }
        guard rename(draft, path) == 0 else { throw Failure("rename", draft) }
        try syncFolder(path.folder)
    }

    /// Makes the name of a new file durable.
    static func syncFolder(ofFile path: String) throws { try syncFolder(path.folder) }

    private static func syncFolder(_ path: String) throws {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure("open", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Failure("sync", path) }
    }

    /// Waits until nobody else has the lock; the kernel gives it back should the process die.
    static func lock(_ path: String) throws -> Int32 {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("open", path) }
        while flock(file, LOCK_EX) != 0 {
            guard errno == EINTR else {
                close(file)
                throw Failure("lock", path)
            }
        }
        return file
    }

    static func unlock(_ file: Int32) {
        close(file)
    }

    /// Makes a folder and those above it, durably; there already is fine.
    package static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            guard errno == ENOENT, path != path.folder else { throw Failure("make folder", path) }
            try makeFolder(path.folder)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw Failure("make folder", path)
            }
        }
        // Also where it was there: whoever made it may have been killed before this.
        try syncFolder(path.folder)
    }

    /// Says when the file changed last, in a form that only equality matters of; nil: no file.
    static func version(_ path: String) -> [Int64]? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return [
            Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec), Int64(status.st_ino),
            Int64(status.st_size),
        ]
    }
}

extension String {
    fileprivate var folder: String {
        guard let slash = lastIndex(of: "/") else { return "." }
        return slash == startIndex ? "/" : String(self[..<slash])
    }
}
