internal import Billing
internal import CTallyProto
internal import Synchronization

/// Invoices as a row keeps them: those of a year say nearly the same twelve times. Told against one
/// another and packed together they take a fifth.
///
/// The bytes are 0x01, the length of what is packed as a varint, and raw deflate (4 KiB of window,
/// with the preset dictionary below) of an encoded `tally.disk.v1.CustomerState` that has nothing
/// but `invoices`. In these, so that they are alike:
///
///   - `number` is how many lie between it and the one before, modulo 2^32; `time` is how long
///     after the one before, in zigzag. The first is told against 0 and the epoch.
///   - A line's `start` is how long after `time`, in zigzag; its `end` how long after its start,
///     plus 1; `due_time` how long after `time`, in zigzag, plus 1. An end or a due time of 0 stays
///     0: there is none.
final class InvoicePack: PackedInvoices {
    private static let kind: UInt8 = 1

    let bytes: [UInt8]
    private let list = Mutex<[Invoice]?>(nil)

    /// - Parameter bytes: what `pack` made. They are looked at when they are needed: a snapshot's
    ///   checksum was held against them before, so that others are a bug.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var invoices: [Invoice] {
        list.withLock { list in
            if let list { return list }
            do throws(RecordFault) {
                let invoices = try InvoicePack.unpack(bytes)
                list = invoices
                return invoices
            } catch {
                preconditionFailure("a customer's packed invoices can't be read: \(error)")
            }
        }
    }

    /// nil: packed they would be no smaller, or couldn't be read, which would be zlib's fault: they
    /// are a customer's books, so that is tried here.
    ///
    /// - Parameter message: has the customer's invoices and nothing else; is changed.
    static func pack(
        _ message: UnsafeMutablePointer<Tally__Disk__V1__CustomerState>, in arena: Arena
    ) -> [UInt8]? {
        var last = InvoiceMark()
        for invoice in elements(message.pointee.n_invoices, message.pointee.invoices) {
            last = invoice.pointee.tell(against: last)
        }
        let plain = arena.pack(message)
        var packed = [kind]
        var length = plain.count
        while length >= 0x80 {
            packed.append(UInt8(truncatingIfNeeded: length) | 0x80)
            length >>= 7
        }
        packed.append(UInt8(length))
        let deflated = PackedBytes.deflated(plain, with: dictionary)
        let inflated = PackedBytes.inflated(deflated[...], to: plain.count, with: dictionary)
        guard let inflated, inflated.elementsEqual(plain) else { return nil }
        packed += deflated
        return packed.count < plain.count ? packed : nil
    }

    static func unpack(_ bytes: [UInt8]) throws(RecordFault) -> [Invoice] {
        let fault = RecordFault("a customer's invoices aren't packed as they should be")
        guard bytes.first == kind else { throw fault }
        var (place, length, shift) = (1, 0, 0)
        repeat {
            guard place < bytes.count, shift < 28 else { throw fault }
            length |= Int(bytes[place] & 0x7F) << shift
            (place, shift) = (place + 1, shift + 7)
        } while bytes[place - 1] >= 0x80
        guard
            let plain = PackedBytes.inflated(bytes[place...], to: length, with: dictionary)
        else { throw fault }
        let decoder = RecordDecoder(arena: Arena(cap: .max))
        return try plain.withUnsafeBufferPointer { (plain) throws(RecordFault) -> [Invoice] in
            let message = try decoder.open(
                UnsafeRawBufferPointer(plain), tally__disk__v1__customer_state__init
            ).pointee
            var last = InvoiceMark()
            var invoices: [Invoice] = []
            for invoice in elements(message.n_invoices, message.invoices) {
                last = invoice.pointee.untell(against: last)
                invoices.append(try decoder.invoice(invoice.pointee))
            }
            return invoices
        }
    }

    /// What most invoices have something of: one of three prices, in US dollars, paid by card, with
    /// a few words before it that some have. It is part of the format, and never changes.
    private static let dictionary: [UInt8] = [
        0x55, 0x6E, 0x75, 0x73, 0x65, 0x64, 0x20, 0x61, 0x6D, 0x65, 0x78, 0x6D, 0x61, 0x73,
        0x74, 0x65, 0x72, 0x63, 0x61, 0x72, 0x64, 0x65, 0x75, 0x72, 0x67, 0x62, 0x70, 0x72,
        0xB5, 0x01, 0x10, 0x02, 0x1A, 0x25, 0x0A, 0x0E, 0x50, 0x72, 0x6F, 0x20, 0x2D, 0x20,
        0x31, 0x30, 0x20, 0x53, 0x65, 0x61, 0x74, 0x73, 0x10, 0x88, 0x27, 0x18, 0x01, 0x20,
        0x01, 0x30, 0x01, 0x38, 0x01, 0x42, 0x02, 0x08, 0x14, 0x50, 0x81, 0xC8, 0x94, 0xFD,
        0x09, 0x1A, 0x21, 0x0A, 0x10, 0x50, 0x72, 0x6F, 0x20, 0x2D, 0x20, 0x42, 0x61, 0x73,
        0x65, 0x20, 0x50, 0x72, 0x69, 0x63, 0x65, 0x10, 0xD0, 0x0F, 0x18, 0x01, 0x30, 0x01,
        0x38, 0x01, 0x50, 0x81, 0xC8, 0x94, 0xFD, 0x09, 0x1A, 0x20, 0x0A, 0x10, 0x50, 0x72,
        0x6F, 0x20, 0x2D, 0x20, 0x31, 0x20, 0x4D, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65, 0x73,
        0x10, 0x64, 0x18, 0x01, 0x20, 0x01, 0x30, 0x01, 0x38, 0x01, 0x42, 0x02, 0x08, 0x02,
        0x1A, 0x22, 0x0A, 0x12, 0x50, 0x72, 0x6F, 0x20, 0x2D, 0x20, 0x31, 0x30, 0x30, 0x20,
        0x4D, 0x65, 0x73, 0x73, 0x61, 0x67, 0x65, 0x73, 0x10, 0x64, 0x18, 0x01, 0x20, 0x02,
        0x30, 0x01, 0x38, 0x01, 0x42, 0x02, 0x08, 0x02, 0x22, 0x03, 0x75, 0x73, 0x64, 0x28,
        0xD0, 0x0F, 0x30, 0x80, 0x90, 0xA9, 0xFA, 0x13, 0xC2, 0x02, 0x04, 0x70, 0x69, 0x5F,
        0x33, 0x92, 0x03, 0x04, 0x76, 0x69, 0x73, 0x61, 0x9A, 0x03, 0x04, 0x34, 0x32, 0x34,
        0x32,
    ]
}

