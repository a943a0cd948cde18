/// Header fields that a call carries for the program, in order. A name that ends in `-bin` has
/// any bytes as its value, base64 on the wire; every other one printable ASCII.
package struct RPCMetadata: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let name: String
        package let value: [UInt8]

        package var text: String { String(decoding: value, as: UTF8.self) }
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// All values of a (lower-case) name.
    package subscript(name: String) -> [[UInt8]] {
        entries.lazy.filter { $0.name == name }.map(\.value)
    }

    /// False, and nothing is added: a name or a value that may not travel.
    @discardableResult
    package mutating func add(_ name: String, _ value: [UInt8]) -> Bool {
        guard Self.isLegal(name) else { return false }
        guard Self.isBinary(name) || value.allSatisfy({ $0 >= 0x20 && $0 <= 0x7E }) else {
            return false
        }
        entries.append(Entry(name: name, value: value))
        return true
    }

    @discardableResult
    package mutating func add(_ name: String, _ text: String) -> Bool {
        add(name, Array(text.utf8))
    }

    private static func isBinary(_ name: some StringProtocol) -> Bool { name.hasSuffix("-bin") }

    /// The transport's own fields are nobody else's to send.
    private static func isLegal(_ name: String) -> Bool {
        guard !name.isEmpty, !name.hasPrefix("grpc-"), !reserved.contains(name) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
    }

    private static let reserved: Set<String> = [
        "content-type", "te", "connection", "keep-alive", "proxy-connection",
        "transfer-encoding", "upgrade", "content-length", "host",
    ]
}

extension RPCMetadata {
    /// Of a peer. What isn't base64 where it should be is left out; several binary values may
    /// come joined by commas.
    init(_ headers: borrowing HeaderBlock) { self.init(headers, 0..<headers.byteCount) }

    /// The same for a part of the block's bytes.
    init(_ headers: borrowing HeaderBlock, _ range: Range<Int>) {
        headers.walk(range) { name, value in
            let name = String(decoding: name, as: UTF8.self)
            guard Self.isLegal(name) else { return }
            guard Self.isBinary(name) else {
                entries.append(Entry(name: name, value: Array(value)))
                return
            }
            for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            {
                let padded = part.drop { $0 == UInt8(ascii: " ") }
                if let bytes = Base64.decode(padded) {
                    entries.append(Entry(name: name, value: bytes))
                }
            }
        }
    }

    /// As sent.
    var fields: [HTTP2Session.Field] {
        entries.map { ($0.name, Self.isBinary($0.name) ? Base64.encode($0.value) : $0.value) }
    }
}
