package import Repository

/// A call of the `Disk` seam.
package enum DiskCall: String, Sendable, CaseIterable {
    case open, create, rename, remove, list, syncFolder, write, read, sync, forget, size, lock
}

/// What becomes of a call.
package enum DiskFate: Equatable, Sendable {
    case works
    /// Fails with this `errno`; of a write or sync a part may be done.
    case fails(Int32)
}

/// What one process sees of a disk. Every call may fail, or be the process's last.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class DiskSession: Disk, @unchecked Sendable {
    let disk: SimulatedDisk
    /// Decides about each call before it is made; may run others of the process's threads
    /// meanwhile, or end the process.
    package var decide: (DiskCall, _ path: String) -> DiskFate = { _, _ in .works }
    /// To see that the laws notice: syncs of files, or of folders, do nothing.
    package var skips: DiskCall?
    package private(set) var isDead = false
    /// Calls so far.
    package private(set) var calls = 0
    fileprivate var dice: Dice

    package init(_ disk: SimulatedDisk, seed: UInt64) {
        self.disk = disk
        dice = Dice(seed: seed)
    }

    /// The process is gone; nothing it still tries has an effect.
    package func kill() { isDead = true }

    package static let inputOutput: Int32 = 5
    private static let missing: Int32 = 2
    private static let existing: Int32 = 17
    package static let full: Int32 = 28

    /// The fault to throw, once the call has done what it does in part.
    fileprivate func enter(_ call: DiskCall, _ path: String) throws(DiskFault) -> DiskFault? {
        calls += 1
        let fate = isDead ? .works : decide(call, path)
        guard !isDead else { throw fault(call, path, Self.inputOutput) }
        guard case .fails(let code) = fate else { return nil }
        return fault(call, path, code)
    }

    private func check(_ call: DiskCall, _ path: String) throws(DiskFault) {
        if let fault = try enter(call, path) { throw fault }
    }

    fileprivate func fault(_ call: DiskCall, _ path: String, _ code: Int32) -> DiskFault {
        DiskFault(operation: call.rawValue, path: path, code: code)
    }

    package func open(
        _ path: String, _ purpose: DiskPurpose
    ) throws(DiskFault) -> any DiskFile {
        let known = disk.names[path]
        let creates = purpose == .creating || (purpose == .locking && known == nil)
        try check(creates ? .create : .open, path)
        guard creates else {
            guard let node = disk.names[path] else { throw fault(.open, path, Self.missing) }
            return SimulatedFile(node, path, self)
        }
        guard disk.names[path] == nil else { throw fault(.create, path, Self.existing) }
        let node = SimulatedDisk.Node()
        disk.change(.link(path, node))
        return SimulatedFile(node, path, self)
    }

    package func rename(_ path: String, to target: String) throws(DiskFault) {
        try check(.rename, path)
        guard disk.names[path] != nil else { throw fault(.rename, path, Self.missing) }
        disk.change(.rename(path, target))
    }

    package func remove(_ path: String) throws(DiskFault) {
        try check(.remove, path)
        guard disk.names[path] != nil else { throw fault(.remove, path, Self.missing) }
        disk.change(.remove(path))
    }

    package func list(_ folder: String) throws(DiskFault) -> [String] {
        try check(.list, folder)
        return disk.list(folder)
    }

    package func syncFolder(_ folder: String) throws(DiskFault) {
        try check(.syncFolder, folder)
        if skips == .syncFolder { return }
        disk.syncNames(in: folder)
    }
}

/// Safety: confined to one thread, as all of a simulation is.
final class SimulatedFile: DiskFile, @unchecked Sendable {
    private let node: SimulatedDisk.Node
    private let path: String
    private let session: DiskSession

    init(_ node: SimulatedDisk.Node, _ path: String, _ session: DiskSession) {
        self.node = node
        self.path = path
        self.session = session
    }

    deinit {
        if node.holder === session { node.holder = nil }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskFault) {
        if let fault = try session.enter(.write, path) {
            let count = session.dice.below(bytes.count + 1)
            let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            _ = session.disk.write(part, at: offset, to: node)
            throw fault
        }
        guard session.disk.write(bytes, at: offset, to: node) else {
            throw session.fault(.write, path, DiskSession.full)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskFault) -> Int {
        if let fault = try session.enter(.read, path) { throw fault }
        let count = max(0, min(buffer.count, node.cached.count - offset))
        guard count > 0 else { return 0 }
        node.cached.withUnsafeBytes { cached in
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: cached[offset..<offset + count]))
        }
        return count
    }

    func sync() throws(DiskFault) {
        if let fault = try session.enter(.sync, path) {
            node.failSync(&session.dice)
            throw fault
        }
        if session.skips != .sync { node.sync() }
    }

    func forget(_ range: Range<Int>) throws(DiskFault) {
        if let fault = try session.enter(.forget, path) { throw fault }
        node.forget(range)
    }

    func size() throws(DiskFault) -> Int {
        if let fault = try session.enter(.size, path) { throw fault }
        return node.cached.count
    }

    func lock() throws(DiskFault) -> Bool {
        if let fault = try session.enter(.lock, path) { throw fault }
        if let holder = node.holder, !holder.isDead { return false }
        node.holder = session
        return true
    }
}
