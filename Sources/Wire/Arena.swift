internal import CProtobufC
internal import CTallyProto

/// Scratch memory for one call: a bump allocator that is emptied, not freed, between calls.
///
/// Hostile input can make protobuf-c ask for many times the message's size, so the arena has a cap;
/// past it unpacking fails cleanly. Confined to the thread that uses it.
package final class Arena {
    private var blocks: [UnsafeMutableRawBufferPointer] = []
    private var total = 0
    private let cap: Int
    /// What every allocation changes. Behind a pointer, because an object's own properties are
    /// guarded against overlapping access at run time.
    private let state: UnsafeMutablePointer<State>
    /// Handed to protobuf-c; lives as long as the arena.
    private let allocator: UnsafeMutablePointer<ProtobufCAllocator>

    private struct State {
        /// What is free of the current block.
        var next: UnsafeMutableRawPointer
        var end: UnsafeMutableRawPointer
        /// There are more blocks than the first.
        var isSpread = false
        var isExhausted = false
    }

    private static let blockSize = 64 * 1024

    /// - Parameter cap: bytes one call may use.
    package init(cap: Int = 16 << 20) {
        self.cap = cap
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Arena.blockSize, alignment: 16)
        state = .allocate(capacity: 1)
        state.initialize(to: State(next: block.start, end: block.start + block.count))
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: allocateInArena, free: { _, _ in }, allocator_data: nil))
        allocator.pointee.allocator_data = Unmanaged.passUnretained(self).toOpaque()
        blocks.append(block)
        total = Arena.blockSize
    }

    deinit {
        for block in blocks { block.deallocate() }
        allocator.deallocate()
        state.deallocate()
    }

    /// Something was refused since the last `reset`, because of the cap.
    var isExhausted: Bool { state.pointee.isExhausted }

    /// Everything allocated so far is given up.
    package func reset() {
        if state.pointee.isSpread { shrink() }
        state.pointee.next = state.pointee.end - Arena.blockSize
        state.pointee.isExhausted = false
    }

    private func shrink() {
        for block in blocks.dropFirst() { block.deallocate() }
        blocks.removeLast(blocks.count - 1)
        total = Arena.blockSize
        state.pointee.end = blocks[0].start + Arena.blockSize
        state.pointee.isSpread = false
    }

    /// nil: the cap is reached.
    @inline(__always)
    func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        let aligned = (size + 15) & ~15
        let start = state.pointee.next
        guard aligned <= state.pointee.end - start else { return allocateInNewBlock(aligned) }
        state.pointee.next = start + aligned
        return start
    }

    private func allocateInNewBlock(_ size: Int) -> UnsafeMutableRawPointer? {
        let wanted = max(Arena.blockSize, size)
        guard total + wanted <= cap else {
            state.pointee.isExhausted = true
            return nil
        }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
        blocks.append(block)
        total += wanted
        state.pointee.isSpread = true
        state.pointee.next = block.start + size
        state.pointee.end = block.start + wanted
        return block.start
    }

    /// For what the process itself builds: bounded by what it holds already, so the cap is a bug.
    func require(_ size: Int) -> UnsafeMutableRawPointer {
        guard let memory = allocate(size) else { preconditionFailure("the arena's cap is too low") }
        return memory
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Of a block, which is never empty.
    fileprivate var start: UnsafeMutableRawPointer {
        guard let baseAddress else { preconditionFailure("an empty block") }
        return baseAddress
    }
}

/// protobuf-c's way to the arena.
private func allocateInArena(
    _ data: UnsafeMutableRawPointer?, _ size: Int
) -> UnsafeMutableRawPointer? {
    guard let data else { return nil }
    return Unmanaged<Arena>.fromOpaque(data).takeUnretainedValue().allocate(size)
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
