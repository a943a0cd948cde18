import Stories

@testable import Billing

/// The core and the model side by side: the same commands, then a look at everything.
struct ReferenceRun {
    let catalog: ReferenceCatalog
    private(set) var desk: Desk
    private(set) var model: ReferenceModel
    private var count = 0

    static let start = Timestamp.utc(2027, 1, 31, 9, 30)

    init(_ catalog: ReferenceCatalog) {
        self.catalog = catalog
        let pricing = catalog.pricing
        desk = Desk(pricing, at: ReferenceRun.start)
        model = ReferenceModel(
            features: pricing.features, plans: pricing.plans.map { $0[0] },
            keepsFreeOverage: pricing.settings.keepsFreeOverage,
            reversesOrder: pricing.settings.reversesDeductionOrder, now: ReferenceRun.start)
    }

    /// What differs, or what doesn't hold, after one more step; nil: nothing.
    mutating func take(_ step: ReferenceStep) -> String? {
        count += 1
        let now = desk.now.adding(milliseconds: step.pause)
        var told = desk.facts.count
        desk.advance(to: now)
        model.notices = []
        model.advance(to: now)
        if let difference = difference(since: told) { return "once due: \(difference)" }
        told = desk.facts.count
        let before = desk.customer
        model.notices = []
        let ours = core(step.command)
        let theirs = reference(step.command)
        if ours != theirs { return "core answers \(ours)\nmodel answers \(theirs)" }
        if let found = difference(since: told) ?? figureDifference { return found }
        if let difference = answerDifference(step.question) { return difference }
        let explained = ExplainLaws(
            pricing: catalog.pricing, customer: desk.customer, now: desk.now)
        if let fault = explained.broken(by: step.question) { return "explanation: \(fault)" }
        return ReferenceLaws(
            pricing: catalog.pricing, before: before, after: desk.customer, now: desk.now
        ).broken(by: step, facts: desk.facts[told...])
    }

    // MARK: Answers

    enum Outcome: Equatable {
        case refused(String)
        case reply(ReferenceReply)
    }

    private mutating func core(_ command: Command) -> Outcome {
        do {
            return .reply(ReferenceReply(try desk.run(command).reply))
        } catch {
            return .refused(error.kind)
        }
    }

    private mutating func reference(_ command: Command) -> Outcome {
        do {
            return .reply(try model.run(command))
        } catch {
            return .refused(error.kind)
        }
    }

    private func answerDifference(_ question: CheckQuery) -> String? {
        let pricing = catalog.pricing
        let ours = try? ReferenceAnswer(
            desk.customer.check(question, pricing: pricing, now: desk.now))
        let theirs = try? model.check(question)
        guard ours != theirs else { return nil }
        return "\(question)\ncore says \(ours, default: "no")\nmodel says \(theirs, default: "no")"
    }

    // MARK: State

    private func difference(since told: Int) -> String? {
        bucketDifference ?? otherDifference ?? noticeDifference(since: told)
    }

    private var bucketDifference: String? {
        let extras = desk.customer.buckets.extras
        var ours: [ReferenceRow] = []
        desk.customer.buckets.each { bucket, entity in
            ours.append(ReferenceRow(bucket, entity, extras.detail(of: bucket.number)))
        }
        let theirs = model.allBalances.map { ReferenceRow($0) }
        guard ours != theirs else { return nil }
        let core = ours.filter { !theirs.contains($0) }.map(\.text)
        let reference = theirs.filter { !ours.contains($0) }.map(\.text)
        return """
            buckets of the core\n  \(core.joined(separator: "\n  "))
            of the model\n  \(reference.joined(separator: "\n  "))
            """
    }

    private var otherDifference: String? {
        let extras = desk.customer.buckets.extras
        let entities = extras.entities.all.map(\.number)
        if entities != model.members.map(\.number) { return "entities differ" }
        let holds = extras.holds.map { "\($0.id) \($0.value.raw) until \($0.expires.milliseconds)" }
        let mine = model.holds.map { "\($0.id) \($0.value) until \($0.expires)" }
        if holds != mine { return "holds of the core \(holds)\nof the model \(mine)" }
        guard extras.windows.count == model.counters.count else { return "counts differ in number" }
        for window in extras.windows {
            guard let counter = model.counters.first(where: { $0.key == window.key }),
                counter.start == window.start.milliseconds,
                counter.end == window.end.milliseconds, counter.used == window.used.raw
            else { return "core counts \(window)\nmodel counts \(model.counters)" }
        }
        return nil
    }