extension RecordWriter {
    /// One invoice by itself is told whole.
    private static let fewest = 2

    func put(
        _ shelf: InvoiceShelf, as shape: InvoiceShape,
        into message: UnsafeMutablePointer<Tally__Disk__V1__CustomerState>
    ) {
        if shape == .packed, let packed = packed(shelf) {
            message.pointee.packed_invoices = packed.withUnsafeBytes { arena.bytes($0) }
        } else {
            put(shelf.invoices, into: message)
        }
    }

    private func put(
        _ invoices: [Invoice], into message: UnsafeMutablePointer<Tally__Disk__V1__CustomerState>
    ) {
        (message.pointee.n_invoices, message.pointee.invoices) =
            arena.list(invoices) { invoice($0) }
    }

    private func packed(_ shelf: InvoiceShelf) -> [UInt8]? {
        switch shelf {
        case .packed(let pack as InvoicePack): return pack.bytes
        case .packed, .open:
            let invoices = shelf.invoices
            guard invoices.count >= RecordWriter.fewest else { return nil }
            return InvoicePack.pack(self.invoices(invoices), in: arena)
        }
    }

    /// A state of nothing else.
    func invoices(
        _ invoices: [Invoice]
    ) -> UnsafeMutablePointer<Tally__Disk__V1__CustomerState> {
        let message = arena.make(tally__disk__v1__customer_state__init)
        put(invoices, into: message)
        return message
    }
}

extension RecordDecoder {
    func invoiceShelf(
        _ message: Tally__Disk__V1__CustomerState
    ) throws(RecordFault) -> InvoiceShelf {
        let packed = message.packed_invoices
        guard packed.len == 0 else {
            let bytes = UnsafeBufferPointer(start: packed.data, count: packed.len)
            return .packed(InvoicePack(Array(bytes)))
        }
        var invoices: [Invoice] = []
        for invoice in elements(message.n_invoices, message.invoices) {
            invoices.append(try self.invoice(invoice.pointee))
        }
        return .open(invoices)
    }
}

/// What the next invoice is told against.
private struct InvoiceMark {
    var number: UInt32 = 0
    var time: Int64 = 0
}

extension Tally__Disk__V1__InvoiceRaised {
    fileprivate mutating func tell(against last: InvoiceMark) -> InvoiceMark {
        let mark = InvoiceMark(number: number, time: time)
        for line in elements(n_lines, lines) where line.pointee.end != 0 {
            line.pointee.end = line.pointee.end &- line.pointee.start &+ 1
            line.pointee.start = (line.pointee.start &- time).inZigzag
        }
        if due_time != 0 { due_time = (due_time &- time).inZigzag &+ 1 }
        number = number &- last.number &- 1
        time = (time &- last.time).inZigzag
        return mark
    }

    fileprivate mutating func untell(against last: InvoiceMark) -> InvoiceMark {
        number = number &+ last.number &+ 1
        time = time.fromZigzag &+ last.time
        for line in elements(n_lines, lines) where line.pointee.end != 0 {
            line.pointee.start = line.pointee.start.fromZigzag &+ time
            line.pointee.end = line.pointee.end &- 1 &+ line.pointee.start
        }
        if due_time != 0 { due_time = (due_time &- 1).fromZigzag &+ time }
        return InvoiceMark(number: number, time: time)
    }
}

extension Int64 {
    fileprivate var inZigzag: Int64 { (self << 1) ^ (self >> 63) }
    fileprivate var fromZigzag: Int64 { Int64(zigzag: UInt64(bitPattern: self)) }
}
