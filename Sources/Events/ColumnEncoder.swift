/// Writes a block's columns: numbers of the fewest bytes above the block's minimum.
struct ColumnEncoder {
    /// Chunks of whole blocks, one after the other.
    private(set) var image: [UInt8]
    /// Where the image begins in the file.
    private let base: Int

    init(image: [UInt8] = [], base: Int = 0) {
        self.image = image
        self.base = base
    }

    mutating func add<Number: FixedWidthInteger>(_ numbers: [Number]) -> ColumnReference {
        guard let minimum = numbers.min(), let maximum = numbers.max() else {
            return ColumnReference()
        }
        var column = ColumnReference(minimum: Int128(minimum), maximum: Int128(maximum))
        column.width = Self.width(of: column.maximum - column.minimum)
        write(numbers, above: minimum, &column)
        return column
    }

    /// Values: mostly multiples of a power of ten, which is taken out first.
    mutating func add(values: [Int128]) -> ColumnReference {
        let exponent = Self.commonExponent(of: values)
        guard exponent > 0 else { return add(values) }
        let power = Self.power(exponent)
        var column = add(values.map { Self.quotient($0, power) })
        column.exponent = UInt8(exponent)
        return column
    }

    private mutating func write<Number: FixedWidthInteger>(
        _ numbers: [Number], above minimum: Number, _ column: inout ColumnReference
    ) {
        column.offset = UInt64(base + image.count)
        let start = image.count
        switch column.width {
        case 1: append(numbers) { UInt8(truncatingIfNeeded: $0 &- minimum) }
        case 2: append(numbers) { UInt16(truncatingIfNeeded: $0 &- minimum) }
        case 4: append(numbers) { UInt32(truncatingIfNeeded: $0 &- minimum) }
        case 8: append(numbers) { UInt64(truncatingIfNeeded: $0 &- minimum) }
        case 16: append(numbers) { UInt128(truncatingIfNeeded: $0 &- minimum) }
        case _: column.offset = 0
        }
        column.checksum = image.withUnsafeBytes {
            checksum(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
    }

    private mutating func append<Number, Stored: FixedWidthInteger & BitwiseCopyable>(
        _ numbers: [Number], _ convert: (Number) -> Stored
    ) {
        let stored = numbers.map { convert($0).littleEndian }
        stored.withUnsafeBytes { image.append(contentsOf: $0) }
    }

    private static func width(of span: Int128) -> UInt8 {
        switch span {
        case 0: 0
        case ...0xFF: 1
        case ...0xFFFF: 2
        case ...0xFFFF_FFFF: 4
        case ...0xFFFF_FFFF_FFFF_FFFF: 8
        case _: 16
        }
    }

    /// How many zeros all values end with, ten at most: the decimals of a whole unit.
    private static func commonExponent(of values: [Int128]) -> Int {
        var exponent = 10
        var power = power(exponent)
        for value in values {
            while exponent > 0, quotient(value, power) * power != value {
                exponent -= 1
                power /= 10
            }
            if exponent == 0 { break }
        }
        return exponent
    }

    /// Most values fit 64 bits, where division is far cheaper.
    private static func quotient(_ value: Int128, _ divisor: Int128) -> Int128 {
        guard let small = Int64(exactly: value) else { return value / divisor }
        return Int128(small / Int64(divisor))
    }

    static func power(_ exponent: Int) -> Int128 {
        var power: Int128 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}
