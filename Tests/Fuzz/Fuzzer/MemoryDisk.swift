import Glibc

@testable import Repository

/// Files in memory.
// Safety: the fuzzer has one thread.
final class MemoryDisk: Disk, @unchecked Sendable {
    final class File: DiskFile, @unchecked Sendable {
        var bytes: [UInt8] = []

        func write(_ source: UnsafeRawBufferPointer, at offset: Int) {
            let end = offset + source.count
            if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
            bytes.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: source)
            }
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
            let count = max(0, min(buffer.count, bytes.count - offset))
            guard count > 0 else { return 0 }
            bytes.withUnsafeBytes {
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)]))
            }
            return count
        }

        func sync() {}
        func forget(_ range: Range<Int>) {}
        func size() -> Int { bytes.count }
        func lock() -> Bool { true }
    }

    var files: [String: File] = [:]

    /// The same files, apart from now on.
    func copy() -> MemoryDisk {
        let copy = MemoryDisk()
        for (path, file) in files {
            let twin = File()
            twin.bytes = file.bytes
            copy.files[path] = twin
        }
        return copy
    }

    func open(_ path: String, _ purpose: DiskPurpose) throws(DiskFault) -> any DiskFile {
        if let file = files[path] {
            guard purpose != .creating else {
                throw DiskFault(operation: "open", path: path, code: EEXIST)
            }
            return file
        }
        guard purpose == .creating || purpose == .locking else {
            throw DiskFault(operation: "open", path: path, code: ENOENT)
        }
        let file = File()
        files[path] = file
        return file
    }

    func rename(_ path: String, to target: String) {
        files[target] = files.removeValue(forKey: path)
    }
    func remove(_ path: String) { files[path] = nil }
    func syncFolder(_ folder: String) {}

    func list(_ folder: String) -> [String] {
        files.keys.filter { $0.hasPrefix(folder + "/") }
            .map { String($0.dropFirst(folder.utf8.count + 1)) }
    }
}
