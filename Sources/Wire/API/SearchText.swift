/// A text as a search compares it: in small letters, as Unicode maps them one by one. What is
/// looked for and what is looked in are folded alike.
package enum SearchText {
    package static func folded(_ text: String) -> [UInt8] {
        var folded: [UInt8] = []
        var text = text
        text.withUTF8 { fold(UnsafeRawBufferPointer($0), into: &folded) }
        return folded
    }

    /// Appends a text; nearly all are ASCII.
    package static func fold(_ text: UnsafeRawBufferPointer, into folded: inout [UInt8]) {
        guard text.allSatisfy({ $0 < 0x80 }) else {
            folded += String(decoding: text, as: UTF8.self).lowercased().utf8
            return
        }
        folded.reserveCapacity(folded.count + text.count)
        for byte in text {
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            folded.append(isCapital ? byte | 0x20 : byte)
        }
    }
}
