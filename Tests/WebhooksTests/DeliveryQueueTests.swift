import Billing
import Repository
import Stories
import Testing

@testable import Webhooks

/// What goes out when, and in which order.
@Suite("The delivery queue") struct DeliveryQueueTests {
    private static let day: Int64 = 86_400_000

    private static func place(_ sequence: UInt64) -> LogPlace {
        LogPlace(
            sequence: sequence, position: LogPosition(rawValue: sequence), chain: UInt32(sequence))
    }

    private static func delivery(
        _ sequence: UInt64, _ customer: CustomerID, at time: Int64 = 0
    ) -> Delivery {
        Delivery(
            id: "\(sequence)", partition: 0, customer: customer, sequence: sequence, index: 0,
            before: place(sequence - 1), taken: at(time), body: [])
    }

    private static func at(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds)
    }

    /// A queue, the moment, and what went out.
    private final class Desk {
        var queue = DeliveryQueue(read: [.start])
        var now: Int64 = 0
        var lost: [String] = []

        func take(_ sequence: UInt64, _ customer: CustomerID) {
            queue.take(
                [delivery(sequence, customer, at: now)], through: place(sequence), of: 0)
        }

        func next() -> Delivery? { queue.next(at: at(now)) }

        func settle(_ delivery: Delivery, _ outcome: DeliveryOutcome) {
            lost += queue.settle(delivery, outcome, at: at(now), chance: 0.5).map(\.id)
        }

        /// Sends what may be sent now; the ids.
        func send(_ outcome: DeliveryOutcome) -> [String] {
            var sent: [String] = []
            while let delivery = next() {
                sent.append(delivery.id)
                settle(delivery, outcome)
            }
            return sent
        }
    }

    @Test("goes in the order of the log, one of a customer at once")
    func order() throws {
        let desk = Desk()
        for (sequence, customer) in [(1, "a"), (2, "b"), (3, "a")] as [(UInt64, CustomerID)] {
            desk.take(sequence, customer)
        }
        let first = try #require(desk.next())
        let second = try #require(desk.next())
        #expect([first.id, second.id] == ["1", "2"])
        #expect(desk.next() == nil)
        #expect(desk.queue.nextDue == nil)
        desk.settle(first, .accepted)
        #expect(desk.next()?.id == "3")
    }

    @Test("a refusal holds back its customer and nobody else")
    func held() throws {
        let desk = Desk()
        desk.take(1, "a")
        desk.take(2, "a")
        desk.take(3, "b")
        let first = try #require(desk.next())
        desk.settle(first, .refused(status: 500))
        #expect(desk.send(.accepted) == ["3"])
        #expect(desk.queue.nextDue == Self.at(1_000))
        #expect(desk.queue.heldCustomers == 1)
        desk.now = 999
        #expect(desk.next() == nil)
        desk.now = 1_000
        #expect(desk.send(.accepted) == ["1", "2"])
        #expect(desk.queue.tally == .init(delivered: 3, failedAttempts: 1, givenUp: 0))
        #expect(desk.queue.waiting == 0 && desk.queue.oldest == nil)
    }

    @Test("pauses grow to an hour, and after three days it is given up, and the next has its turn")
    func patience() throws {
        let desk = Desk()
        desk.take(1, "a")
        desk.now = 2 * Self.day
        desk.take(2, "a")
        desk.now = 0
        var pauses: [Int64] = []
        while desk.lost.isEmpty {
            let delivery = try #require(desk.next())
            #expect(delivery.id == "1")
            desk.settle(delivery, .refused(status: 503))
            guard desk.lost.isEmpty else { break }
            let due = try #require(desk.queue.nextDue).milliseconds
            pauses.append(due - desk.now)
            desk.now = due
        }
        #expect(Array(pauses.prefix(4)) == [1_000, 2_000, 4_000, 8_000])
        #expect(pauses.last == 3_600_000)
        #expect((3 * Self.day...3 * Self.day + 3_600_000).contains(desk.now))
        #expect(desk.lost == ["1"])
        // It was due a day less.
        #expect(desk.send(.refused(status: 503)) == ["2"])
        #expect(desk.lost == ["1"])
        desk.now += 1_000
        #expect(desk.send(.accepted) == ["2"])
        #expect(desk.queue.tally.givenUp == 1)
    }

    @Test("who doesn't answer is tried with one, and told everything as soon as he does")
    func outage() throws {
        let desk = Desk()
        for sequence in 1...5 { desk.take(UInt64(sequence), CustomerID("c\(sequence)")!) }
        let first = try #require(desk.next())
        let second = try #require(desk.next())
        desk.settle(first, .unreachable("refused"))
        // Another one is still under way.
        desk.now = 5_000
        #expect(desk.next() == nil)
        desk.settle(second, .unreachable("refused"))
        #expect(desk.queue.outageStart == Self.at(0))
        #expect(desk.queue.nextDue == Self.at(7_000))
        #expect(desk.next() == nil)
        desk.now = try #require(desk.queue.nextDue).milliseconds
        let probe = try #require(desk.next())
        #expect(probe.id == "1" && desk.next() == nil)
        desk.settle(probe, .accepted)
        #expect(desk.queue.outageStart == nil)
        #expect(desk.send(.accepted) == ["2", "3", "4", "5"])
    }

    @Test("an outage of three days gives up what was due all that time, and no more")
    func longOutage() throws {
        let desk = Desk()
        for sequence in 1...3 { desk.take(UInt64(sequence), CustomerID("c\(sequence)")!) }
        desk.now = Self.day
        desk.take(4, "late")
        while desk.now < 3 * Self.day {
            let probe = try #require(desk.next())
            desk.settle(probe, .unreachable("refused"))
            if desk.now < 3 * Self.day { desk.now = try #require(desk.queue.nextDue).milliseconds }
        }
        _ = desk.next().map { desk.settle($0, .unreachable("refused")) }
        #expect(desk.lost == ["1", "2", "3"])
        desk.now += 60_000
        #expect(desk.send(.accepted) == ["4"])
    }

    @Test("410 ends it")
    func gone() throws {
        let desk = Desk()
        desk.take(1, "a")
        desk.take(2, "b")
        let first = try #require(desk.next())
        desk.settle(first, .gone)
        #expect(desk.queue.isDisabled && !desk.queue.hasRoom)
        #expect(desk.next() == nil && desk.queue.nextDue == nil)
        // What wasn't accepted is told after the next start.
        #expect(desk.queue.cursor.parts[0].from == .start)
    }

    @Test("a full table reads no more until there is room")
    func bound() throws {
        let desk = Desk()
        for sequence in 1...DeliveryQueue.customerLimit {
            #expect(desk.queue.hasRoom)
            desk.take(UInt64(sequence), CustomerID("c\(sequence)")!)
        }
        #expect(!desk.queue.hasRoom)
        let first = try #require(desk.next())
        desk.settle(first, .accepted)
        #expect(desk.queue.hasRoom)
        let one = Desk()
        for sequence in 1...DeliveryQueue.deliveryLimit { one.take(UInt64(sequence), "a") }
        #expect(!one.queue.hasRoom)
    }

    @Test("a replay forgets what waits, and what is being sent comes again in its turn")
    func restart() throws {
        let desk = Desk()
        desk.take(5, "a")
        desk.take(6, "a")
        let under = try #require(desk.next())
        desk.queue.restart(from: Self.place(1), of: 0)
        #expect(desk.queue.waiting == 0 && desk.queue.place(of: 0) == Self.place(1))
        desk.take(2, "a")
        #expect(desk.next() == nil)
        desk.settle(under, .accepted)
        #expect(desk.send(.accepted) == ["2"])
    }

    @Test("a cursor says what is missing, and another start tells that and nothing else")
    func cursor() throws {
        let desk = Desk()
        desk.take(1, "a")
        desk.take(2, "b")
        desk.take(3, "a")
        desk.take(4, "c")
        let first = try #require(desk.next())
        desk.settle(first, .refused(status: 500))
        #expect(desk.next()?.id == "2")  // under way when it ends
        let part = desk.queue.cursor.parts[0]
        #expect(part.from == .start && part.through == Self.place(4))
        let told = ([(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "d")] as [(UInt64, CustomerID)])
            .filter { part.taken($0.1, sequence: $0.0, index: 0, at: Self.at(9)) != nil }
        #expect(told.map(\.0) == [1, 2, 3, 4, 5])
        desk.settle(Self.delivery(2, "b"), .accepted)
        _ = desk.next().map { desk.settle($0, .accepted) }
        let later = desk.queue.cursor.parts[0]
        let missing =
            ([(1, "a"), (2, "b"), (3, "a"), (4, "c"), (5, "d")] as [(UInt64, CustomerID)])
            .filter { later.taken($0.1, sequence: $0.0, index: 0, at: Self.at(9)) != nil }
        #expect(missing.map(\.0) == [1, 3, 5])
        #expect(later.taken("a", sequence: 1, index: 0, at: Self.at(9)) == Self.at(0))
    }

    @Test("a start that ends before it reaches the former one's place loses nothing of it")
    func goingOn() {
        let former = DeliveryCursor.Part(
            through: Self.place(100), from: Self.place(10),
            held: [
                .init(customer: "a", sequence: 11, index: 0, taken: Self.at(1)),
                .init(customer: "b", sequence: 20, index: 1, taken: Self.at(2)),
                .init(customer: "c", sequence: 60, index: 0, taken: Self.at(3)),
            ])
        var part = DeliveryCursor.Part(
            through: Self.place(40), from: Self.place(19),
            held: [.init(customer: "b", sequence: 20, index: 1, taken: Self.at(2))])
        part.goOn(from: former)
        #expect(part.through == Self.place(100) && part.from == Self.place(19))
        #expect(
            part.held == [
                .init(customer: "b", sequence: 20, index: 1, taken: Self.at(2)),
                .init(customer: "a", sequence: 41, index: 0, taken: Self.at(1)),
                .init(customer: "c", sequence: 60, index: 0, taken: Self.at(3)),
            ])
        // From what it reaches again on, it speaks for itself.
        var further = DeliveryCursor.Part(through: Self.place(120), from: Self.place(120))
        further.goOn(from: former)
        #expect(further == .init(through: Self.place(120), from: Self.place(120)))
    }
}
