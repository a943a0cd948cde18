/// What the log, or the disk under it, could not do. Each message says what to do next.
package enum LogFault: Error, Equatable, Sendable {
    /// The disk has no room for another segment. Nothing was taken; reads go on. It ends by
    /// itself once there is room.
    case full(String)
    /// Not now: the next segment or batch isn't ready yet. Nothing was taken; try again.
    case unavailable(String)
    /// A write or sync failed. Final for this process: what was not durable may or may not be
    /// on disk, and only opening the log again tells.
    case failed(String)
    /// `close` was called.
    case closed
    /// The payload is longer than a record may be. Both in bytes.
    case tooLarge(length: Int, limit: Int)
    /// A record that was durable is damaged or gone.
    case corrupt(segment: UInt32, offset: Int, why: String)
    /// There is no durable record at this position.
    case notFound(LogPosition)
    /// Another process has the folder.
    case locked(folder: String, holder: String)
    /// An operation failed before the log was in use.
    case disk(DiskFault)
}

extension LogFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .full(let why):
            "The disk is full, so nothing can be written (\(why)). Free some space; writing "
                + "starts again by itself."
        case .unavailable(let why):
            "The log can't take a record just now (\(why)). Try again."
        case .failed(let why):
            "The log stopped (\(why)). Check the disk, then start the server again: it recovers "
                + "what is durable."
        case .closed:
            "The log is closed: the server is stopping. Try again once it is back."
        case .tooLarge(let length, let limit):
            "A record of \(length) bytes is over the limit of \(limit). Send less at once."
        case .corrupt(let segment, let offset, let why):
            "The log is damaged in segment \(SegmentName.file(segment)) at offset \(offset): "
                + "\(why). Restore the folder from a backup; nothing was changed in it."
        case .notFound(let position):
            "There is no durable record at \(position)."
        case .locked(let folder, let holder):
            "\(folder) is in use by \(holder). Stop it first, or choose another folder."
        case .disk(let fault):
            "\(fault). Check the disk and the folder's permissions."
        }
    }
}

/// A file operation that failed.
package struct DiskFault: Error, Equatable, Sendable {
    /// The call, such as `pwrite`.
    package let operation: String
    package let path: String
    /// `errno`.
    package let code: Int32

    package init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }
}
