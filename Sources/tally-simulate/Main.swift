import Glibc
import Simulator
import Synchronization

/// Runs seeds of the simulation, and every point of a small log. See scripts/simulate.
@main enum Main {
    static func main() async {
        let options = Options(CommandLine.arguments.dropFirst())
        if let seed = options.numbers["--seed"] {
            replay(UInt64(seed), isTraced: options.flags.contains("--trace"))
        } else if options.flags.contains("--points") {
            await Points(workers: options.workers, steps: options.numbers["--steps"] ?? 60).run()
        } else {
            await run(options)
        }
    }

    /// One seed, with everything that happened if that is wanted or if it fails.
    private static func replay(_ seed: UInt64, isTraced: Bool) {
        let report = Simulation.run(seed: seed, isTraced: true)
        if isTraced || report.failure != nil {
            for line in report.trace { print(line) }
        }
        print(
            "seed \(seed): \(report.lives) lives, \(report.steps) steps, "
                + "\(report.records) records")
        if let failure = report.failure { fail(seed, failure) }
    }

    private static func run(_ options: Options) async {
        let first = UInt64(options.numbers["--from"] ?? 1)
        let count = UInt64(options.numbers["--seeds"] ?? 100)
        let seeds = Regressions.seeds.map(\.seed) + Array(first..<first + count)
        let clock = ContinuousClock()
        let start = clock.now
        let total = Total()
        await eachOf(seeds.count, workers: options.workers) { index in
            let report = Simulation.run(seed: seeds[index])
            if report.failure != nil { replay(seeds[index], isTraced: true) }
            let done = total.add(report)
            if done % 1_000 == 0 {
                print("\(done) of \(seeds.count) seeds")
                fflush(nil)
            }
        }
        let seconds = (clock.now - start) / .seconds(1)
        print("\(total.text), in \(Int(seconds)) s, \(Int(Double(seeds.count) / seconds)) seeds/s")
    }

    private static func fail(_ seed: UInt64, _ failure: String) -> Never {
        print("seed \(seed) FAILED at \(failure)")
        print("again: scripts/simulate --seed \(seed) --trace")
        leave()
    }
}

/// Ends all of it at once. The other workers go on meanwhile, so nothing they use is torn down.
func leave() -> Never {
    fflush(nil)
    _exit(1)
}

/// What all seeds came to.
private final class Total: Sendable {
    private let sums = Mutex((seeds: 0, lives: 0, steps: 0, coverage: Coverage()))

    /// Gives how many seeds there are now.
    func add(_ report: Simulation.Report) -> Int {
        sums.withLock { sums in
            sums.seeds += 1
            sums.lives += report.lives
            sums.steps += report.steps
            sums.coverage = sums.coverage + report.coverage
            return sums.seeds
        }
    }

    var text: String {
        let (seeds, lives, steps, coverage) = sums.withLock { $0 }
        return "\(seeds) seeds passed: \(lives) lives, \(steps) steps; \(coverage)"
    }
}

/// Calls `body` for 0 to `count` − 1, on as many threads as there are workers.
func eachOf(_ count: Int, workers: Int, _ body: @escaping @Sendable (Int) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        for worker in 0..<workers {
            group.addTask {
                for index in stride(from: worker, to: count, by: workers) { body(index) }
            }
        }
    }
}

/// `--name N` and `--name`.
struct Options {
    var numbers: [String: Int] = [:]
    var flags: Set<String> = []

    var workers: Int { numbers["--workers"] ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    init(_ arguments: ArraySlice<String>) {
        var rest = arguments
        while let name = rest.popFirst() {
            if let number = rest.first.flatMap({ Int($0) }) {
                numbers[name] = number
                rest.removeFirst()
            } else {
                flags.insert(name)
            }
        }
    }
}
