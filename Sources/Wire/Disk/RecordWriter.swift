package import Billing
internal import CTallyProto

/// One commit as it goes to the log.
package struct CustomerRecord {
    package var customer: CustomerID
    package var time: Timestamp
    package var catalogSequence: UInt64
    package var previousPosition: UInt64
    package var facts: [Fact]
    package var request: RequestMark?
    /// With `request`: the encoded reply, which a retry gets again.
    package var reply: [UInt8]
    /// The key that what is personal is sealed with; 0: nothing is sealed.
    package var key: UInt32 = 0
    /// What was sealed is gone with its key: name, email, metadata, properties, and the reply if it
    /// is empty.
    package var isErased = false

    /// The reply may name somebody, and is sealed.
    package var hidesReply: Bool {
        request.flatMap { Method(rawValue: $0.method) }?.namesSomebody ?? false
    }

    package init(
        customer: CustomerID, time: Timestamp, catalogSequence: UInt64, previousPosition: UInt64,
        facts: [Fact], request: RequestMark?, reply: [UInt8] = []
    ) {
        self.customer = customer
        self.time = time
        self.catalogSequence = catalogSequence
        self.previousPosition = previousPosition
        self.facts = facts
        self.request = request
        self.reply = reply
    }
}

/// Turns commits and customers into the bytes of `tally.disk.v1`, in the arena.
package struct RecordWriter {
    let arena: Arena
    let seals: (any CustomerSeals)?

    /// - Parameter seals: nil: everything is written in the clear, as format 1 has it.
    package init(arena: Arena, seals: (any CustomerSeals)? = nil) {
        self.arena = arena
        self.seals = seals
    }

    /// What is personal is sealed with the record's key, if it has one.
    ///
    /// - Parameter reply: used instead of `record.reply`, so that it needn't be copied first.
    package func record(
        _ record: borrowing CustomerRecord, reply: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        guard record.key != 0, let seals else {
            return usage(record, reply: reply) ?? arena.pack(message(record, reply))
        }
        var open = copy record
        var parts = PersonalParts(takenFrom: &open.facts)
        if open.hidesReply { parts.reply = Array(reply) }
        let message = message(
            open, open.hidesReply ? UnsafeRawBufferPointer(start: nil, count: 0) : reply)
        message.pointee.sealed = sealed(
            parts, with: open.key, for: .record, of: open.customer, seals)
        precondition(message.pointee.sealed != nil, "a record is made with a key that is live")
        return arena.pack(message)
    }

    private func message(
        _ record: borrowing CustomerRecord, _ reply: UnsafeRawBufferPointer
    ) -> UnsafeMutablePointer<Tally__Disk__V1__CustomerRecord> {
        let message = arena.make(tally__disk__v1__customer_record__init)
        message.pointee.customer_id = record.customer.withBytes { arena.string($0) }
        message.pointee.commit_time = record.time.milliseconds
        message.pointee.catalog_sequence = record.catalogSequence
        message.pointee.previous_position = record.previousPosition
        (message.pointee.n_facts, message.pointee.facts) = arena.list(record.facts) { fact($0) }
        if let request = record.request {
            let receipt = self.receipt(request)
            receipt.pointee.reply = arena.bytes(reply)
            message.pointee.receipt = receipt
        }
        return message
    }

    /// A customer's whole state. Equal states give equal bytes.
    package func state(_ customer: borrowing CustomerState) -> UnsafeRawBufferPointer {
        let message = restMessage(customer, invoices: .plain)
        message.pointee.key = customer.key
        message.pointee.customer_id = customer.id.withBytes { arena.string($0) }
        message.pointee.sequence = customer.sequence
        var buckets: [Bucket] = []
        for index in 0..<customer.buckets.count { buckets.append(customer.buckets[index]) }
        (message.pointee.n_buckets, message.pointee.buckets) = arena.list(buckets) { bucket($0) }
        if customer.buckets.hasExtras {
            message.pointee.extras = extras(customer.buckets.extras)
        }
        return arena.pack(message)
    }

    func receipt(_ request: RequestMark) -> UnsafeMutablePointer<Tally__Disk__V1__Receipt> {
        let receipt = arena.make(tally__disk__v1__receipt__init)
        receipt.pointee.request_id = request.id.withBytes { arena.string($0) }
        receipt.pointee.method = request.method
        receipt.pointee.payload_fingerprint = request.fingerprint
        return receipt
    }

    func quantity(_ quantity: Quantity) -> UnsafeMutablePointer<Tally__Disk__V1__Quantity> {
        let message = arena.make(tally__disk__v1__quantity__init)
        (message.pointee.whole, message.pointee.fraction) = quantity.parts
        return message
    }
}

/// On disk an instant that never comes is 0.
func stored(_ time: Timestamp) -> Int64 { time == .never ? 0 : time.milliseconds }
