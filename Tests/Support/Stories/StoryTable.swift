package import Billing

/// Stories that are told with one catalog.
package struct StoryTable: RuleRow {
    package let rule: String
    package let pricing: PricingState
    package let stories: [Story]

    package var description: String { "\(rule), \(stories.count) rows" }

    init(_ rule: String, _ pricing: PricingState, _ stories: [Story]...) {
        self.rule = rule
        self.pricing = pricing
        self.stories = stories.flatMap { $0 }
    }

    package static let all = [
        BalanceCommandStories.table, BalanceViewStories.table, CalendarStories.table,
        CheckStories.table, CheckAndDeductStories.table, DeductionOrderStories.table,
        TrackStories.table, EntityStories.table, HoldStories.table, ResetStories.table,
        ResetStories.keptTable,
        RolloverStories.table, SpendLimitStories.table, UsageLimitStories.table,
        UsageRuleStories.table, ConcurrencyStories.table, UnnamedEntityStories.table,
        WideControlStories.table, PurchaseStories.table, PurchaseStories.found,
        PurchaseStories.refunds, DiscountStories.table, DiscountStories.codes, PlanStories.table,
        ZoneStories.table, NoticeStories.table, SeveralStories.table, CancelStories.table,
        PurchaseStories.invoices,
        PurchaseStories.customLines,
        TopUpStories.table, PauseStories.table, PauseStories.defaults, CurrencyStories.table,
        ScheduleStories.table, SeatStories.table, TaxStories.table, TaxStories.usual,
        AutomaticTaxStories.table, AutomaticTaxStories.within, AutomaticTaxStories.fallback,
        ArchiveStories.table, ArchiveStories.replaced,
    ]
}