    private func noticeDifference(since told: Int) -> String? {
        let ours = desk.facts[told...].compactMap { fact -> Notice? in
            guard case .notified(let notice) = fact else { return nil }
            return notice
        }
        guard ours != model.notices else { return nil }
        return "core tells \(ours)\nmodel tells \(model.notices)"
    }

    /// In one scope after the other, step by step.
    private var figureDifference: String? {
        let scopes = [0] + model.members.map(\.number)
        let scope = scopes[count % scopes.count]
        for index in catalog.pricing.features.indices {
            let number = FeatureNumber(rawValue: UInt32(index + 1))
            guard catalog.pricing.kind(of: number) != .boolean else { continue }
            let view = desk.customer.buckets.shownBalance(of: number, in: Scope(entity: scope))
            let ours = view.map { ReferenceFigures($0) }
            let theirs = model.shown(number.rawValue, scope)
            guard ours != theirs else { continue }
            return """
                of feature \(number) for \(scope)
                core shows \(ours, default: "nothing")
                model shows \(theirs, default: "nothing")
                """
        }
        return nil
    }
}

/// What there is to compare of a bucket.
private struct ReferenceRow: Equatable {
    var keys: [UInt32]
    var amounts: [Int128]
    var times: [Int64]
    var name: String

    init(_ bucket: Bucket, _ entity: UInt32, _ detail: BucketDetail?) {
        keys = [bucket.number, bucket.feature.rawValue, entity, detail?.parent ?? 0]
        amounts = [bucket.granted.raw, bucket.balance.raw, detail?.adjustment.raw ?? 0]
        times = [bucket.nextReset.milliseconds, bucket.expires.milliseconds]
        name = detail?.name ?? ""
    }

    init(_ bucket: ReferenceModel.Balance) {
        keys = [bucket.number, bucket.feature, bucket.entity, bucket.parent]
        amounts = [bucket.granted, bucket.balance, bucket.adjustment]
        times = [bucket.nextReset ?? .max, bucket.expires ?? .max]
        name = bucket.name
    }

    var text: String {
        let texts = amounts.map { DecimalText.text($0, digits: 10) }
        return """
            bal_\(keys[0]) of feature \(keys[1]) entity \(keys[2]) from \(keys[3]): \(texts[1]) of \
            \(texts[0]), adjusted by \(texts[2]), reset and expiry \(times) \(name)
            """
    }
}

// MARK: The core's answers in the model's words

extension ReferenceFigures {
    init(_ view: BalanceView) {
        self.init(
            feature: view.feature.rawValue, granted: view.granted.raw,
            remaining: view.remaining.raw, usage: view.usage.raw, overage: view.overage.raw,
            isUnlimited: view.unlimited, overageAllowed: view.overageAllowed,
            maxPurchase: view.maxPurchase?.raw,
            nextReset: view.nextReset == .never ? nil : view.nextReset.milliseconds)
    }
}

extension ReferenceAnswer {
    init(_ answer: CheckAnswer) {
        self.init(
            reason: answer.reason, required: answer.required.raw,
            figures: answer.balance.map { ReferenceFigures($0) }, hasFlag: answer.flag != nil,
            isShadow: answer.isShadow)
    }
}

extension ReferenceReply {
    init(_ reply: Reply) {
        func track(_ reply: TrackReply) -> ReferenceTrack {
            ReferenceTrack(
                value: reply.value.raw, figures: reply.balance.map { ReferenceFigures($0) },
                draws: reply.draws)
        }
        switch reply {
        case .none: self = .none
        case .created(let isNew): self = .created(isNew)
        case .track(let one): self = .tracks([track(one)])
        case .trackAll(let all), .trackFeatures(let all): self = .tracks(all.map(track))
        case .trackTokens(let one): self = .tracks([track(one.track)])
        case .trackTokensAll(let all): self = .tracks(all.map { track($0.track) })
        case .settled(let one): self = .tracks([track(one)])
        case .updated, .customer, .entity, .clock, .refunded, .reported, .paidLate, .redeemed,
            .migrated, .invoice, .referralCode, .referred, .imported, .recorded:
            self = .none
        case .check(let answer): self = .check(ReferenceAnswer(answer))
        case .attach: self = .attached
        }
    }
}

extension Refusal {
    /// The case, and the first field at fault.
    fileprivate var kind: String {
        if case .invalid(let violations) = self { return "invalid \(violations[0].path)" }
        return String("\(self)".prefix { $0 != "(" })
    }
}
