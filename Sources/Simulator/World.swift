internal import Billing
internal import Repository
internal import Wire

/// Everything that a seed decides: the machine, those around it, and what they know.
final class World {
    let machine: Machine
    let trace: Trace
    var dice: Dice
    var model = Model()
    var ledger = Ledger()
    /// Every request that was ever sent.
    var requests: [Request] = []
    var process: Process?
    /// A law that was broken where nothing could be thrown.
    var violation: Violation?
    /// The disk may have been out of room since the process started.
    var wasShort = false
    /// Faults that were put in since the process started.
    var faults = 0
    /// Or before.
    var hasFailed = false
    var coverage = Coverage()
    /// Monotonic milliseconds.
    var keeperTime: Int64 = 0
    /// Of the process that was started last.
    var session: DiskSession?
    /// A thread beside the clients' is at work, and whether clients run beside it.
    var isThreadsTurn = false
    var isNested = false

    /// Every fourth seed has several partitions.
    init(seed: UInt64, trace: Trace) {
        machine = Machine(partitions: seed % 4 == 0 ? 4 : 1)
        dice = Dice(seed: seed)
        self.trace = trace
    }

    /// Customer time.
    func now(of customer: String) -> Int64 {
        guard let process, let id = CustomerID(customer) else { return machine.clock.milliseconds }
        return process.repository(of: id).now.milliseconds
    }

    func fail(_ what: String) -> Violation { Violation(what) }

    /// A fault that a caller was told. Each must have a cause.
    func check(_ fault: ExecuteFault, _ process: Process) throws {
        switch fault {
        case .refused(let refusal): throw fail("refused unexpectedly: \(refusal)")
        case .damaged(let what): throw fail("a record can't be read: \(what)")
        case .unavailable(.unavailable): break
        case .unavailable(.full) where wasShort: break
        case .unavailable(.failed) where !process.state.faults.isEmpty: break
        case .unavailable(.disk), .unavailable(.full):
            guard faults > 0 || process.session.isDead else { throw fail("\(fault)") }
        case .unavailable: throw fail("\(fault)")
        }
    }
}

/// Somebody who takes turns in a running process. What is added to the product (a scrubber) is
/// simulated as one of these.
protocol Actor {
    var name: String { get }
    /// How often it has its turn, against the others.
    var weight: Int { get }
    func turn(_ world: World, _ process: Process) throws
}

/// The log's threads, each of which may be late.
struct LogThreads: Actor {
    let name = "log"
    let weight = 12

    func turn(_ world: World, _ process: Process) throws {
        let isDirectorys = world.dice.once(in: 8)
        let number = process.partitions.count == 1 ? 0 : world.dice.below(process.partitions.count)
        let log = isDirectorys ? process.directoryLog.log : process.partitions[number].log.log
        world.isThreadsTurn = true
        defer { world.isThreadsTurn = false }
        switch world.dice.below(4) {
        case 0: log.drivePreparer()
        case 1: log.driveWriter(closesBatch: true)
        default: log.driveWriter()
        }
    }
}

/// The thread that takes snapshots, drops what of the log is too old, and compresses what no start
/// needs. Clients go on meanwhile, so that no snapshot is of one moment.
struct Keeper: Actor {
    let name = "keeper"
    let weight = 8

    func turn(_ world: World, _ process: Process) throws {
        world.isThreadsTurn = true
        defer { world.isThreadsTurn = false }
        let number = process.partitions.count == 1 ? 0 : world.dice.below(process.partitions.count)
        let partition = process.partitions[number]
        let (keeper, digest) = (partition.keeper, partition.digest)
        let (count, taken) = (partition.history.submitted.count, keeper.taken)
        for _ in 0..<world.dice.between(1, 700) where !process.session.isDead {
            world.keeperTime += Int64(keeper.turn(now: world.keeperTime)) + 1
        }
        world.trace.note("keeper \(number): \(keeper.taken - taken) snapshots")
        guard partition.history.submitted.count > count || partition.digest == digest else {
            throw world.fail("a snapshot changed the state")
        }
    }
}

/// Time passes; mostly little.
struct ClockHand: Actor {
    let name = "clock"
    let weight = 4

    func turn(_ world: World, _ process: Process) throws {
        let longest: Int64 = [1_000, 60_000, 3_600_000, 40 * 3_600_000][world.dice.below(4)]
        let step = Int64(world.dice.below(Int(longest)))
        // A clock that is set back a little changes nothing: customer time waits for it.
        world.machine.clock.milliseconds += world.dice.once(in: 20) ? -min(step, 50_000) : step
        world.trace.note("clock \(world.machine.clock.milliseconds)")
    }
}

/// Somebody who publishes catalogs.
struct Publisher: Actor {
    let name = "publisher"
    let weight = 1

    func turn(_ world: World, _ process: Process) throws {
        let draft = Catalogs.draft(world.dice.below(4))
        let count = world.machine.directory.submitted.count
        do {
            _ = try process.directory.commit(
                PublishCall(draft: draft, validateOnly: false, requestID: ""), found: [],
                time: world.machine.clock.now())
            let history = world.machine.directory
            guard history.submitted.count == count || history.acknowledged == count + 1
            else { throw world.fail("a publication was acknowledged before it was durable") }
        } catch ExecuteFault.unavailable(.failed) where process.state.directoryFault != nil {
            return
        } catch let fault as ExecuteFault { try world.check(fault, process) }
        let published = world.machine.directory.submitted.count - count
        world.trace.note("published \(published)")
    }
}
