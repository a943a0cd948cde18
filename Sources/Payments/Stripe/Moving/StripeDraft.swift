internal import Billing
package import Wire

/// A first draft of a mapping, for somebody to edit: a plan for each product and interval, with
/// what it costs in each currency, and which price is which plan.
package struct StripeDraft {
    private struct Shape: Hashable {
        var product: String
        var interval: String
        var count: Int64
        var isMetered: Bool
        var isVolume: Bool
        var pack: Int64
        var tiers: [Int64?]
        /// It is the price of a plan, not of units.
        var isBase: Bool
    }

    private struct Sketch {
        var shape: Shape
        var prices: [StripePrice]
        var plan = ""
        var feature: String?
        var isAddOn = false
    }

    private let book: StripeBook
    private var sketches: [Sketch] = []
    private var left: [(id: String, reason: String)] = []
    private var currency = "usd"

    /// Prices that subscriptions have.
    private var used: Set<String> = []
    /// Products that subscriptions have several of.
    private var counted: Set<String> = []

    package static func json(_ book: StripeBook) -> JSONValue {
        var draft = StripeDraft(book)
        draft.gather()
        draft.name()
        draft.chooseAddOns()
        return draft.written
    }

    private init(_ book: StripeBook) {
        self.book = book
    }

    private mutating func gather() {
        var counts: [String: Int] = [:]
        for subscription in book.subscriptions.values.joined() {
            counts[subscription.text("currency") ?? "usd", default: 0] += 1
            for item in subscription["items"]?.data ?? [] {
                let id = item["price"]?.text("id") ?? ""
                used.insert(id)
                if item.number("quantity") ?? 1 != 1 {
                    counted.insert(item["price"]?.reference("product") ?? "")
                }
            }
        }
        currency = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "usd"
        for json in book.prices.values.sorted(by: { key($0) < key($1) }) {
            guard json.text("type") == "recurring" else { continue }
            let id = json.text("id") ?? ""
            guard json.flag("active") == true || used.contains(id) else { continue }
            guard let price = StripePrice(json) else {
                left.append((id, "it isn't understood"))
                continue
            }
            if let reason = refusal(price) { left.append((id, reason)) } else { add(price) }
        }
        for index in sketches.indices.reversed()
        where !sketches[index].prices.contains(where: { $0.currency == currency }) {
            left += sketches[index].prices.map {
                ($0.id, "its product has no such price in \(currency), the catalog's currency")
            }
            sketches.remove(at: index)
        }
    }

    private func key(_ price: JSONValue) -> (Int64, String) {
        (price.number("created") ?? 0, price.text("id") ?? "")
    }

    /// Why there is no such price here; nil: there is.
    private func refusal(_ price: StripePrice) -> String? {
        if price.interval == "day" { return "nothing here is charged by the day" }
        if !price.roundsUp { return "begun packs are free" }
        if Currency(code: price.currency) == nil || StripeAmount.money(1, price.currency) == nil {
            return "its currency isn't known"
        }
        if price.isMetered, price.isVolume { return "what is used can't be sold by volume here" }
        if !price.isVolume, price.tiers.contains(where: { $0.flat != 0 }) {
            return "graduated tiers with flat fees: make the fee a base price"
        }
        return nil
    }

    private mutating func add(_ price: StripePrice) {
        let isBase =
            !price.isMetered && price.tiers.isEmpty && price.pack == 1
            && !counted.contains(price.product)
        let shape = Shape(
            product: price.product, interval: price.interval, count: price.count,
            isMetered: price.isMetered, isVolume: price.isVolume, pack: price.pack,
            tiers: price.tiers.map(\.upTo), isBase: isBase)
        let index = sketches.firstIndex { sketch in
            sketch.shape == shape && !sketch.prices.contains { $0.currency == price.currency }
        }
        if let index {
            sketches[index].prices.append(price)
        } else {
            sketches.append(Sketch(shape: shape, prices: [price]))
        }
    }

    // MARK: Names

    private mutating func name() {
        var taken: Set<String> = []
        for index in sketches.indices {
            let shape = sketches[index].shape
            var name = slug(shape.product)
            if !(shape.interval == "month" && shape.count == 1) {
                name +=
                    shape.count == 1 ? "-\(shape.interval)" : "-\(shape.count)-\(shape.interval)s"
            }
            var plan = name
            var number = 2
            while !taken.insert(plan).inserted {
                plan = "\(name)-\(number)"
                number += 1
            }
            sketches[index].plan = plan
            if !shape.isBase {
                sketches[index].feature =
                    "\(slug(shape.product))-\(shape.isMetered ? "usage" : "units")"
            }
        }
    }

    private func slug(_ product: String) -> String {
        let name = book.products[product]?.text("name") ?? product
        var slug = ""
        for character in name.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber {
                slug.append(character)
            } else if slug.last != "-", !slug.isEmpty {
                slug.append("-")
            }
        }
        while slug.last == "-" { slug.removeLast() }
        return slug.isEmpty ? "plan" : String(slug.prefix(40))
    }

    /// Of two that a customer has at once one is an add-on: the one that fewer have.
    private mutating func chooseAddOns() {
        var owners: [Int: Int] = [:]
        var sets: [Set<Int>] = []
        for subscriptions in book.subscriptions.values {
            var found: Set<Int> = []
            for item in subscriptions.flatMap({ $0["items"]?.data ?? [] }) {
                let id = item["price"]?.text("id")
                let index = sketches.firstIndex { $0.prices.contains { $0.id == id } }
                if let index { found.insert(index) }
            }
            for index in found { owners[index, default: 0] += 1 }
            if found.count > 1 { sets.append(found) }
        }
        var mains: Set<Int> = []
        let order = sketches.indices.sorted {
            (owners[$1] ?? 0, $0) < (owners[$0] ?? 0, $1)
        }
        for index in order {
            let isBeside = sets.contains { $0.contains(index) && !$0.isDisjoint(with: mains) }
            if sketches[index].shape.isBase, !isBeside {
                mains.insert(index)
            } else {
                sketches[index].isAddOn = true
            }
        }
    }

    // MARK: The file

    private var written: JSONValue {
        var features: [JSONValue] = []
        var known: Set<String> = []
        for sketch in sketches {
            guard let feature = sketch.feature, known.insert(feature).inserted else { continue }
            let name = book.products[sketch.shape.product]?.text("name") ?? feature
            features.append(
                .object([
                    "feature_id": .string(feature), "name": .string(name),
                    "type": .string(sketch.shape.isMetered ? "metered" : "allocated"),
                ]))
        }
        var prices = JSONObject()
        for sketch in sketches {
            for price in sketch.prices {
                var target: JSONObject = ["plan_id": .string(sketch.plan)]
                if let feature = sketch.feature { target.append("feature_id", .string(feature)) }
                prices.append(price.id, .object(target))
            }
        }
        return .object([
            "catalog": .object([
                "currency": .string(currency), "features": .array(features),
                "plans": .array(sketches.map { plan($0) }),
            ]),
            "prices": .object(prices),
            "not_drafted": .object(
                JSONObject(left.map { JSONObject.Member($0.id, .string($0.reason)) })),
        ])
    }

    private func plan(_ sketch: Sketch) -> JSONValue {
        let name = book.products[sketch.shape.product]?.text("name") ?? sketch.plan
        var plan: JSONObject = ["plan_id": .string(sketch.plan), "name": .string(name)]
        if sketch.isAddOn { plan.append("add_on", .bool(true)) }
        guard let feature = sketch.feature else {
            plan.append("price", .object(price(sketch)))
            return .object(plan)
        }
        var item: JSONObject = ["feature_id": .string(feature)]
        if sketch.shape.isMetered {
            item.append("reset", .object(cycle(sketch.shape)))
            item.append("usage_price", .object(price(sketch)))
        } else {
            item.append("prepaid_price", .object(price(sketch)))
        }
        plan.append("items", .array([.object(item)]))
        return .object(plan)
    }

    private func cycle(_ shape: Shape) -> JSONObject {
        ["interval": .string(shape.interval), "interval_count": .number(shape.count)]
    }

    private func price(_ sketch: Sketch) -> JSONObject {
        var object = JSONObject()
        let shape = sketch.shape
        let base = sketch.prices.first { $0.currency == currency }
        if let base { fill(&object, base) }
        if shape.isVolume { object.append("tier_behavior", .string("volume")) }
        if shape.pack != 1 { object.append("billing_units", .number(shape.pack)) }
        if !shape.isMetered {
            for member in cycle(shape).members { object.append(member.key, member.value) }
        }
        let others = sketch.prices.filter { $0.currency != currency }.map { price in
            var other: JSONObject = ["currency": .string(price.currency)]
            fill(&other, price)
            return JSONValue.object(other)
        }
        if !others.isEmpty { object.append("additional_currencies", .array(others)) }
        return object
    }

    private func fill(_ object: inout JSONObject, _ price: StripePrice) {
        guard !price.tiers.isEmpty else {
            return object.append("amount", .string(major(price.unit, price.currency)))
        }
        object.append(
            "tiers",
            .array(
                price.tiers.map { tier in
                    var step: JSONObject = [
                        "amount": .string(major(tier.unit, price.currency))
                    ]
                    if let upTo = tier.upTo {
                        step.append("up_to", .number(upTo * price.pack))
                    }
                    if tier.flat != 0 {
                        step.append("flat_amount", .string(major(tier.flat, price.currency)))
                    }
                    return .object(step)
                }))
    }

    /// Major units, exactly.
    private func major(_ amount: Int128, _ code: String) -> String {
        guard let currency = Currency(code: code) else { return "0" }
        let factor = Int128(StripeAmount.factor(currency))
        return DecimalText.text(
            amount / factor, digits: StripePrice.digits + currency.minorDigits)
    }
}
