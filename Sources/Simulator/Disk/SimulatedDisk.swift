/// A disk in memory, with the kernel's cache in front of it: what was written is seen at once, but
/// survives a power cut for sure only once it was synced, and a name only once its folder was.
///
/// It outlives the processes that use it; each of them has a `DiskSession`. Killing a process loses
/// nothing, `cutPower` what a real disk could lose.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class SimulatedDisk: @unchecked Sendable {
    /// A file, whatever its names.
    final class Node {
        /// What the platter holds.
        var durable: [UInt8] = []
        /// What reads see.
        var cached: [UInt8] = []
        /// In order; gone from here once they are durable, or given up.
        var pending: [(offset: Int, bytes: [UInt8])] = []
        weak var holder: DiskSession?
    }

    /// A change of a folder that isn't durable yet.
    enum NameChange {
        case link(String, Node)
        case rename(String, String)
        case remove(String)

        var folder: String {
            switch self {
            case .link(let path, _), .rename(_, let path), .remove(let path):
                SimulatedDisk.folder(of: path)
            }
        }
    }

    private(set) var names: [String: Node] = [:] {
        didSet { lists = [:] }
    }
    /// What was listed since a name changed last: names without their folder, by folder.
    private var lists: [String: [String]] = [:]
    private var durableNames: [String: Node] = [:]
    private var changes: [NameChange] = []
    /// Bytes that all files together may take; nil: any.
    package var capacity: Int?

    package init() {}

    static func folder(of path: String) -> String {
        String(path[..<(path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)])
    }

    /// The names in a folder, without it, in order.
    func list(_ folder: String) -> [String] {
        if let list = lists[folder] { return list }
        let list = names.keys.filter { SimulatedDisk.folder(of: $0) == folder }
            .map { String($0.dropFirst(folder.count + 1)) }.sorted()
        lists[folder] = list
        return list
    }

    /// Bytes that the files take.
    package var used: Int { names.values.reduce(0) { $0 + $1.cached.count } }

    /// Paths and contents as reads see them, in order of path.
    package var files: [(path: String, bytes: [UInt8])] {
        names.sorted { $0.key < $1.key }.map { ($0.key, $0.value.cached) }
    }

    /// Puts a file there, durably, replacing one of that name; nil removes it.
    package func put(_ bytes: [UInt8]?, at path: String) {
        var node: Node?
        if let bytes {
            let made = Node()
            made.durable = bytes
            made.cached = bytes
            node = made
        }
        names[path] = node
        durableNames[path] = node
    }

    /// A copy of everything as reads see it, durable.
    package func copy() -> SimulatedDisk {
        let copy = SimulatedDisk()
        for (path, node) in names { copy.put(node.cached, at: path) }
        return copy
    }

    func change(_ change: NameChange) {
        SimulatedDisk.apply(change, to: &names)
        changes.append(change)
    }

    func syncNames(in folder: String) {
        for change in changes where change.folder == folder {
            SimulatedDisk.apply(change, to: &durableNames)
        }
        changes.removeAll { $0.folder == folder }
    }

    fileprivate static func apply(_ change: NameChange, to names: inout [String: Node]) {
        switch change {
        case .link(let path, let node): names[path] = node
        case .rename(let path, let target): names[target] = names.removeValue(forKey: path)
        case .remove(let path): names[path] = nil
        }
    }

    /// Writes into the cache; false: there is no room, and only a part was written.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, to node: Node) -> Bool {
        var count = bytes.count
        let growth = offset + count - node.cached.count
        if growth > 0, let capacity, used + growth > capacity {
            count = max(0, count - max(0, used + growth - capacity))
        }
        let written = Array(bytes[0..<count])
        node.pending.append((offset, written))
        SimulatedDisk.place(written, at: offset, in: &node.cached)
        return count == bytes.count
    }

    static func place(_ bytes: [UInt8], at offset: Int, in content: inout [UInt8]) {
        let end = offset + bytes.count
        if content.count < end {
            content.append(contentsOf: repeatElement(0, count: end - content.count))
        }
        content.replaceSubrange(offset..<end, with: bytes)
    }
}

