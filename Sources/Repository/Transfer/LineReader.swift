/// The lines of a file, one after the other, without holding all of it.
struct LineReader {
    private static let chunk = 1 << 20

    private let file: any DiskFile
    private let limit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var offset = 0
    /// Of the line given last, counted from 1.
    private(set) var number = 0

    /// - Parameter limit: the longest line, in bytes. A customer with all the entities it may have
    ///   is a long one.
    init(_ file: any DiskFile, limit: Int = 1 << 30) {
        self.file = file
        self.limit = limit
    }

    /// Without its line break; nil: there is none left.
    mutating func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                number += 1
                return Array(buffer[start..<end])
            }
            searched = buffer.count - start
            buffer.removeFirst(start)
            start = 0
            guard buffer.count <= limit else {
                throw ImportFault(line: number + 1, "is longer than \(limit) bytes")
            }
            let more = try file.bytes(Self.chunk, at: offset)
            offset += more.count
            if more.isEmpty {
                guard !buffer.isEmpty else { return nil }
                defer { buffer = [] }
                number += 1
                return buffer
            }
            buffer += more
        }
    }
}

/// Why a file can't be imported, and where: the line, counted from 1; the field, in the message.
package struct ImportFault: Error, Equatable, Sendable, CustomStringConvertible {
    package var line: Int
    /// Empty: the line itself.
    package var field = ""
    package var message: String

    init(line: Int, field: String = "", _ message: String) {
        self.line = line
        self.field = field
        self.message = message
    }

    package var description: String {
        "line \(line): \(field.isEmpty ? message : "\(field) \(message)"). Nothing was imported."
    }
}
