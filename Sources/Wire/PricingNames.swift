package import Billing

/// The ids of a catalog as the wire needs them: found by their bytes, and kept as C strings that
/// outlive every reply built from them.
package final class PricingNames: Sendable {
    package let pricing: PricingState
    /// Where public pages are; empty: nowhere.
    package let address: @Sendable () -> String
    private let features: NameTable
    private let plans: NameTable

    package init(
        _ pricing: PricingState, address: @escaping @Sendable () -> String = { "" }
    ) {
        self.pricing = pricing
        self.address = address
        let removed = pricing.removed
        features = NameTable(
            pricing.features.map(\.id), hidden: Set(removed.features.map(\.rawValue)))
        plans = NameTable(
            pricing.plans.map { $0[0].id }, hidden: Set(removed.plans.map(\.rawValue)))
    }

    package func feature(_ bytes: UnsafeRawBufferPointer) -> FeatureNumber? {
        features.find(bytes).map { FeatureNumber(rawValue: $0) }
    }

    func plan(_ bytes: UnsafeRawBufferPointer) -> PlanNumber? {
        plans.find(bytes).map { PlanNumber(rawValue: $0) }
    }

    /// Valid as long as this object.
    func id(_ feature: FeatureNumber) -> UnsafeMutablePointer<CChar> {
        features.text(feature.rawValue)
    }

    /// Valid as long as this object.
    func id(_ plan: PlanNumber) -> UnsafeMutablePointer<CChar> {
        plans.text(plan.rawValue)
    }

    /// The same, without the zero at its end.
    package func bytes(of feature: FeatureNumber) -> UnsafeRawBufferPointer {
        features.bytes(feature.rawValue)
    }

    package func bytes(of plan: PlanNumber) -> UnsafeRawBufferPointer { plans.bytes(plan.rawValue) }
}

/// Numbers, counted from 1, by their names: open addressing over the names' bytes.
private final class NameTable: Sendable {
    private let keys: [InlineText]
    private let slots: [UInt32]
    // Safety: written only in init, freed in deinit; immutable in between.
    private nonisolated(unsafe) let texts: [UnsafeMutablePointer<CChar>]

    /// - Parameter hidden: numbers that nobody finds by their names any more.
    init(_ names: [String], hidden: Set<UInt32>) {
        keys = names.map { name in
            guard let key = InlineText(name) else {
                preconditionFailure("a published id has at most 63 bytes")
            }
            return key
        }
        var size = 8
        while size < names.count * 2 { size *= 2 }
        var slots = [UInt32](repeating: 0, count: size)
        for (index, key) in keys.enumerated() where !hidden.contains(UInt32(index + 1)) {
            var slot = Int(truncatingIfNeeded: key.hash(seed: 0)) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt32(index + 1)
        }
        self.slots = slots
        texts = names.map { name in
            let bytes = Array(name.utf8CString)
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            text.initialize(from: bytes, count: bytes.count)
            return text
        }
    }

    deinit {
        for text in texts { text.deallocate() }
    }

    func find(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard let key = InlineText(bytes) else { return nil }
        var slot = Int(truncatingIfNeeded: key.hash(seed: 0)) & (slots.count - 1)
        while slots[slot] != 0 {
            if keys[Int(slots[slot]) - 1] == key { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    func text(_ number: UInt32) -> UnsafeMutablePointer<CChar> { texts[Int(number) - 1] }

    func bytes(_ number: UInt32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text(number), count: keys[Int(number) - 1].count)
    }
}
