internal import Billing
internal import Logging
internal import Payments
internal import Repository
internal import Synchronization
internal import Wire

/// Tells one receiver of an environment what happens: a thread reads, a few send.
final class EndpointWorker: Sendable {
    /// Deliveries under way at once, of as many customers.
    private static let width = 8
    private static let connectSeconds = 5
    private static let timeoutSeconds = 15
    /// Between two looks at what became durable, while much does; microseconds.
    private static let pace = 10_000
    /// Between two looks at everything else.
    private static let beat = 1_000_000
    /// Between two writings of the cursor, milliseconds: when deliveries came or went, and when the
    /// log went on with nothing to tell.
    private static let saveInterval: Int64 = 1_000
    private static let idleSaveInterval: Int64 = 60_000
    /// How long a stop waits for what is being sent.
    private static let farewell = 3_000_000

    struct State {
        var queue: DeliveryQueue
        /// Of each partition: what an earlier start had come to, until it is reached again.
        var former: [DeliveryCursor.Part?]
        /// Readings that began before a replay are of no use after it.
        var replays = 0
        /// Something happened that the reading thread looks at.
        var isWoken = false
        var isStopping = false
        /// Deliveries came or went since the cursor was written.
        var isUnsaved = false
        var lastError = ""
        var lastErrorTime = Timestamp.never
    }

    let endpoint: WebhookEndpoint
    let environment: TallyEnvironment
    let logger: Logger
    private let file: CursorFile
    private let state: Monitor<State>
    private let written: Mutex<DeliveryCursor>
    private let bells: [Durability.Bell]
    private let reading = Mutex<LogThread?>(nil)
    /// Called now and then: what there is to say may have changed.
    private let report: @Sendable () -> Void

    init(
        _ endpoint: WebhookEndpoint, of environment: TallyEnvironment, logger: Logger,
        report: @escaping @Sendable () -> Void
    ) throws {
        self.endpoint = endpoint
        self.environment = environment
        self.logger = logger
        self.report = report
        file = try CursorFile(folder: environment.webhooksFolder, endpoint: endpoint.name)
        let cursor = try file.read() ?? EndpointWorker.end(of: environment)
        guard cursor.parts.count == environment.partitions.count else {
            throw CursorFile.Damage(
                description: "the cursor of \(endpoint.name) is of another number of partitions")
        }
        try file.write(cursor)
        written = Mutex(cursor)
        // A log that was restored may not know the place; what it says instead is all news.
        let former = zip(environment.partitions, cursor.parts).map { partition, part in
            partition.customers.log.has(part.through) ? part : nil
        }
        let state = Monitor(
            State(queue: DeliveryQueue(read: cursor.parts.map(\.from)), former: former))
        self.state = state
        bells = environment.partitions.map { partition in
            let bell = Durability.Bell { state.update { $0.isWoken = true } }
            partition.durability.add(bell)
            return bell
        }
    }

    /// A receiver that is new is told what happens from now on.
    private static func end(of environment: TallyEnvironment) throws -> DeliveryCursor {
        DeliveryCursor(
            parts: try environment.partitions.map { partition in
                let log = partition.customers.log
                let place = try log.place(before: log.durableSequence + 1)
                return DeliveryCursor.Part(through: place, from: place)
            })
    }

    func start() throws {
        for _ in 0..<Self.width { _ = try LogThread("tally-webhooks") { self.send() } }
        let reader = try LogThread("tally-endpoints") {
            ThreadPriority.lower()
            self.read()
        }
        reading.withLock { $0 = reader }
    }

