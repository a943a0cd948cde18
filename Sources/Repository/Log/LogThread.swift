import Glibc

/// A thread of the log. Joined once, by `join`.
package struct LogThread: Sendable {
    private let thread: pthread_t

    /// - Parameter name: how the machine's own tools show it; at most 15 bytes.
    package init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(LogFault) {
        let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runThread, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw .disk(DiskFault(operation: "pthread_create", path: "the log", code: code))
        }
        self.thread = thread
    }

    /// Does something on a thread of its own, and waits for that without taking another.
    static func run(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) async throws(LogFault) {
        var started: Result<LogThread, LogFault>?
        await withCheckedContinuation { continuation in
            do throws(LogFault) {
                started = .success(
                    try LogThread(name) {
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
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    nameThread(start.name)
    start.body()
    return nil
}

/// Without `/proc` it keeps the name of the one that started it.
private func nameThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = name.withCString { write(file, $0, strlen($0)) }
    close(file)
}
