import Billing
import Events

/// SplitMix64: equal seeds, equal tests.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// An event as the model keeps it: a plain list is all there is to it.
typealias ModelEvent = UsageEvent

struct MemoryBytes: EventBytes {
    var bytes: [UInt8]

    var count: Int { bytes.count }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        guard offset + buffer.count <= bytes.count else { throw EventFault.damaged("too short") }
        bytes.withUnsafeBytes {
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
        }
    }
}

enum Samples {
    static func customer(_ text: String) -> CustomerID {
        guard let id = CustomerID(text) else { preconditionFailure("a test's id is short") }
        return id
    }

    static func number(_ value: Double) -> PropertyValue { .number(bits: value.bitPattern) }

    static func event(
        _ sequence: UInt64, index: UInt32 = 0, time: Int64, delay: Int64 = 0,
        customer: String = "acme", feature: UInt32 = 1, value: Quantity = Quantity(units: 1),
        properties: [EventProperty] = []
    ) -> ModelEvent {
        ModelEvent(
            cursor: EventCursor(time: time, sequence: sequence, index: index),
            position: 1 << 32 | sequence * 96, commitTime: Timestamp(milliseconds: time + delay),
            customer: Samples.customer(customer), feature: FeatureNumber(rawValue: feature),
            value: value, properties: properties.sorted { $0.key < $1.key })
    }

    /// Events of a few days, some reported late, with sparse and dense properties.
    static func events(_ count: Int, seed: UInt64) -> [ModelEvent] {
        var dice = Dice(state: seed)
        var events: [ModelEvent] = []
        var (sequence, index) = (UInt64(3), UInt32(0))
        var commit: Int64 = 1_793_000_000_000
        for _ in 0..<count {
            if UInt8.random(in: 0..<8, using: &dice) == 0 {
                index += 1
            } else {
                sequence += UInt64.random(in: 1...3, using: &dice)
                index = 0
                commit += Int64.random(in: 0...(200_000_000 / Int64(count)), using: &dice)
            }
            let isLate = UInt8.random(in: 0..<10, using: &dice) == 0
            let delay = isLate ? Int64.random(in: 1...400_000_000, using: &dice) : 0
            events.append(
                event(
                    sequence, index: index, time: commit - delay, delay: delay,
                    customer: "c\(Int.random(in: 0..<40, using: &dice))",
                    feature: UInt32.random(in: 1...4, using: &dice), value: value(&dice),
                    properties: properties(&dice)))
        }
        return events
    }

    private static func value(_ dice: inout Dice) -> Quantity {
        switch Int.random(in: 0..<20, using: &dice) {
        case 0:
            Quantity(raw: Int128(Int64.random(in: -9_999_999_999...9_999_999_999, using: &dice)))
        case 1: Quantity(units: 1_000_000_000_000_000)
        case 2: Quantity(units: -1_000_000_000_000_000)
        case _: Quantity(units: Int.random(in: 0...300, using: &dice))
        }
    }

    private static func properties(_ dice: inout Dice) -> [EventProperty] {
        var properties: [EventProperty] = []
        if Bool.random(using: &dice) {
            properties.append(
                EventProperty("model", .text("m\(Int.random(in: 0..<12, using: &dice))")))
        }
        if UInt8.random(in: 0..<4, using: &dice) == 0 {
            properties.append(
                EventProperty("tier", number(Double(Int.random(in: 0..<3, using: &dice)) / 2)))
        }
        if UInt8.random(in: 0..<4, using: &dice) == 0 {
            properties.append(EventProperty("cached", .boolean(Bool.random(using: &dice))))
        }
        return properties
    }
}

extension EventPartBuilder {
    mutating func add(_ event: ModelEvent) {
        event.customer.withBytes { customer in
            add(
                RecordedEvent(
                    sequence: event.cursor.sequence, index: event.cursor.index,
                    position: event.position, commitTime: event.commitTime, customer: customer,
                    feature: event.feature, value: event.value,
                    label: EventLabel(
                        time: event.time == event.commitTime ? nil : event.time,
                        properties: event.properties)))
        }
        pass(EventWatermark(sequence: event.cursor.sequence, position: event.position, chain: 7))
    }

    /// The events as files and a tail, cut where `cuts` says.
    static func parts(of events: [ModelEvent], cuts: [Int]) throws -> [EventPart] {
        var parts: [EventPart] = []
        var builder = EventPartBuilder(identity: 1, after: .start)
        for (index, event) in events.enumerated() {
            // A record's events stay together.
            if cuts.contains(where: { $0 <= index && $0 > index - 8 }), event.cursor.index == 0,
                builder.rows > 8
            {
                parts.append(try EventPart(file: MemoryBytes(bytes: builder.finish())))
                builder = EventPartBuilder(identity: 1, after: builder.watermark)
            }
            builder.add(event)
        }
        parts.append(builder.part())
        return parts
    }
}
