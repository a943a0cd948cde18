package import Billing
package import Repository
internal import Wire

/// How far a receiver was told, so that another start goes on there: of each partition the record
/// up to which everything was read, and the customers of whom not everything was accepted, with the
/// first of it.
package struct DeliveryCursor: Sendable, Equatable {
    package struct Held: Sendable, Equatable {
        package var customer: CustomerID
        package var sequence: UInt64
        package var index: Int
        package var taken: Timestamp

        package init(customer: CustomerID, sequence: UInt64, index: Int, taken: Timestamp) {
            self.customer = customer
            self.sequence = sequence
            self.index = index
            self.taken = taken
        }
    }

    package struct Part: Sendable, Equatable {
        package var through: LogPlace
        /// Before the first record that somebody is still to be told of, or the same.
        package var from: LogPlace
        package var held: [Held]

        package init(through: LogPlace, from: LogPlace, held: [Held] = []) {
            self.through = through
            self.from = from
            self.held = held
        }

        /// Since when it was due, if it is still to be told; nil: it was told.
        ///
        /// - Parameter now: what becomes due only now.
        func taken(
            _ customer: CustomerID, sequence: UInt64, index: Int, at now: Timestamp
        ) -> Timestamp? {
            guard sequence <= through.sequence else { return now }
            guard let held = held.first(where: { $0.customer == customer }) else { return nil }
            guard (sequence, index) >= (held.sequence, held.index) else { return nil }
            return (sequence, index) == (held.sequence, held.index) ? held.taken : now
        }

        /// What an earlier start had come to still counts while this one is on the way to it.
        mutating func goOn(from former: Part) {
            guard through.sequence < former.through.sequence else { return }
            let reached = through
            for var other in former.held
            where !held.contains(where: { $0.customer == other.customer }) {
                if other.sequence <= reached.sequence {
                    (other.sequence, other.index) = (reached.sequence + 1, 0)
                }
                held.append(other)
            }
            through = former.through
        }
    }

    package var parts: [Part]

    package init(parts: [Part]) {
        self.parts = parts
    }
}

/// A small file, `webhooks/NAME.json` in the environment's folder, replaced at once: two lines, a
/// CRC-32C of the second in hexadecimal, and that as JSON.
package struct CursorFile: Sendable {
    package struct Damage: Error, CustomStringConvertible {
        package let description: String
    }

    private let path: String

    /// Makes the folder.
    package init(folder: String, endpoint: String) throws {
        try SmallFile.makeFolder(folder)
        path = "\(folder)/\(endpoint).json"
    }

    /// nil: there is none yet.
    package func read() throws -> DeliveryCursor? {
        guard let content = try SmallFile.read(path) else { return nil }
        let lines = content.split(separator: UInt8(ascii: "\n"), maxSplits: 1)
        guard lines.count == 2, let last = lines[1].last, last == UInt8(ascii: "\n"),
            lines[0].elementsEqual(Self.sum(lines[1].dropLast()).utf8),
            let value = try? JSONParser.parse(Array(lines[1])),
            case .array(let parts)? = value["partitions"]
        else {
            throw Damage(
                description: "\(path) is damaged; remove it, and tally webhooks replay tells again "
                    + "what may have been missed")
        }
        return DeliveryCursor(parts: parts.compactMap { DeliveryCursor.Part($0) })
    }

    package func write(_ cursor: DeliveryCursor) throws {
        let parts = cursor.parts.map(\.json)
        let line = JSONWriter.bytes(.object(["partitions": .array(parts)]))
        try SmallFile.write(
            Array(Self.sum(line[...]).utf8) + [UInt8(ascii: "\n")] + line + [UInt8(ascii: "\n")],
            to: path)
    }

    private static func sum(_ line: ArraySlice<UInt8>) -> String {
        String(line.withUnsafeBytes { checksum($0) }, radix: 16)
    }
}

extension DeliveryCursor.Part {
    fileprivate init?(_ value: JSONValue) {
        guard let through = LogPlace(value["through"]), let from = LogPlace(value["from"]),
            case .array(let held)? = value["held"]
        else { return nil }
        self.init(through: through, from: from, held: held.compactMap { .init($0) })
    }

    fileprivate var json: JSONValue {
        .object([
            "through": through.json, "from": from.json,
            "held": .array(
                held.map { held in
                    .object([
                        "customer": .string(held.customer.text),
                        "sequence": .number(held.sequence), "index": .number(held.index),
                        "taken": .number(held.taken.milliseconds),
                    ])
                }),
        ])
    }
}

extension DeliveryCursor.Held {
    fileprivate init?(_ value: JSONValue) {
        guard case .string(let text)? = value["customer"], let customer = CustomerID(text),
            let sequence = value["sequence"]?.whole(UInt64.self),
            let index = value["index"]?.whole(Int.self),
            let taken = value["taken"]?.whole(Int64.self)
        else { return nil }
        self.init(
            customer: customer, sequence: sequence, index: index,
            taken: Timestamp(milliseconds: taken))
    }
}

extension LogPlace {
    fileprivate init?(_ value: JSONValue?) {
        guard let sequence = value?["sequence"]?.whole(UInt64.self),
            let position = value?["position"]?.whole(UInt64.self),
            let chain = value?["chain"]?.whole(UInt32.self)
        else { return nil }
        self.init(
            sequence: sequence, position: LogPosition(rawValue: position), chain: chain)
    }

    fileprivate var json: JSONValue {
        .object([
            "sequence": .number(sequence), "position": .number(position.rawValue),
            "chain": .number(chain),
        ])
    }
}

extension JSONValue {
    fileprivate func whole<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard case .number(let text) = self else { return nil }
        return Value(text)
    }
}
