internal import CProtobufC
internal import CTallyProto

/// Scratch memory for one call: a bump allocator that is emptied, not freed, between calls.
///
/// Hostile input can make protobuf-c ask for many times the message's size, so the arena has a cap;
/// past it unpacking fails cleanly. Confined to the thread that uses it.
package final class Arena {
    /// At a fixed address, which protobuf-c reaches without asking whether somebody else is at it.
    private let blocks: UnsafeMutablePointer<ArenaBlocks>
    /// Handed to protobuf-c; lives as long as the arena.
    private let allocator: UnsafeMutablePointer<ProtobufCAllocator>

    /// - Parameter cap: bytes one call may use.
    package init(cap: Int = 16 << 20) {
        blocks = .allocate(capacity: 1)
        blocks.initialize(to: ArenaBlocks(cap: cap))
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: allocateInBlocks, free: { _, _ in }, allocator_data: blocks))
    }

    deinit {
        blocks.deinitialize(count: 1)
        blocks.deallocate()
        allocator.deallocate()
    }

    /// Something was refused since the last `reset`, because of the cap.
    var isExhausted: Bool { blocks.pointee.isExhausted }

    /// Everything allocated so far is given up.
    package func reset() { blocks.pointee.reset() }

    /// nil: the cap is reached.
    @inline(__always)
    func allocate(_ size: Int) -> UnsafeMutableRawPointer? { blocks.pointee.allocate(size) }

    /// For what the process itself builds: bounded by what it holds already, so the cap is a bug.
    func require(_ size: Int) -> UnsafeMutableRawPointer {
        guard let memory = allocate(size) else { preconditionFailure("the arena's cap is too low") }
        return memory
    }
}

/// The memory of an arena: blocks, of which the last is filled from its start.
private struct ArenaBlocks: ~Copyable {
    private static let blockSize = 64 * 1024

    private var blocks: [UnsafeMutableRawBufferPointer] = []
    private var next: UnsafeMutableRawPointer
    private var left: Int
    private var total: Int
    private let cap: Int
    private(set) var isExhausted = false

    init(cap: Int) {
        let first = UnsafeMutableRawBufferPointer.allocate(
            byteCount: ArenaBlocks.blockSize, alignment: 16)
        blocks.append(first)
        next = first.baseAddress.unsafelyUnwrapped
        left = first.count
        total = first.count
        self.cap = cap
    }

    deinit {
        for block in blocks { block.deallocate() }
    }

    mutating func reset() {
        if blocks.count > 1 {
            for block in blocks.dropFirst() { block.deallocate() }
            blocks.removeLast(blocks.count - 1)
        }
        next = blocks[0].baseAddress.unsafelyUnwrapped
        left = blocks[0].count
        total = left
        isExhausted = false
    }

    @inline(__always)
    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        let aligned = (size + 15) & ~15
        guard aligned <= left || grow(by: aligned) else { return nil }
        let start = next
        next += aligned
        left -= aligned
        return start
    }

    @inline(never)
    private mutating func grow(by size: Int) -> Bool {
        let wanted = max(ArenaBlocks.blockSize, size)
        guard total + wanted <= cap else {
            isExhausted = true
            return false
        }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
        blocks.append(block)
        total += wanted
        next = block.baseAddress.unsafelyUnwrapped
        left = wanted
        return true
    }
}

/// protobuf-c's way to the arena.
private func allocateInBlocks(
    _ data: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
    data?.assumingMemoryBound(to: ArenaBlocks.self).pointee.allocate(size)
}

extension Arena {
    /// A message set to its defaults by protobuf-c's own initialiser.
    func make<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) -> UnsafeMutablePointer<Message> {
        let memory = require(MemoryLayout<Message>.stride)
        let message = memory.bindMemory(to: Message.self, capacity: 1)
        initialize(message)
        return message
    }

    /// A repeated field of messages.
    func list<Value, Message>(
        _ values: some Collection<Value>, _ make: (Value) -> UnsafeMutablePointer<Message>
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
        guard !values.isEmpty else { return (0, nil) }
        let size = MemoryLayout<UnsafeMutablePointer<Message>?>.stride
        let memory = require(values.count * size)
        let array = memory.bindMemory(
            to: UnsafeMutablePointer<Message>?.self, capacity: values.count)
        for (index, value) in values.enumerated() { array[index] = make(value) }
        return (values.count, array)
    }

    /// A repeated field of numbers.
    func numbers<Number>(_ values: [Number]) -> (Int, UnsafeMutablePointer<Number>?) {
        guard !values.isEmpty else { return (0, nil) }
        let memory = require(values.count * MemoryLayout<Number>.stride)
        let array = memory.bindMemory(to: Number.self, capacity: values.count)
        for (index, value) in values.enumerated() { array[index] = value }
        return (values.count, array)
    }

    /// A C string with these bytes.
    func string(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<CChar> {
        let memory = require(bytes.count + 1)
        UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyMemory(from: bytes)
        memory.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return memory.bindMemory(to: CChar.self, capacity: bytes.count + 1)
    }

    func string(_ text: String) -> UnsafeMutablePointer<CChar> {
        var text = text
        return text.withUTF8 { string(UnsafeRawBufferPointer($0)) }
    }

    /// protobuf bytes copied into the arena.
    func bytes(_ source: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        guard !source.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
        let memory = require(source.count)
        memory.copyMemory(from: source.baseAddress!, byteCount: source.count)
        return ProtobufCBinaryData(
            len: source.count, data: memory.bindMemory(to: UInt8.self, capacity: source.count))
    }

    /// The message as protobuf bytes, in the arena.
    func pack<Message>(_ message: UnsafeMutablePointer<Message>) -> UnsafeRawBufferPointer {
        message.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { base in
            let size = protobuf_c_message_get_packed_size(base)
            let memory = require(max(size, 1))
            let start = memory.bindMemory(to: UInt8.self, capacity: max(size, 1))
            return UnsafeRawBufferPointer(
                start: start, count: protobuf_c_message_pack(base, start))
        }
    }

    /// The descriptor of an initialised message.
    func descriptor<Message>(
        of message: UnsafeMutablePointer<Message>
    ) -> UnsafePointer<ProtobufCMessageDescriptor> {
        message.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) { $0.pointee.descriptor }
    }

    /// nil: malformed, or the cap was reached.
    func unpack<Message>(
        _ type: Message.Type, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ bytes: UnsafeRawBufferPointer
    ) -> UnsafeMutablePointer<Message>? {
        var nothing: UInt8 = 0
        let message = withUnsafePointer(to: &nothing) { empty in
            protobuf_c_message_unpack(
                descriptor, allocator, bytes.count,
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? empty)
        }
        return message.map {
            UnsafeMutableRawPointer($0).assumingMemoryBound(to: Message.self)
        }
    }
}

/// The bytes of a C string.
func bytes(of text: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer {
    guard let text else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    var length = 0
    while text[length] != 0 { length += 1 }
    return UnsafeRawBufferPointer(start: text, count: length)
}

/// A repeated field's elements.
func elements<Message>(
    _ count: Int, _ list: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [UnsafeMutablePointer<Message>] {
    (0..<count).compactMap { list?[$0] }
}
