/// The bytes of one run, used up from the front.
struct FuzzInput {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isEmpty: Bool { rest.isEmpty }

    /// Zero when there is none left.
    mutating func byte() -> UInt8 { take(1).first ?? 0 }

    mutating func number() -> UInt64 { take(8).reduce(0) { $0 << 8 | UInt64($1) } }

    /// Fewer where fewer are left.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    /// A length byte, then so many bytes.
    mutating func short() -> UnsafeRawBufferPointer { take(Int(byte())) }
}

/// How the bytes of a connection come: the first eight of an input say after how many bytes each
/// of eight pieces ends, and what else happens then. The last piece is the rest. So the bytes
/// themselves stay in one run, which mutations like.
struct PiecePlan {
    static let length = 8
    /// All in one piece.
    static let plain = [UInt8](repeating: 0, count: length)

    private var steps: [UInt8]

    init(_ input: inout FuzzInput) {
        steps = Array(input.take(Self.length))
    }

    /// `happening` is below 8; 0 means nothing.
    func cut(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (_ piece: UnsafeRawBufferPointer, _ happening: UInt8) throws -> Void
    ) rethrows {
        var rest = bytes
        for step in steps where step != 0 {
            let root = Int(step >> 3)
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(root * root))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(root * root))
            try body(piece, step & 7)
        }
        try body(rest, 0)
    }
}
