import Billing
import Testing
import Wire

@testable import Repository

/// Entitlements §8.2: lists and searches of customers, and what keeps them right.
@Suite("Lists of customers")
struct CustomerListTests {
    @Test("§8.2: newest first, page by page, whatever is created and deleted meanwhile")
    func pages() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time)
        // Several of the same millisecond: then the id decides.
        for number in 0..<700 {
            if number % 3 == 0 { time.advance(milliseconds: 1) }
            try await bench.create("c\(number * 7919 % 1_000)")
        }
        let all = try bench.listed()
        #expect(all.count == 700 && Set(all).count == 700)
        #expect(try bench.listed(limit: 1_000) == all)
        #expect(all == (0..<700).map { "c\($0 * 7919 % 1_000)" }.orderedByThrees())

        var found: [String] = []
        var next: CustomerCursor?
        for page in 0... {
            time.advance(milliseconds: 5)
            try await bench.create("new-\(page)")
            if page == 2 {
                try await bench.delete(all[40])
                try await bench.delete(all[600])
            }
            let (names, cursor) = try bench.page(ListCustomersCall(after: next, limit: 60))
            found += names
            next = cursor
            if next == nil { break }
        }
        #expect(found.first == "new-0" && found.filter { $0.hasPrefix("new-") }.count == 1)
        #expect(Array(found.dropFirst()) == all.filter { $0 != all[600] })
    }

    @Test(
        "§8.2: a search finds parts of id, name and email, in capitals or not",
        arguments: [
            ("ADA", ["ada-1"]), ("ada-", ["ada-1"]), ("lovelace", ["ada-1"]),
            ("@Example.COM", ["charles", "ada-1"]), ("grün", ["Zoe:2"]), ("GRÜN", ["Zoe:2"]),
            ("zoe:2", ["Zoe:2"]), ("a", ["charles", "ada-1"]), ("nobody", []),
            // Never across two of them.
            ("1ada", []), ("lovelaceada", []),
        ])
    func search(text: String, expected: [String]) async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        do {
            let bench = try await Bench(folder, time: time)
            for (id, name, email) in [
                ("ada-1", "Ada Lovelace", "ada@example.com"), ("Zoe:2", "GRÜN", ""),
                ("charles", "", "Charles@EXAMPLE.com"),
            ] {
                try await bench.commit(.create(CreateCustomer(name: name, email: email)), id)
                time.advance(milliseconds: 1)
            }
            #expect(try bench.listed(searching: text) == expected)
            try bench.environment.close()
        }
        let again = try await Bench(folder, time: time, publish: false)
        #expect(try again.listed(searching: text) == expected)
    }

    @Test("A search goes by what a customer is called now")
    func changes() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time)
        for number in 0..<300 { try await bench.create("customer-\(number)") }
        try await bench.commit(.update(UpdateCustomer(name: "Babbage")), "customer-7")
        #expect(try bench.listed(searching: "babbage") == ["customer-7"])
        let longer = String(repeating: "Countess ", count: 20) + "Lovelace"
        try await bench.commit(.update(UpdateCustomer(name: longer)), "customer-7")
        #expect(try bench.listed(searching: "babbage").isEmpty)
        #expect(try bench.listed(searching: "lovelace") == ["customer-7"])
        // Metadata isn't searched, and it moves nothing.
        try await bench.commit(
            .update(UpdateCustomer(metadata: [MetadataEntry("k", "needle")])), "customer-8")
        #expect(try bench.listed(searching: "needle").isEmpty)
        try await bench.running { try await bench.erase("customer-7") }
        #expect(try bench.listed(searching: "lovelace").isEmpty)
        #expect(try bench.listed(searching: "customer-7").contains("customer-7"))
        try await bench.running { try await bench.erase("customer-7", by: .delete) }
        #expect(try bench.listed(searching: "customer-7").contains("customer-7") == false)
        #expect(try bench.listed().count == 299)
    }

    @Test("The rosters of a recovery are those of the live state, from a snapshot and from the log")
    func recovery() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        var (live, found): ([String], [String])
        do {
            let bench = try await Bench(folder, time: time)
            for number in 0..<900 {
                time.advance(milliseconds: 1)
                try await bench.create("customer-\(number)")
            }
            try bench.environment.takeSnapshot()
            for number in stride(from: 0, to: 900, by: 7) {
                try await bench.delete("customer-\(number)")
            }
            time.advance(milliseconds: 1)
            try await bench.create("customer-14")
            try await bench.commit(.update(UpdateCustomer(name: "Needle")), "customer-15")
            (live, found) = (try bench.listed(), try bench.listed(searching: "NEEDLE"))
            #expect(live.count == 900 - 129 + 1 && live.first == "customer-14")
            #expect(found == ["customer-15"])
            try bench.environment.close()
        }
        for threads in [1, 3] {
            if threads == 3 { try folder.removeSnapshots() }
            let bench = try await Bench(folder, time: time, publish: false, threads: threads)
            #expect(try bench.listed() == live)
            #expect(try bench.listed(searching: "needle") == found)
            #expect(bench.environment.customerCount == live.count)
            try bench.environment.close()
        }
    }

    @Test("Filters go by the subscriptions of now")
    func filters() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time)
        for name in ["acme", "big", "corp"] { try await bench.create(name) }
        let pro = try #require(bench.names.pricing.plan(id: "pro"))
        let free = try #require(bench.names.pricing.plan(id: "free"))
        let repository = bench.environment.customers(of: bench.id("big"))
        let attach = AttachPlan(
            plan: pro, successURL: "", effectID: "eff_1", request: nil)
        try await bench.commit(.attach(attach), "big")
        for command in [
            Command.settle(
                SettleEffect(
                    effectID: "eff_1", answer: .checkoutOpened(url: "https://example.com"))),
            .completeCheckout(
                CompleteCheckout(
                    session: "eff_1",
                    method: PaymentMethod(token: "t", brand: "visa", last4: "4242"))),
        ] {
            _ = try repository.execute(
                command, for: bench.id("big"), request: nil, names: bench.names, in: Workspace())
        }
        func listed(_ plan: PlanNumber?, _ status: SubscriptionStatus? = nil) throws -> [String] {
            try bench.page(
                ListCustomersCall(filter: SubscriptionFilter(plan: plan, status: status))
            ).names.sorted()
        }
        #expect(try listed(pro) == ["big"])
        #expect(try listed(free) == ["acme", "corp"])
        #expect(try listed(free, .ended) == ["big"])
        #expect(try listed(nil, .ended) == ["big"])
        #expect(try listed(nil, .active) == ["acme", "big", "corp"])
        #expect(try listed(pro, .pastDue).isEmpty)
        // Its renewal falls due, and the list finds it so.
        time.advance(days: 40)
        #expect(try listed(pro, .renewing) == ["big"])
        #expect(try listed(pro, .active).isEmpty)
    }

    @Test("A row's listing is the customer's, sealed or not, erased or not")
    func listing() async throws {
        let (folder, time) = (try TemporaryFolder(), ManualTime())
        let bench = try await Bench(folder, time: time)
        try await bench.commit(.create(CreateCustomer(name: "Ada É", email: "A@b.c")), "full")
        try await bench.commit(
            .create(CreateCustomer(name: "", email: "", metadata: [MetadataEntry("k", "v")])),
            "notes")
        try await bench.commit(.create(CreateCustomer(name: "", email: "")), "blank")
        try await bench.commit(.create(CreateCustomer(name: "Gone", email: "")), "erased")
        try await bench.running { try await bench.erase("erased") }
        for (id, text) in [
            ("full", "full\0ada é\0a@b.c\0"), ("notes", "notes\0\0\0"), ("blank", "blank\0\0\0"),
            ("erased", "erased\0\0\0"),
        ] {
            let repository = bench.environment.customers(of: bench.id(id))
            let hash = repository.hash(of: bench.id(id))
            let row = try #require(
                repository.withShard(Int(hash & 0xFF)) { shard in
                    shard.find(bench.id(id), hash: hash).map { shard.rows[$0] }
                })
            let arena = Arena()
            for seals in [repository.seals] {
                let listing = try CustomerListing(row, seals: seals)
                let other = CustomerListing(try row.opened(arena, seals: seals))
                #expect(listing.text == Array(text.utf8) && other.text == listing.text)
                #expect(listing.created == other.created && listing.marks == other.marks)
            }
        }
    }
}

