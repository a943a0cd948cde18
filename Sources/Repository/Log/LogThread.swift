import Glibc

/// A thread of the log. Joined once, by `join`.
package struct LogThread: Sendable {
    private let thread: pthread_t

    package init(_ body: @escaping @Sendable () -> Void) throws(LogFault) {
        let start = Unmanaged.passRetained(ThreadStart(body: body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runThread, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw .disk(DiskFault(operation: "pthread_create", path: "the log", code: code))
        }
        self.thread = thread
    }

    /// Does something on a thread of its own, and waits for that without taking another.
    static func run(_ body: @escaping @Sendable () -> Void) async throws(LogFault) {
        var started: Result<LogThread, LogFault>?
        await withCheckedContinuation { continuation in
            do throws(LogFault) {
                started = .success(
                    try LogThread {
                        body()
                        continuation.resume()
                    })
            } catch {
                started = .failure(error)
                continuation.resume()
            }
        }
        try started?.get().join()
    }

    /// Waits for its end; called on the thread itself, lets it end alone.
    package func join() {
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }
}

private final class ThreadStart: Sendable {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body()
    return nil
}
