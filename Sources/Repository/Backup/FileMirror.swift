/// Copies whole files, which are never written to but at most replaced once they have their names,
/// and drops from the copy what is gone from the source.
struct FileMirror {
    private static let unfinished = ".copying"
    private static let blockSize = 1 << 20

    let disk: any Disk
    let targetDisk: any Disk
    let source: String
    let target: String

    /// - Parameters:
    ///   - isWanted: which names are meant; others are left alone, here and there.
    ///   - mayCopy: asked of each that isn't in the copy yet.
    ///   - isReplaced: asked of each that is.
    ///   - meanwhile: called after each block.
    func run(
        isWanted: (String) -> Bool, mayCopy: (String) throws -> Bool = { _ in true },
        isReplaced: (String) throws -> Bool = { _ in false }, meanwhile: () throws -> Void
    ) throws {
        let here = Set(try disk.list(source).filter(isWanted))
        let there = Set(try targetDisk.list(target).filter(isWanted))
        for name in here.subtracting(there).sorted() where try mayCopy(name) {
            try copy(name, meanwhile)
        }
        for name in here.intersection(there).sorted() where try isReplaced(name) {
            try copy(name, meanwhile)
        }
        for name in there.subtracting(here) { try targetDisk.remove("\(target)/\(name)") }
    }

    /// Whether the files here and there differ in size or in their last bytes, where a checksum is.
    func differ(_ name: String, inLast count: Int) throws -> Bool {
        let file = try disk.open("\(source)/\(name)", .reading)
        let copy = try targetDisk.open("\(target)/\(name)", .reading)
        let size = try file.size()
        guard try copy.size() == size else { return true }
        let start = max(0, size - count)
        return try file.bytes(count, at: start) != copy.bytes(count, at: start)
    }

    /// It gets its name once it is whole and durable.
    private func copy(_ name: String, _ meanwhile: () throws -> Void) throws {
        let temporary = "\(target)/\(name)\(Self.unfinished)"
        if try targetDisk.list(target).contains(name + Self.unfinished) {
            try targetDisk.remove(temporary)
        }
        let file = try disk.open("\(source)/\(name)", .reading)
        let copy = try targetDisk.open(temporary, .creating)
        var offset = 0
        while true {
            let bytes = try file.bytes(Self.blockSize, at: offset)
            guard !bytes.isEmpty else { break }
            try copy.write(bytes, count: bytes.count, at: offset)
            offset += bytes.count
            try meanwhile()
        }
        try copy.sync()
        try targetDisk.rename(temporary, to: "\(target)/\(name)")
        try targetDisk.syncFolder(target)
    }
}