/// A roster by itself, against a plain list.
@Suite("Rosters")
struct RosterTests {
    @Test("Texts and entries stay together through growth, changes and departures")
    func model() throws {
        var roster = Roster()
        var model: [(row: Int, text: String)] = []
        var random = SystemRandomNumberGenerator()
        for row in 0..<1_500 {
            let text = String(repeating: "x", count: Int.random(in: 0...90, using: &random))
            roster.list(row, listing(row, text))
            model.append((row, text))
            if row % 3 == 0 {
                let other = Int.random(in: 0...row, using: &random)
                let text = "needle-\(row)" + String(repeating: "y", count: row % 200)
                if let place = model.firstIndex(where: { $0.row == other }) {
                    roster.list(other, listing(other, text))
                    model[place].text = text
                }
            }
            if row % 11 == 0 {
                let other = Int.random(in: 0...row, using: &random)
                roster.drop(other)
                model.removeAll { $0.row == other }
            }
        }
        for wanted in ["needle-", "needle-99", "yyyyyyyyyyyy", "x", "nothing"] {
            let found = roster.blocks.flatMap { block in
                block.entries(with: Array(wanted.utf8)).map { Int(block.rows[$0]) }
            }
            #expect(found == model.filter { $0.text.contains(wanted) }.map(\.row), "\(wanted)")
        }
    }

