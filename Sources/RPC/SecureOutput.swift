import NIOCore

/// The way out that server and client share: clear text of a session, encrypted a slice at a
/// time, to the channel. Confined to its loop.
final class SecureOutput {
    /// Clear text encrypted at once: a few records.
    static let sliceBytes = 64 * 1024
    private static let keptBytes = 256 * 1024

    private let tls: TLSMachine
    private let workshop: HTTP2Workshop
    private var isPumping = false

    init(_ tls: TLSMachine, _ workshop: HTTP2Workshop) {
        self.tls = tls
        self.workshop = workshop
    }

    /// Everything there is to send, as far as the socket takes it. `fill` adds to the
    /// workshop's output up to about so many bytes. False: the connection is unusable.
    func pump(_ context: ChannelHandlerContext, _ fill: (Int) -> Bool) -> Bool {
        // The socket may tell that it can be written from within a write.
        guard !isPumping else { return true }
        isPumping = true
        defer { isPumping = false }
        let output = workshop.output
        var more = true
        while more, context.channel.isWritable {
            output.pointee.clear(keeping: Self.keptBytes)
            guard fill(Self.sliceBytes) else { return false }
            more = output.pointee.count >= Self.sliceBytes
            if output.pointee.count > 0, !tls.write(output.pointee.bytes) { return false }
            sendWire(context)
        }
        return true
    }

    func sendWire(_ context: ChannelHandlerContext) {
        let wire = workshop.wire
        guard wire.pointee.readableBytes > 0 else { return }
        context.writeAndFlush(NIOAny(wire.pointee), promise: nil)
        // Written at once, mostly: then the memory is ours alone again and used for the next.
        if wire.pointee.capacity > Self.keptBytes {
            wire.pointee = ByteBuffer()
        } else {
            wire.pointee.clear()
        }
    }
}
