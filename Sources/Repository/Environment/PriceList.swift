package import Billing
internal import Synchronization

/// What models' tokens cost, as the operator says now: replaced as a whole, at any time, from any
/// thread. A call takes what it finds when it is served.
package final class PriceList: Sendable {
    private let prices: Mutex<ModelPrices>

    package init(_ prices: ModelPrices = .empty) {
        self.prices = Mutex(prices)
    }

    package var current: ModelPrices { prices.withLock { $0 } }

    package func replace(with prices: ModelPrices) {
        self.prices.withLock { $0 = prices }
    }
}
