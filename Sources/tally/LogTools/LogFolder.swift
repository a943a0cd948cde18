internal import Repository

/// Finds logs by what lies in a folder.
enum LogFolder {
    /// The folder itself if it is a log; otherwise the logs in it, up to two levels down.
    static func logs(in folder: String) throws(CommandFault) -> [String] {
        let found = try logs(in: trimmed(folder), levels: 2)
        guard !found.isEmpty else {
            throw CommandFault(
                "there is no log in \(folder); give a folder such as .data/sandbox/partition-0, or "
                    + "one above it",
                exit: .usage)
        }
        return found
    }

    /// The folder, which must be one log.
    static func log(_ folder: String) throws(CommandFault) -> String {
        let found = try logs(in: folder)
        guard found.count == 1, let log = found.first else {
            throw CommandFault(
                "\(folder) holds several logs; give one: \(found.joined(separator: ", "))",
                exit: .usage)
        }
        return log
    }

    private static func logs(in folder: String, levels: Int) throws(CommandFault) -> [String] {
        let names = try names(in: folder)
        if names.contains(where: { $0.hasPrefix("segment-") }) || LogReader.isEmptyLog(folder) {
            return [folder]
        }
        guard levels > 0 else { return [] }
        var found: [String] = []
        for name in names.sorted() {
            // Files are no folders, and a folder that can't be listed holds no log of ours.
            found += (try? logs(in: folder + "/" + name, levels: levels - 1)) ?? []
        }
        return found
    }

    private static func names(in folder: String) throws(CommandFault) -> [String] {
        do throws(DiskFault) {
            return try PosixDisk().list(folder)
        } catch {
            throw CommandFault("cannot read the folder \(folder): \(error)", exit: .usage)
        }
    }

    private static func trimmed(_ folder: String) -> String {
        folder.count > 1 && folder.hasSuffix("/") ? trimmed(String(folder.dropLast())) : folder
    }
}
