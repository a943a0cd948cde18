/// Answers some pages at once, on the event loop that read them: those that are asked often and
/// answered from memory. One of each loop's own. Everything else goes to the `PageHandler`, which
/// must answer the same in these cases.
package protocol QuickPages: AnyObject {
    /// Whether this path may be one.
    func isQuick(path: UnsafeRawBufferPointer) -> Bool

    /// Writes the body of a 200; false: the page handler is to be asked, and nothing was done.
    ///
    ///
    func answer(
        _ request: borrowing QuickRequest, principal: Int, body: UnsafeRawBufferPointer,
        into reply: QuickReply
    ) -> Bool
}

/// A `POST` and its header fields, during `answer` only.
package struct QuickRequest: ~Copyable {
    let stream: StreamReference

    /// All that the transport hasn't taken for itself.
    package func walk(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        stream.pointee.headers.walk(body)
    }
}

/// Where the body goes: straight into the memory that is sent.
package struct QuickReply {
    let stream: StreamReference

    package func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        stream.pointee.reply.reserve(count)
    }

    /// So many of the reserved bytes were written.
    package func commit(_ count: Int) { stream.pointee.reply.commit(count) }
}

extension ServerCalls {
    /// False: nothing was done.
    func quickPage(_ stream: StreamReference, _ body: UnsafeRawBufferPointer) -> Bool {
        guard let quick = port.quickPages, faces.pages.hasQuickPages,
            stream.pointee.flags.contains(.isPost),
            !stream.pointee.flags.contains(.headersTooLarge),
            let path = stream.pointee.headers.first(":path"), quick.isQuick(path: path),
            authenticate(stream) == nil
        else { return false }
        stream.pointee.reply.clear()
        guard
            quick.answer(
                QuickRequest(stream: stream), principal: stream.pointee.principal, body: body,
                into: QuickReply(stream: stream))
        else {
            stream.pointee.reply.clear()
            return false
        }
        stream.pointee.flags.insert(.answered)
        session.submitPage(
            stream,
            [
                (":status", Self.ok), ("content-type", Self.json),
                ("content-length", Array(String(stream.pointee.reply.count).utf8)),
            ])
        return true
    }

    private static let ok = Array("200".utf8)
    private static let json = Array("application/json".utf8)
}