extension SimulatedDisk.Node {
    func sync() {
        for write in pending {
            SimulatedDisk.place(write.bytes, at: write.offset, in: &durable)
        }
        pending = []
    }

    /// What the kernel does when the disk refuses: some of it may be there, all counts as clean, so
    /// that the next sync succeeds without having written it, and reads go on seeing it.
    func failSync(_ dice: inout Dice) {
        lose(&dice)
    }

    /// The cache holds what was written and isn't synced; all else is read anew.
    func forget(_ range: Range<Int>) {
        var fresh = durable
        for write in pending {
            SimulatedDisk.place(write.bytes, at: write.offset, in: &fresh)
        }
        fresh += [UInt8](repeating: 0, count: max(0, cached.count - fresh.count))
        let range = range.clamped(to: 0..<cached.count)
        cached.replaceSubrange(range, with: fresh[range])
    }

    /// The power is cut.
    fileprivate func cut(_ dice: inout Dice) {
        lose(&dice)
        cached = durable
        holder = nil
    }

    /// What becomes of unsynced bytes.
    private enum Loss: CaseIterable {
        case everything
        case nothing
        /// The first writes whole, one cut at any byte, the rest lost.
        case prefix
        /// Any of the sectors, in any order.
        case sectors
        /// The sectors, some of them cut at any byte, and lost ones read as zeros or old.
        case torn
    }

    private static let sector = 512

    private func lose(_ dice: inout Dice) {
        let loss = dice.pick(Loss.allCases)
        let kept = dice.between(0, pending.count)
        for (index, write) in pending.enumerated() {
            switch loss {
            case .everything: break
            case .nothing: SimulatedDisk.place(write.bytes, at: write.offset, in: &durable)
            case .prefix:
                guard index <= kept else { continue }
                let count = index < kept ? write.bytes.count : dice.between(0, write.bytes.count)
                SimulatedDisk.place(
                    Array(write.bytes[..<count]), at: write.offset, in: &durable)
            case .sectors, .torn: loseSectors(of: write, tears: loss == .torn, &dice)
            }
        }
        pending = []
    }

    private func loseSectors(
        of write: (offset: Int, bytes: [UInt8]), tears: Bool, _ dice: inout Dice
    ) {
        var start = 0
        while start < write.bytes.count {
            let rest = Self.sector - (write.offset + start) % Self.sector
            let end = min(write.bytes.count, start + rest)
            var piece = Array(write.bytes[start..<end])
            switch dice.below(tears ? 4 : 2) {
            case 0: SimulatedDisk.place(piece, at: write.offset + start, in: &durable)
            case 2:
                piece = Array(piece[..<dice.between(0, piece.count)])
                SimulatedDisk.place(piece, at: write.offset + start, in: &durable)
            case 3:
                piece = piece.map { _ in 0 }
                SimulatedDisk.place(piece, at: write.offset + start, in: &durable)
            default: break
            }
            start = end
        }
    }
}

extension SimulatedDisk {
    /// What a power cut leaves: unsynced bytes and names survive in whole, in part or not at all.
    package func cutPower(_ dice: inout Dice) {
        let folders = Set(changes.map(\.folder)).sorted()
        for folder in folders {
            let mine = changes.filter { $0.folder == folder }
            // None, all, the first ones, or any.
            let isAny = dice.once(in: 3)
            let kept = dice.between(0, mine.count)
            for (index, change) in mine.enumerated() where isAny ? dice.once(in: 2) : index < kept {
                SimulatedDisk.apply(change, to: &durableNames)
            }
        }
        changes = []
        names = durableNames
        var seen: Set<ObjectIdentifier> = []
        for (_, node) in names.sorted(by: { $0.key < $1.key }) {
            if seen.insert(ObjectIdentifier(node)).inserted { node.cut(&dice) }
        }
    }
}
