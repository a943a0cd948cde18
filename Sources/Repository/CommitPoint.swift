/// How far a log must be durable before something may be shown: in which partition, and there up to
/// which sequence.
package struct CommitPoint: Sendable, Equatable {
    package var partition: Int
    /// 0: at once.
    package var sequence: UInt64

    package init(partition: Int, sequence: UInt64) {
        self.partition = partition
        self.sequence = sequence
    }

    /// Nothing to wait for.
    package static let now = CommitPoint(partition: 0, sequence: 0)
}

extension CommitPoint: CustomStringConvertible {
    package var description: String { "partition \(partition), record \(sequence)" }
}
