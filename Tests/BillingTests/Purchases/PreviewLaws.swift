import Foundation
import Testing

@testable import Billing

/// What a preview says is what is charged, whatever is bought. A failure prints its seed and what
/// led to it.
///
/// `TALLY_PURCHASE_SEEDS=500` runs 10,000 pairs; `TALLY_PURCHASE_SEED=17` repeats one.
@Suite("Preview and charge") struct PreviewLaws {
    /// Of each seed's catalog.
    static let pairs = 20

    @Test("the charge is what the preview said", arguments: PurchaseSeeds.batches(30))
    func charge(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            for pair in 0..<PreviewLaws.pairs {
                var shopper = Shopper(pricing, Dice(seed: seed &* 1_000 &+ UInt64(pair)))
                if let fault = shopper.comparePreview() {
                    Issue.record("\(shopper.story(seed, fault))")
                    return
                }
            }
        }
    }

    @Test("bought and given up at once costs nothing", arguments: PurchaseSeeds.batches(30))
    func nothing(seeds: [UInt64]) {
        for seed in seeds {
            var dice = Dice(seed: seed)
            let pricing = Shop.catalog(&dice)
            for pair in 0..<PreviewLaws.pairs {
                var shopper = Shopper(pricing, Dice(seed: seed &* 1_000 &+ UInt64(pair)))
                if let fault = shopper.buyAndCancel() {
                    Issue.record("\(shopper.story(seed, fault))")
                    return
                }
            }
        }
    }
}

/// Seeds of the random purchases.
enum PurchaseSeeds {
    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    /// Test cases of several seeds each: cases have a price of their own.
    static func batches(_ count: Int) -> [[UInt64]] {
        if let one = setting("TALLY_PURCHASE_SEED") { return [[UInt64(one)]] }
        let count = setting("TALLY_PURCHASE_SEEDS") ?? count
        return stride(from: 1, through: count, by: 10).map {
            Array(UInt64($0)...UInt64(min($0 + 9, count)))
        }
    }
}

extension Invoice {
    /// nil: it adds up, and gives no more off than a line is.
    var fault: String? {
        if lines.reduce(0, { $0 + $1.total.minorUnits }) != total.minorUnits {
            return "the lines of \(self) aren't its total"
        }
        if due.minorUnits != max(0, total.minorUnits - credit) { return "due of \(self)" }
        // What nobody pays has given its credit back.
        let isGivenUp = status == .uncollectible || status == .void
        if !isGivenUp, total.minorUnits < credit { return "more credit than total in \(self)" }
        let isTooCheap = lines.contains { line in
            let off = line.discounts.reduce(0) { $0 + $1.minorUnits }
            return off < 0 || off > max(0, line.subtotal.minorUnits)
        }
        return isTooCheap ? "discounts of \(self)" : nil
    }

    /// Its money and what for.
    func isLike(_ other: Invoice) -> Bool {
        lines == other.lines && total == other.total && credit == other.credit && due == other.due
    }
}

extension Shopper {
    /// Buys some plans, waits, uses, and compares what a preview of one more thing says with what
    /// comes of it; nil: it is the same.
    mutating func comparePreview() -> String? {
        for _ in 0..<dice.roll(1...2) {
            let attach = purchase()
            _ = try? buy(attach)
            if dice.chance(40) { use() }
            if dice.chance(20) { reward() }
            if dice.chance(60) { wait(0...60) }
        }
        desk.advance(to: desk.now)
        payAll()
        let preview: PurchasePreview
        let reply: AttachReply
        do {
            if dice.chance(50) {
                let attach = purchase()
                try desk.askForTaxes(.attach(attach))
                preview = try desk.customer.preview(attach, pricing: desk.pricing, now: desk.now)
                reply = try buy(attach)
            } else if dice.chance(50) {
                let several = purchases()
                try desk.askForTaxes(.attachSeveral(several))
                preview = try desk.customer.preview(several, pricing: desk.pricing, now: desk.now)
                reply = try buy(several)
            } else {
                guard let change = change() else { return nil }
                try desk.askForTaxes(.changeSubscription(change))
                preview = try desk.customer.preview(change, pricing: desk.pricing, now: desk.now)
                reply = try make(change)
            }
        } catch { return nil }
        return fault(of: preview, reply) ?? nextFault(of: preview)
    }

    /// An attach, with all that follows.
    mutating func buy(_ attach: AttachPlan) throws(Refusal) -> AttachReply {
        note(attach.words)
        return try finish(desk.run(.attach(attach)))
    }

    mutating func buy(_ several: AttachSeveral) throws(Refusal) -> AttachReply {
        note(several.words)
        return try finish(desk.run(.attachSeveral(several)))
    }

    mutating func make(_ change: ChangeSubscription) throws(Refusal) -> AttachReply {
        note(change.words)
        return try finish(desk.run(.changeSubscription(change)))
    }

