internal import RPC
internal import Wire

/// `ServerReflectionInfo`: each question answered as it comes.
final class ReflectionStream: StreamHandler {
    private let index: ReflectionIndex
    private let writer: StreamWriter

    init(_ index: ReflectionIndex, _ writer: StreamWriter) {
        self.index = index
        self.writer = writer
    }

    func received(_ message: UnsafeRawBufferPointer) -> StreamDemand {
        writer.send(index.answer(message)) ? .more : .pause
    }

    func halfClosed() { writer.finish() }

    func writable() { writer.resume() }

    func cancelled(_ reason: RPCStatus) {}
}
