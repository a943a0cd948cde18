import Stories
import Testing

@testable import Billing

/// Billing §1.1, §3: what is archived is offered to nobody, and whoever has it notices nothing.
@Suite("Archived plans and features") struct ArchiveTests {
    @Test("§3: told", arguments: ArchiveStories.table.stories)
    func tell(story: Story) throws { try story.run(ArchiveStories.table.pricing) }

    @Test("§3: another one in its place", arguments: ArchiveStories.replaced.stories)
    func replaced(story: Story) throws { try story.run(ArchiveStories.replaced.pricing) }

    // MARK: Publishing

    private static let features: [Feature] = [
        .sample("messages", .metered), .sample("seats", .allocated),
    ]
    private static let free = Plan.sample(
        "free", autoEnable: true, .sample("messages", 10, each: .month))
    private static let pro = Plan.sample(
        "pro", price: "20", .sample("messages", 100, each: .month), .sample("seats", 3))
    private static let dearer = Plan.sample(
        "pro", price: "30", .sample("messages", 100, each: .month))

    /// The paid plan in two versions.
    private static let published = PricingState.sample(features, [free, pro])
        .publishing(draft([dearer]))

    private static func draft(_ plans: [Plan], _ features: [Feature] = []) -> PricingDraft {
        PricingDraft(currency: "usd", features: features, plans: plans)
    }

    struct Row: RuleRow {
        let rule: String
        let plan: Plan
        var wasArchived = false
        /// What is told, and what there is then; nil: nothing.
        let revision: UInt32?
        var versions: [UInt32] = [1, 2]
    }

    private static func renamed(_ plan: Plan) -> Plan {
        var plan = plan
        plan.name = "Professional"
        return plan
    }

    static let rows = [
        Row(rule: "3: archived", plan: dearer.archived(), revision: 2),
        Row(rule: "3: put back", plan: dearer, wasArchived: true, revision: 2),
        Row(rule: "3: twice", plan: dearer.archived(), wasArchived: true, revision: nil),
        Row(rule: "3: put back twice", plan: dearer, revision: nil),
        Row(
            rule: "3: archived under another name", plan: renamed(dearer).archived(), revision: 3,
            versions: [1, 2, 2]),
        Row(
            rule: "3: archived at another price", plan: pro.archived(), revision: 3,
            versions: [1, 2, 3]),
        Row(
            rule: "3: edited as it is archived", plan: pro.archived(), wasArchived: true,
            revision: 3, versions: [1, 2, 3]),
        Row(
            rule: "3: put back at another price", plan: pro, wasArchived: true, revision: 3,
            versions: [1, 2, 3]),
    ]

