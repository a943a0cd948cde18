/// Names of the log's files: `segment-0000001f.log` is segment 31, `recycled-0000001f.log` what was
/// segment 31 once, and `segment-0000001f.log.z` segment 31 compressed.
enum SegmentName {
    private static let prefix = "segment-"
    private static let recycledPrefix = "recycled-"
    private static let suffix = ".log"
    /// A segment that isn't filled with zeros yet; worthless after a crash.
    static let preparing = "segment.preparing"
    /// A compressed segment that isn't whole yet; worthless after a crash.
    static let compressing = "segment.compressing"
    private static let compressedSuffix = ".z"

    static func file(_ segment: UInt32) -> String {
        prefix + hexadecimal(segment) + suffix
    }

    static func path(_ segment: UInt32, in folder: String) -> String {
        folder + "/" + file(segment)
    }

    static func recycledPath(_ segment: UInt32, in folder: String) -> String {
        folder + "/" + recycledPrefix + hexadecimal(segment) + suffix
    }

    static func compressedPath(_ segment: UInt32, in folder: String) -> String {
        path(segment, in: folder) + compressedSuffix
    }

    /// The id, if this is the name of a compressed segment.
    static func compressed(_ name: String) -> UInt32? {
        name.hasSuffix(compressedSuffix)
            ? segment(String(name.dropLast(compressedSuffix.count))) : nil
    }

    /// The file that keeps what was cut off; `attempt` tells copies of the same place apart.
    static func torn(_ segment: UInt32, offset: Int, attempt: Int) -> String {
        "torn-" + hexadecimal(segment) + "-" + hexadecimal(UInt32(offset))
            + (attempt == 0 ? "" : "-\(attempt)")
    }

    /// The segment's id, if this is the name of one.
    static func segment(_ name: String) -> UInt32? { id(name, prefix) }

    /// The former id, if this is the name of a recycled segment.
    static func recycled(_ name: String) -> UInt32? { id(name, recycledPrefix) }

    private static func id(_ name: String, _ prefix: String) -> UInt32? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let digits = name.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
        guard digits.count == 8 else { return nil }
        return UInt32(Substring(digits), radix: 16)
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
