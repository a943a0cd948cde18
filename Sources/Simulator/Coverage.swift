internal import Repository

/// How often a simulation met what it is there to meet.
package struct Coverage: Sendable {
    package private(set) var starts = 0
    /// Starts from a snapshot.
    package private(set) var fromSnapshot = 0
    /// Of these, those whose log no longer goes back to its first record.
    package private(set) var withoutHistory = 0
    /// Starts that found compressed segments, and recycled ones in wait or in use.
    package private(set) var compressed = 0
    package private(set) var recycled = 0
    /// Of facts that were in the logs at the end.
    package private(set) var kinds: Set<String> = []

    package init() {}

    /// What a process has just started from.
    mutating func add(_ process: Process, _ disk: SimulatedDisk) {
        starts += 1
        let names = disk.files.map(\.path).filter { $0.hasPrefix("partition-") }
        let loaded = process.partitions.filter { $0.snapshotRecords > 0 }
        if !loaded.isEmpty {
            fromSnapshot += 1
            let first = loaded.map { "\($0.folder)/segment-00000001.log" }
            if !first.allSatisfy({ first in names.contains { $0.hasPrefix(first) } }) {
                withoutHistory += 1
            }
        }
        if names.contains(where: { $0.hasSuffix(".log.z") }) { compressed += 1 }
        if process.hasRecycledSegments { recycled += 1 }
    }

    mutating func add(_ kinds: Set<String>) { self.kinds.formUnion(kinds) }

    package static func + (left: Coverage, right: Coverage) -> Coverage {
        var sum = left
        sum.starts += right.starts
        sum.fromSnapshot += right.fromSnapshot
        sum.withoutHistory += right.withoutHistory
        sum.compressed += right.compressed
        sum.recycled += right.recycled
        sum.kinds.formUnion(right.kinds)
        return sum
    }
}

extension Coverage: CustomStringConvertible {
    package var description: String {
        "\(starts) starts, \(fromSnapshot) from a snapshot (\(withoutHistory) of them without the "
            + "log's beginning), \(compressed) with compressed segments, \(recycled) with recycled "
            + "ones; \(kinds.count) kinds of facts"
    }
}

extension Process {
    /// Some segment of the customers' log was another before.
    fileprivate var hasRecycledSegments: Bool {
        machine.disk.files.contains { file in
            file.path.hasPrefix("partition-") && file.path.contains("/segment-")
                && file.bytes.count > 48 && file.bytes[48] == 2
        }
    }
}
