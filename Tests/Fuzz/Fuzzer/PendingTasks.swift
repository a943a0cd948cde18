import Glibc

/// Holds back every task of the process until it is told to run them, on the fuzzer's one thread:
/// pages are answered in tasks, and a finding must come again with its input.
enum PendingTasks {
    private typealias Enqueue = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Enqueue) -> Void

    private final class Executor: SerialExecutor {
        func enqueue(_ job: UnownedJob) { PendingTasks.jobs.append(job) }
    }

    // Safety: libFuzzer uses one thread, and no task leaves it.
    nonisolated(unsafe) private static var jobs: [UnownedJob] = []
    private static let executor = Executor()

    /// The concurrency runtime's own hook.
    static func install() {
        guard let hook = dlsym(dlopen(nil, RTLD_LAZY), "swift_task_enqueueGlobal_hook") else {
            fatalError("this runtime has no hook for tasks")
        }
        hook.assumingMemoryBound(to: Hook?.self).pointee = { job, _ in
            PendingTasks.jobs.append(job)
        }
    }

    static func run() {
        while !jobs.isEmpty {
            jobs.removeFirst().runSynchronously(on: executor.asUnownedSerialExecutor())
        }
    }
}