    @Test("it makes no version and no revision, and all there are are archived", arguments: rows)
    func publication(row: Row) throws {
        let before =
            row.wasArchived
            ? Self.published.publishing(Self.draft([Self.dearer.archived()])) : Self.published
        let draft = Self.draft([row.plan])
        #expect(draft.validate(onto: before).isEmpty)
        #expect(
            before.changes(publishing: draft)
                == (row.revision.map {
                    [PricingChange(subject: .plan, id: "pro", created: false, revision: $0)]
                } ?? []))
        let after = before.publishing(draft)
        let number = try #require(after.plan(id: "pro"))
        let latest = after.latest(number)
        #expect(latest.revision == row.revision ?? 2)
        let all = (1...latest.revision).map { PlanReference(plan: number, revision: $0) }
        #expect(all.map { after.version(of: $0) } == row.versions)
        #expect(all.allSatisfy { after.plan($0).isArchived == row.plan.isArchived })
        #expect(after.isArchived(number) == row.plan.isArchived)
        #expect(after.plan(all[0]).archived(false) == Self.pro)
        #expect(after.plan(latest) == row.plan)
        #expect(after.offeredRevisions.contains(latest) == !row.plan.isArchived)
        #expect(after.latestRevisions.contains(latest) && after.allVersions.contains(latest))
        #expect(after.publishing(draft).plans == after.plans)
    }

    @Test("§1.1: a feature that is archived is changed in place, and so it is put back")
    func feature() {
        var seats = Self.features[1]
        seats.isArchived = true
        for feature in [seats, Self.features[1]] {
            let before =
                feature.isArchived
                ? Self.published : Self.published.publishing(Self.draft([], [seats]))
            let draft = Self.draft([], [feature])
            #expect(
                before.changes(publishing: draft) == [
                    PricingChange(subject: .feature, id: "seats", created: false, revision: 0)
                ])
            let after = before.publishing(draft)
            #expect(after.listedFeatures.map(\.isArchived) == [false, feature.isArchived])
            #expect(after.changes(publishing: draft).isEmpty)
        }
    }

    struct DefaultRow: RuleRow {
        let rule: String
        /// Published one after the other.
        let drafts: [[Plan]]
        /// Of the last one.
        var faults: [String] = []
        let given: [String]
    }

    private static let hello = Plan.sample("hello", autoEnable: true)

    static let defaultRows = [
        DefaultRow(rule: "3: as it is", drafts: [], given: ["free"]),
        DefaultRow(rule: "3: archived", drafts: [[free.archived()]], given: []),
        DefaultRow(
            rule: "3: put back", drafts: [[free.archived()], [free]], given: ["free"]),
        DefaultRow(
            rule: "3: another one in its place", drafts: [[free.archived()], [hello]],
            given: ["hello"]),
        DefaultRow(
            rule: "3: in one", drafts: [[free.archived(), hello]], given: ["hello"]),
        DefaultRow(
            rule: "3: not beside it", drafts: [[hello]], faults: ["plans[0].auto_enable"],
            given: []),
        DefaultRow(
            rule: "3: put back beside another one",
            drafts: [[free.archived()], [hello], [free]], faults: ["plans[0].auto_enable"],
            given: []),
        DefaultRow(
            rule: "3: an archived one beside it", drafts: [[hello.archived()]], given: ["free"]),
        DefaultRow(
            rule: "3: one that costs something is none, archived or not",
            drafts: [[Plan.sample("x", price: "1", autoEnable: true).archived()]],
            faults: ["plans[0].auto_enable"], given: []),
    ]

    @Test(
        "nobody starts with an archived default, and another may take its place",
        arguments: defaultRows)
    func defaults(row: DefaultRow) {
        var state = Self.published
        for plans in row.drafts {
            let faults = Self.draft(plans).validate(onto: state).map(\.path)
            if plans == row.drafts.last, !row.faults.isEmpty {
                return #expect(faults == row.faults)
            }
            #expect(faults.isEmpty)
            state = state.publishing(Self.draft(plans))
        }
        #expect(state.autoEnabled.map { state.plan($0).id } == row.given)
    }

    // MARK: Customers who have it

    /// Somebody with the plan, of whom it is then archived.
    private func desk(_ steps: Step...) throws -> Desk {
        var desk = Desk(Self.published, at: .utc(2026, 4, 1))
        try desk.create()
        for step in steps { try desk.perform(step, "\(step)") }
        return desk.after(Self.draft([Self.dearer.archived(), Self.free.archived()]))
    }

    @Test("§3: what goes on by itself goes on as without it, to the fact")
    func untouched() throws {
        let told = try [[], [Self.dearer.archived()]].map { plans in
            var desk = Desk(Self.published, at: .utc(2026, 4, 1))
            try desk.create()
            try desk.perform(.purchase("pro"), "bought")
            try desk.perform(.track("messages", 30), "used")
            desk = desk.after(Self.draft(plans))
            let steps: [Step] = [
                .track("messages", 5), .check("messages", 65, .included),
                .change(Change("pro", cancel: .atEnd)), .change(Change("pro", cancel: .undo)),
                .advance(to: .utc(2026, 5, 1)), .left("messages", 100),
                .invoices([3000, 3000]), .migrate("pro", from: 1, to: 2, moved: 0),
                .advance(to: .utc(2026, 6, 15)), .invoices([3000, 3000, 3000]),
            ]
            for step in steps { try desk.perform(step, "\(step)") }
            return desk.facts
        }
        #expect(told[0].count > 10 && told[0] == told[1])
    }

    @Test("§10.3: who was told that the default comes next gets it, who cancels later doesn't")
    func promised() throws {
        var early = try desk(.purchase("pro"), .change(Change("pro", cancel: .atEnd)))
        #expect(early.subscription("free")?.status == .scheduled)
        try early.perform(.advance(to: .utc(2026, 5, 1)), "over")
        #expect(early.subscription("free")?.status == .active)
        var late = try desk(.purchase("pro"))
        try late.perform(.change(Change("pro", cancel: .atEnd)), "cancelled")
        try late.perform(.advance(to: .utc(2026, 5, 1)), "over")
        #expect(late.subscription("pro")?.status == .ended)
        #expect(late.subscription("free")?.status == .ended)
    }

    @Test("§5.3: a payment page that is open sells it")
    func page() throws {
        var desk = Desk(Self.published, at: .utc(2026, 4, 1))
        try desk.create()
        try desk.attach("pro")
        try desk.settle(.checkoutOpened(url: "https://pay/1"))
        var after = desk.after(Self.draft([Self.dearer.archived()]))
        try after.completeCheckout()
        #expect(after.subscription("pro")?.status == .active)
        #expect(after.paidTotals == [3000])
    }
}

extension Desk {
    /// The same customer, once something was published.
    fileprivate func after(_ draft: PricingDraft) -> Desk {
        var desk = Desk(pricing.publishing(draft), at: now)
        desk.customer = customer
        desk.books = books
        return desk
    }
}
