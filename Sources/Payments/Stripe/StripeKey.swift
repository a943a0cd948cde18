/// A secret key of Stripe's API, whole (`sk_…`) or restricted (`rk_…`). It never shows itself.
package struct StripeKey: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    let text: String

    package var description: String { "\(text.prefix(3))…" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// nil: it is none.
    package init?(_ text: String) {
        let kinds = ["sk_test_", "rk_test_", "sk_live_", "rk_live_"]
        guard kinds.contains(where: text.hasPrefix), 12...255 ~= text.utf8.count,
            text.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        self.text = text
    }

    /// Real money moves.
    package var isLive: Bool { text.dropFirst(3).hasPrefix("live_") }
}
