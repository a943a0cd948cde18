import CNGHTTP2
import Glibc

/// nghttp2's allocator for all sessions of one event loop: freed blocks go to lists by size and
/// come back from there. A request costs about twenty allocations in the library, always of
/// the same few sizes. Confined to its loop.
final class SessionMemory {
    let lists: UnsafeMutablePointer<BlockLists>
    let functions: UnsafeMutablePointer<nghttp2_mem>

    init() {
        lists = .allocate(capacity: 1)
        lists.initialize(to: BlockLists())
        functions = .allocate(capacity: 1)
        functions.initialize(
            to: nghttp2_mem(
                mem_user_data: lists,
                malloc: { blockAllocate($0, $1) },
                free: { blockFree($0, $1) },
                calloc: { blockAllocateZeroed($0, $1, $2) },
                realloc: { blockReallocate($0, $1, $2) }))
    }

    deinit {
        lists.deinitialize(count: 1)
        lists.deallocate()
        functions.deinitialize(count: 1)
        functions.deallocate()
    }
}

/// Size classes are powers of two from 32 bytes to 4 KiB; each block has a header of 16 bytes
/// (so that alignment is malloc's) holding its class. Larger ones belong to a connection, not to
/// a call: they come from malloc as they are.
struct BlockLists: ~Copyable {
    static let smallest = 5
    static let largest = 12
    static let headerBytes = 16
    static let unpooled = 255
    /// A class keeps at most this much free memory.
    static let keptBytes = 1 << 20

    private struct FreeBlock {
        var next: UnsafeMutableRawPointer?
    }

    private let heads: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let kept: UnsafeMutablePointer<Int>

    init() {
        heads = .allocate(capacity: Self.largest + 1)
        heads.initialize(repeating: nil, count: Self.largest + 1)
        kept = .allocate(capacity: Self.largest + 1)
        kept.initialize(repeating: 0, count: Self.largest + 1)
    }

    deinit {
        for order in 0...Self.largest {
            while let head = heads[order] {
                heads[order] = head.load(as: FreeBlock.self).next
                free(head)
            }
        }
        heads.deallocate()
        kept.deallocate()
    }

    @inline(__always)
    func take(_ size: Int) -> UnsafeMutableRawPointer? {
        let total = size + Self.headerBytes
        guard total <= 1 << Self.largest else {
            guard let block = malloc(total) else { return nil }
            block.storeBytes(of: Self.unpooled, as: Int.self)
            return block + Self.headerBytes
        }
        let order = max(Self.smallest, Int.bitWidth - (total - 1).leadingZeroBitCount)
        let block: UnsafeMutableRawPointer
        if let head = heads[order] {
            heads[order] = head.load(as: FreeBlock.self).next
            kept[order] -= 1 << order
            block = head
        } else {
            guard let fresh = malloc(1 << order) else { return nil }
            block = fresh
        }
        block.storeBytes(of: order, as: Int.self)
        return block + Self.headerBytes
    }

    @inline(__always)
    func give(_ pointer: UnsafeMutableRawPointer) {
        let block = pointer - Self.headerBytes
        let order = block.load(as: Int.self)
        guard order != Self.unpooled, kept[order] < Self.keptBytes else { return free(block) }
        block.storeBytes(of: FreeBlock(next: heads[order]), as: FreeBlock.self)
        heads[order] = block
        kept[order] += 1 << order
    }

    /// The bytes a block can hold; for one outside the lists, unknown: zero.
    static func room(_ pointer: UnsafeMutableRawPointer) -> Int {
        let order = (pointer - headerBytes).load(as: Int.self)
        return order == unpooled ? 0 : (1 << order) - headerBytes
    }
}

private func lists(_ context: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<BlockLists> {
    context.unsafelyUnwrapped.assumingMemoryBound(to: BlockLists.self)
}

private func blockAllocate(
    _ size: Int, _ context: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    lists(context).pointee.take(size)
}

private func blockFree(_ pointer: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?) {
    if let pointer { lists(context).pointee.give(pointer) }
}

private func blockAllocateZeroed(
    _ count: Int, _ size: Int, _ context: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    let (total, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, let block = lists(context).pointee.take(total) else { return nil }
    memset(block, 0, total)
    return block
}

private func blockReallocate(
    _ pointer: UnsafeMutableRawPointer?, _ size: Int, _ context: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
    guard let pointer else { return lists(context).pointee.take(size) }
    let room = BlockLists.room(pointer)
    if room == 0 {
        let block = pointer - BlockLists.headerBytes
        guard let moved = realloc(block, size + BlockLists.headerBytes) else { return nil }
        return moved + BlockLists.headerBytes
    }
    if size <= room { return pointer }
    guard let moved = lists(context).pointee.take(size) else { return nil }
    memcpy(moved, pointer, room)
    lists(context).pointee.give(pointer)
    return moved
}
