package import Billing
package import Wire

/// A customer of Stripe's, as it is to be asked for, and what can't be.
package struct StripeMove: Sendable {
    package struct Subscription: Sendable {
        package var id: String
        /// For the API, one for each plan. Empty: it is left alone.
        package var asked: [JSONObject] = []
        /// Why it is left alone, and what somebody should know of what is not.
        package var reason = ""
        package var notes: [String] = []
        /// What Stripe would charge next; nil: nothing.
        package var renewal: Money?
        /// What of a period it charges from then on, and how many months that is.
        package var recurring: Money?
        package var months: (numerator: Int128, denominator: Int128) = (1, 1)

        init(id: String) {
            self.id = id
        }
    }

    /// Who it is here.
    package var customer: String
    package var source: String
    /// For the API, without subscriptions.
    package var asked: JSONObject
    package var subscriptions: [Subscription] = []
    /// Why it is left alone; empty: it isn't.
    package var reason = ""

    /// - Parameter key: of the metadata that has the id here; nil: Stripe's own.
    package init(
        _ customer: JSONValue, _ book: StripeBook, _ mapping: StripeMapping, key: String?
    ) {
        source = customer.text("id") ?? ""
        self.customer =
            key.flatMap { customer.metadata($0) } ?? customer.metadata("tally_customer") ?? source
        asked = [
            "customer_id": .string(self.customer), "source_id": .string(source),
            "provider_customer_id": .string(source),
        ]
        for name in ["name", "email"] {
            if let text = customer.text(name) { asked.append(name, .string(text)) }
        }
        if let address = StripeMove.address(customer["address"]) {
            asked.append("address", .object(address))
        }
        guard CustomerID(self.customer) != nil,
            self.customer.utf8.allSatisfy({ Stripe.isAlphanumeric($0) || "_:-".utf8.contains($0) })
        else {
            reason = "\"\(self.customer)\" can't be an id here: 1 to 63 letters, digits, _ : or -"
            return
        }
        let own = customer["invoice_settings"]?["default_payment_method"]
        let running = book.subscriptions[source] ?? []
        let card =
            running.lazy.compactMap { $0["default_payment_method"]?.card }.first
            ?? own?.card
        if let card {
            asked.append("provider_payment_method_id", .string(card.text("id") ?? ""))
            asked.append("payment_method", StripeMove.shown(card))
        }
        if let currency = running.first?.text("currency") {
            asked.append("currency", .string(currency))
        }
        let terms = StripeTerms(
            customer: customer, card: card?.text("id"), book: book, mapping: mapping)
        subscriptions = running.map { terms.read($0) }
    }

    /// nil: it names no country, and is of no use here.
    private static func address(_ known: JSONValue?) -> JSONObject? {
        guard let known, let country = PostalAddress.country(known.text("country") ?? "")
        else { return nil }
        var address: JSONObject = ["country": .string(country)]
        for part in ["line1", "line2", "city", "state", "postal_code"] {
            guard let text = known.text(part), !text.isEmpty,
                text.utf8.count <= PostalAddress.partLimit
            else { continue }
            address.append(part, .string(text))
        }
        return address
    }

    /// With some of its subscriptions.
    package func request(_ chosen: [Subscription], isDryRun: Bool) -> JSONObject {
        var request = asked
        request.append(
            "subscriptions", .array(chosen.flatMap { $0.asked.map { .object($0) } }))
        request.append("dry_run", .bool(isDryRun))
        return request
    }

    private static func shown(_ method: JSONValue) -> JSONValue {
        let card = method["card"] ?? .null
        return .object([
            "brand": .string(card.text("brand") ?? "card"),
            "last4": .string(card.text("last4") ?? ""),
            "expiry_month": .number(card.number("exp_month") ?? 0),
            "expiry_year": .number(card.number("exp_year") ?? 0),
        ])
    }
}

extension JSONValue {
    /// nil: it is no payment method with a card.
    fileprivate var card: JSONValue? {
        text("id")?.hasPrefix("pm_") == true && has("card") ? self : nil
    }
}
