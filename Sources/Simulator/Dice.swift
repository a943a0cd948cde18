/// SplitMix64: the same numbers on every machine for the same seed, so that a failure repeats.
package struct Dice: Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound` − 1; 0 where the bound is 0.
    package mutating func below(_ bound: Int) -> Int {
        bound <= 0 ? 0 : Int(next() % UInt64(bound))
    }

    package mutating func between(_ low: Int, _ high: Int) -> Int {
        low + below(high - low + 1)
    }

    /// True once in `bound` throws.
    package mutating func once(in bound: Int) -> Bool { below(bound) == 0 }

    /// One of several, which must not be none.
    package mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
}