    /// Waits a little for what is being sent; what isn't sent goes out after the next start.
    func stop() {
        state.update { $0.isStopping = true }
        state.wait(microseconds: Self.farewell) { !$0.queue.isSending }
        let thread = reading.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    // MARK: Reading

    private func read() {
        let reader = EndpointReader(environment, endpoint, logger: logger)
        var complaint = ""
        var saved = SystemClock.monotonic
        while true {
            var found = Found.nothing
            do {
                for partition in bells.indices where try take(partition, reader) { found = .some }
                complaint = ""
            } catch {
                found = .fault
                if "\(error)" != complaint {
                    complaint = "\(error)"
                    logger.error(
                        "the log can't be read for webhooks; it is tried again",
                        metadata: ["endpoint": "\(endpoint.name)", "error": "\(error)"])
                }
            }
            let interval = look { $0.isUnsaved } ? Self.saveInterval : Self.idleSaveInterval
            if SystemClock.monotonic - saved >= interval {
                saved = SystemClock.monotonic
                save()
            }
            report()
            let saveDue = Int(max(0, saved + Self.saveInterval - SystemClock.monotonic)) * 1_000
            if rest(after: found, atMost: saveDue > 0 ? saveDue : Self.beat) { break }
        }
        save()
    }

    private enum Found { case nothing, some, fault }

    /// Pauses until there may be something to read, at most for so many microseconds; true: it is
    /// over.
    private func rest(after found: Found, atMost beat: Int) -> Bool {
        var isStopping = false
        guard case .nothing = found else {
            let pause = found == .some ? Self.pace : beat
            state.wait(microseconds: pause) { state in
                isStopping = state.isStopping
                return isStopping
            }
            return isStopping
        }
        for bell in bells { bell.set() }
        state.wait(microseconds: isBehind ? Self.pace : beat) { state in
            isStopping = state.isStopping
            defer { state.isWoken = false }
            return state.isWoken || isStopping
        }
        return isStopping
    }

    /// It became durable before the bell was set.
    private var isBehind: Bool {
        let (places, hasRoom) = look { state in
            (bells.indices.map { state.queue.place(of: $0).sequence }, state.queue.hasRoom)
        }
        return hasRoom
            && zip(environment.partitions, places).contains {
                $0.customers.log.durableSequence != $1
            }
    }

    /// Takes a step of a partition's log; false: there is nothing to take, or no room.
    private func take(_ partition: Int, _ reader: EndpointReader) throws -> Bool {
        let (place, former, replays, hasRoom) = look { state in
            (
                state.queue.place(of: partition), state.former[partition], state.replays,
                state.queue.hasRoom
            )
        }
        guard hasRoom, let step = try reader.step(partition, after: place, former: former) else {
            return false
        }
        state.update { state in
            guard state.replays == replays else { return }
            state.queue.take(step.deliveries, through: step.through, of: partition)
            if !step.deliveries.isEmpty { state.isUnsaved = true }
            if let former, step.through.sequence >= former.through.sequence {
                state.former[partition] = nil
            }
        }
        return true
    }

    func look<Value>(_ body: (State) -> Value) -> Value {
        var value: Value?
        state.wait { state in
            value = body(state)
            return true
        }
        guard let value else { preconditionFailure("a look sees something") }
        return value
    }

    // MARK: Sending

    private func send() {
        // Made by the thread that uses it.
        var client: HTTPSClient?
        while let delivery = nextDelivery() {
            let outcome: DeliveryOutcome
            do {
                let connection = try client ?? newClient()
                client = connection
                outcome = try attempt(delivery, connection)
            } catch {
                client = nil
                outcome = .unreachable("\(error)")
            }
            settle(delivery, outcome)
        }
    }

    private func newClient() throws -> HTTPSClient {
        try HTTPSClient(
            authorityFile: endpoint.authorityFile, timeoutSeconds: Self.timeoutSeconds,
            connectSeconds: Self.connectSeconds, allowsPlain: endpoint.isPlain)
    }

    private func attempt(
        _ delivery: Delivery, _ client: HTTPSClient
    ) throws -> DeliveryOutcome {
        let seconds = SystemClock.wall.milliseconds / 1000
        let headers = endpoint.headers(id: delivery.id, seconds: seconds, body: delivery.body)
        let response = try client.post(endpoint.url, body: delivery.body, headers: headers)
        switch response.status {
        case 200..<300: return .accepted
        case 410: return .gone
        case let status: return .refused(status: status)
        }
    }

    /// Waits for one; nil: it is over.
    private func nextDelivery() -> Delivery? {
        while true {
            let due = look { $0.queue.nextDue }
            let pause = due.map { due in
                Int(min(60_000, max(1, due.milliseconds - SystemClock.wall.milliseconds))) * 1_000
            }
            var found: Delivery?
            var isStopping = false
            state.wait(microseconds: pause) { state in
                isStopping = state.isStopping
                if !isStopping { found = state.queue.next(at: SystemClock.wall) }
                return isStopping || found != nil || state.queue.nextDue != due
            }
            if isStopping { return nil }
            if let found { return found }
        }
    }

    private func settle(_ delivery: Delivery, _ outcome: DeliveryOutcome) {
        let now = SystemClock.wall
        let chance = Double.random(in: 0...1)
        var lost: [Delivery] = []
        var was: (disabled: Bool, outage: Bool) = (false, false)
        var isOut = false
        state.update { state in
            was = (state.queue.isDisabled, state.queue.outageStart != nil)
            lost = state.queue.settle(delivery, outcome, at: now, chance: chance)
            isOut = state.queue.outageStart != nil
            state.isWoken = true
            state.isUnsaved = true
            if let words = outcome.words {
                state.lastError = words
                state.lastErrorTime = now
            }
        }
        say(delivery, outcome, isNews: (outcome == .gone && !was.disabled) || was.outage != isOut)
        for delivery in lost { say("a webhook is given up: it was due for 3 days", delivery) }
    }

    // MARK: Where it stands

    /// Writes the cursor, where it moved.
    private func save() {
        written.withLock { written in
            var cursor = DeliveryCursor(parts: [])
            state.wait { state in
                cursor = state.queue.cursor
                for (number, former) in state.former.enumerated() {
                    if let former { cursor.parts[number].goOn(from: former) }
                }
                state.isUnsaved = false
                return true
            }
            guard cursor != written else { return }
            do {
                try file.write(cursor)
                written = cursor
            } catch {
                logger.error(
                    "the webhooks' cursor can't be written; after a crash some are sent again",
                    metadata: ["endpoint": "\(endpoint.name)", "error": "\(error)"])
            }
        }
    }

    /// Begins again behind these places, but skips nothing that wasn't accepted.
    func replay(from start: [(partition: Int, place: LogPlace)]) {
        state.update { state in
            let done = state.queue.cursor.parts.map(\.from)
            for (partition, place) in start {
                let place = place.sequence < done[partition].sequence ? place : done[partition]
                state.queue.restart(from: place, of: partition)
                state.former[partition] = nil
            }
            state.replays += 1
            state.isWoken = true
        }
        save()
    }
}
