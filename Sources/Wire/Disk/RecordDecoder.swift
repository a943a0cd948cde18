internal import Billing
internal import CTallyProto

/// A record that passed its checksum but makes no sense to this binary: written by a newer one, or
/// by none at all. Never skipped.
package struct RecordFault: Error, Sendable, CustomStringConvertible {
    package var description: String

    package static let malformed = RecordFault("a record is no valid message")

    init(_ description: String) {
        self.description = description
    }
}

/// Reads what `RecordWriter` wrote.
package struct RecordDecoder {
    let arena: Arena
    let seals: (any CustomerSeals)?

    /// - Parameter seals: nil: nothing is sealed, and what is all the same is a fault.
    package init(arena: Arena, seals: (any CustomerSeals)? = nil) {
        self.arena = arena
        self.seals = seals
    }

    package func record(_ bytes: UnsafeRawBufferPointer) throws(RecordFault) -> CustomerRecord {
        let message = try open(bytes, tally__disk__v1__customer_record__init)
        guard let customer = CustomerID(Wire.bytes(of: message.pointee.customer_id)) else {
            throw RecordFault("a customer id is too long")
        }
        var facts: [Fact] = []
        facts.reserveCapacity(message.pointee.n_facts)
        for fact in elements(message.pointee.n_facts, message.pointee.facts) {
            facts.append(try self.fact(fact.pointee))
        }
        var record = CustomerRecord(
            customer: customer, time: Timestamp(milliseconds: message.pointee.commit_time),
            catalogSequence: message.pointee.catalog_sequence,
            previousPosition: message.pointee.previous_position, facts: facts, request: nil)
        if let receipt = message.pointee.receipt?.pointee {
            record.request = try mark(receipt)
            record.reply = Array(
                UnsafeRawBufferPointer(start: receipt.reply.data, count: receipt.reply.len))
        }
        if let sealed = message.pointee.sealed?.pointee {
            record.key = sealed.key
            if let parts = try open(sealed, for: .record, of: customer) {
                try put(parts, into: &record)
            } else {
                record.isErased = true
            }
        }
        return record
    }

    func open<Message>(
        _ bytes: UnsafeRawBufferPointer, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(RecordFault) -> UnsafeMutablePointer<Message> {
        let descriptor = arena.descriptor(of: arena.make(initialize))
        guard let message = arena.unpack(Message.self, descriptor, bytes) else {
            throw .malformed
        }
        return message
    }

    func mark(_ receipt: Tally__Disk__V1__Receipt) throws(RecordFault) -> RequestMark {
        guard let id = RequestID(Wire.bytes(of: receipt.request_id)) else {
            throw RecordFault("a request id is too long")
        }
        return RequestMark(
            id: id, method: receipt.method, fingerprint: receipt.payload_fingerprint)
    }

    func text(_ text: UnsafePointer<CChar>?) -> String {
        String(decoding: Wire.bytes(of: text), as: UTF8.self)
    }

    func time(_ stored: Int64) -> Timestamp {
        stored == 0 ? .never : Timestamp(milliseconds: stored)
    }

    func quantity(_ message: UnsafePointer<Tally__Disk__V1__Quantity>?) -> Quantity {
        guard let message else { return .zero }
        return Quantity(whole: message.pointee.whole, fraction: message.pointee.fraction)
    }

    /// A part that the format requires.
    func need<Part>(_ part: UnsafeMutablePointer<Part>?) throws(RecordFault) -> Part {
        guard let part else { throw RecordFault("a record lacks a part it needs") }
        return part.pointee
    }

    /// A stored enum value this binary knows.
    func known<Value: RawRepresentable<UInt8>>(
        _ raw: UInt32, _ type: Value.Type
    ) throws(RecordFault) -> Value {
        guard let narrow = UInt8(exactly: raw), let value = Value(rawValue: narrow) else {
            throw RecordFault("unknown \(type) \(raw): written by a newer version of tally")
        }
        return value
    }
}