    mutating func finish(_ decision: Decision) -> AttachReply {
        guard case .attach(var reply) = decision.reply else {
            preconditionFailure("a purchase replies with an attach")
        }
        if reply.outcome == .processing, let paid = payAll() { reply = paid }
        if let number = reply.invoice?.number, desk.customer.account.receivable(number) != nil {
            note("the invoice is paid")
            payOutOfBand(number)
            return reply
        }
        guard desk.customer.account.checkout != nil, reply.outcome == .paymentRequired
        else { return reply }
        note("the page is paid")
        if let invoice = try? desk.completeCheckout().invoice { reply.invoice = invoice }
        return reply
    }

    func fault(of preview: PurchasePreview, _ reply: AttachReply) -> String? {
        if preview.outcome != reply.outcome {
            return "\(reply.outcome), not \(preview.outcome)"
        }
        // A page may sell what costs nothing now.
        let charged = reply.invoice.flatMap {
            $0.total.minorUnits == 0 && !$0.lines.isDiscounted ? nil : $0
        }
        switch (preview.invoice, charged) {
        case (nil, nil): return nil
        case (let said?, let invoice?) where said.isLike(invoice):
            return invoice.fault ?? invoice.taxFault
        case (let said, let charged):
            return "said \(said.words)\n charged \(charged.words)"
        }
    }

    /// Nothing else happens until the next invoice.
    mutating func nextFault(of preview: PurchasePreview) -> String? {
        let years = desk.now.adding(milliseconds: 800 * 86_400_000)
        let time = preview.nextInvoice?.time ?? years
        note("next \(preview.nextInvoice.words)")
        let before = desk.customer.lastInvoice
        desk.advance(to: time)
        let charged =
            desk.customer.account.invoices.first { $0.number > before }
            ?? desk.customer.openEffect?.order.offer
        switch (preview.nextInvoice, charged) {
        case (nil, nil): return nil
        case (let said?, let invoice?) where said.isLike(invoice): return invoice.fault
        case (let said, let charged):
            return "said next \(said.words)\n charged \(charged.words) by \(time)"
        }
    }

    /// A plan, packs added or returned as the plan prorates them, and the end; nil: it is free.
    mutating func buyAndCancel() -> String? {
        if dice.chance(30) {
            // Something that it is billed together with.
            _ = try? buy(purchase())
            wait(0...50)
        }
        desk.advance(to: desk.now)
        payAll()
        let number = desk.customer.lastSubscription
        let invoices = desk.customer.lastInvoice
        let credit = desk.customer.account.credit?.minorUnits ?? 0
        var attach = purchase()
        // Periods that are over don't come back.
        attach.starts = nil
        attach.customize = nil
        attach.removed = []
        let plan = desk.pricing.plan(desk.pricing.latest(attach.plan))
        if dice.chance(20) { reward() }
        guard !plan.keepsMoney, let entity = try? desk.customer.buckets.scope(of: attach.entity),
            desk.customer.mainSubscription(
                in: PlanScope(group: plan.group, entity: entity.entity), desk.pricing) == nil
                || !plan.isMain
        else { return nil }
        guard let reply = try? buy(attach), let bought = reply.subscription ?? newest(after: number)
        else { return nil }
        for _ in 0..<dice.roll(0...2) {
            var more = ChangeSubscription(effectID: nextEffectID())
            more.number = bought.number
            more.quantities = quantities(plan, chance: 100)
            guard !more.quantities.isEmpty else { break }
            _ = try? make(more)
        }
        let card = desk.customer.account.invoices.filter { $0.number > invoices }
            .reduce(0) { $0 + $1.due.minorUnits }
        var cancel = ChangeSubscription(effectID: nextEffectID())
        cancel.number = bought.number
        cancel.cancel = .now
        do { _ = try make(cancel) } catch { return "cannot be cancelled: \(error)" }
        let all = desk.customer.account.invoices.filter { $0.number > invoices }
        let sum = all.reduce(0) { $0 + $1.total.minorUnits }
        if sum != 0 { return "costs \(sum): \(all.map(\.words).joined(separator: "\n"))" }
        let left = (desk.customer.account.credit?.minorUnits ?? 0) - credit
        return left == card ? nil : "paid \(card), and \(left) became credit"
    }

    private func newest(after number: UInt32) -> Subscription? {
        desk.customer.subscriptions.last { $0.number > number && $0.status != .ended }
    }
}

extension Invoice {
    var words: String {
        let lines = lines.map { line in
            let period = line.period.map {
                " \($0.lowerBound.milliseconds)-\($0.upperBound.milliseconds)"
            }
            return "\(line.description) #\(line.subscription) \(line.total.minorUnits)"
                + (period ?? "")
        }
        return "\(total.minorUnits) less \(credit) at \(time.milliseconds): \(lines)"
    }
}

extension Invoice? {
    var words: String { self?.words ?? "nothing" }
}
