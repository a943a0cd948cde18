import Glibc
internal import Synchronization

/// A thread of the log. Joined once, by `join`.
struct LogThread: Sendable {
    private let thread: pthread_t

    init(_ body: @escaping @Sendable () -> Void) throws(LogFault) {
        let start = Unmanaged.passRetained(ThreadStart(body: body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runThread, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw .disk(DiskFault(operation: "pthread_create", path: "the log", code: code))
        }
        self.thread = thread
    }

    /// Waits for its end; called on the thread itself, lets it end alone.
    func join() {
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }
}

extension LogThread {
    /// Divides so many pieces of work among several threads, of which the calling one is one, and
    /// waits for all. One of their faults is thrown.
    static func share<Fault: Error>(
        _ count: Int, among threads: Int,
        _ work: @escaping @Sendable (Range<Int>) throws(Fault) -> Void
    ) throws(Fault) {
        let threads = max(threads, 1)
        let fault = Mutex<Fault?>(nil)
        let run = { @Sendable (thread: Int) in
            do throws(Fault) {
                try work(count * thread / threads..<count * (thread + 1) / threads)
            } catch {
                fault.withLock { $0 = error }
            }
        }
        var others: [LogThread] = []
        for thread in 1..<threads {
            // Without the thread, this one does its part.
            if let started = try? LogThread({ run(thread) }) {
                others.append(started)
            } else {
                run(thread)
            }
        }
        run(0)
        for thread in others { thread.join() }
        if let fault = fault.withLock({ $0 }) { throw fault }
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