    @Test("What is said of subscriptions stays with its entry, and rules out nothing that matches")
    func marks() throws {
        var roster = Roster()
        var random = SystemRandomNumberGenerator()
        var model: [[Subscription]] = []
        for row in 0..<700 {
            roster.list(row, listing(row, "c\(row)"))
            model.append([])
            let other = Int.random(in: 0...row, using: &random)
            model[other] = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                subscription(&random)
            }
            roster.mark(other, SubscriptionMarks(model[other]))
        }
        let statuses = (1...7).map { SubscriptionStatus(rawValue: $0) } + [nil]
        let plans = [0, 1, 57, 99].map { PlanNumber(rawValue: $0) } + [nil]
        for (plan, status) in plans.flatMap({ plan in statuses.map { (plan, $0) } }) {
            let filter = SubscriptionFilter(plan: plan, status: status)
            let found = roster.blocks.flatMap { block in
                block.rows.indices.filter { block.marks[$0].mayMatch(filter) }
                    .map { Int(block.rows[$0]) }
            }
            let wanted = model.indices.filter { filter.matches(model[$0]) }
            #expect(Set(wanted).isSubset(of: found), "\(filter)")
            // Statuses are told to the bit.
            if plan == nil { #expect(found == wanted, "\(filter)") }
        }
    }

    private func subscription(_ random: inout SystemRandomNumberGenerator) -> Subscription {
        let plan = PlanNumber(rawValue: .random(in: 0...120, using: &random))
        let status = SubscriptionStatus(rawValue: .random(in: 1...6, using: &random))
        return Subscription(
            number: 1, plan: PlanReference(plan: plan, revision: 1), status: status ?? .active,
            addOn: false, start: .never, anchor: .never, periodStart: .never, periodEnd: .never)
    }

    private func listing(_ row: Int, _ name: String) -> CustomerListing {
        var customer = CustomerState(id: .empty)
        customer.apply([
            .customerCreated(name: name, email: "", time: Timestamp(milliseconds: Int64(row)))
        ])
        return CustomerListing(customer)
    }
}

extension Bench {
    /// All pages of a list, by id.
    func listed(searching text: String = "", limit: Int = 50) throws -> [String] {
        var call = ListCustomersCall(search: SearchText.folded(text), limit: limit)
        var found: [String] = []
        repeat {
            let (names, next) = try page(call)
            found += names
            call.after = next
        } while call.after != nil
        return found
    }

    func page(_ call: ListCustomersCall) throws -> (names: [String], next: CustomerCursor?) {
        var names: [String] = []
        let next = try environment.list(call, checkpoint: {}) { customer, _ in
            names.append(customer.id.text)
            return true
        }
        return (names, next)
    }

    /// Lists by every plan and status find who has it now.
    func checkFilters(_ comment: Comment) throws {
        var all: [(name: String, subscriptions: [Subscription])] = []
        _ = try environment.list(ListCustomersCall(), checkpoint: {}) { customer, _ in
            all.append((customer.id.text, customer.subscriptions))
            return true
        }
        let plans = names.pricing.plans.indices.map { PlanNumber(rawValue: UInt32($0) + 1) } + [nil]
        for plan in plans {
            for status in (1...7).map({ SubscriptionStatus(rawValue: $0) }) + [nil] {
                let filter = SubscriptionFilter(plan: plan, status: status)
                let listed = try page(ListCustomersCall(filter: filter)).names
                let wanted = all.filter { filter.matches($0.subscriptions) }.map(\.name)
                #expect(listed == wanted, "\(comment), \(filter)")
            }
        }
    }

    func delete(_ customer: String) async throws { try await commit(.delete, customer) }
}

extension [String] {
    /// Newest first, three of which are of the same time.
    fileprivate func orderedByThrees() -> [String] {
        stride(from: 0, to: count, by: 3).reversed().flatMap { start in
            self[start..<Swift.min(start + 3, count)].sorted()
        }
    }
}
