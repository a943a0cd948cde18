internal import Billing
internal import Glibc
internal import Wire

/// Writes what `ReplyShape.check` makes of the answer's message, straight from the answer.
struct CheckText {
    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    private(set) var count = 0

    init(reserving capacity: Int, _ reserve: (Int) -> UnsafeMutableRawPointer) {
        self.capacity = capacity
        base = reserve(capacity).assumingMemoryBound(to: UInt8.self)
    }

    /// Bytes that it takes at most: ids have 63, numbers 24, a plain price 256.
    static func size(of answer: borrowing CheckAnswer) -> Int {
        1024 + (answer.balance?.parts.count ?? 0) * 1024
    }

    /// False: there is more to it than is written here.
    mutating func write(
        _ answer: borrowing CheckAnswer, of customer: borrowing CustomerState,
        id: UnsafeRawBufferPointer, _ names: PricingNames
    ) -> Bool {
        put("{\"allowed\":")
        put(answer.allowed)
        put(",\"customer_id\":\"")
        put(id)
        put("\",\"entity_id\":null,\"required_balance\":")
        put(answer.required)
        put(",\"balance\":")
        if let balance = answer.balance {
            guard write(balance, of: customer, names) else { return false }
        } else {
            put("null")
        }
        put(",\"flag\":")
        if let flag = answer.flag {
            write(flag, of: customer, names)
        } else {
            put("null")
        }
        put(",\"preview\":null}")
        return true
    }

    private mutating func write(
        _ flag: FlagView, of customer: borrowing CustomerState, _ names: PricingNames
    ) {
        var found: Bucket?
        for index in 0..<customer.buckets.count
        where customer.buckets[index].feature == flag.feature {
            found = customer.buckets[index]
            break
        }
        put("{\"id\":\"")
        if let found {
            put("bal_")
            put(Int64(found.number))
        } else {
            put(names.bytes(of: flag.feature))
        }
        put("\",\"feature_id\":\"")
        put(names.bytes(of: flag.feature))
        put("\",\"plan_id\":")
        put(flag.plan, names)
        put(",\"expires_at\":")
        put(found?.expires ?? .never)
        put("}")
    }

    private mutating func write(
        _ view: BalanceView, of customer: borrowing CustomerState, _ names: PricingNames
    ) -> Bool {
        guard view.details.isEmpty else { return false }
        put("{\"feature_id\":\"")
        put(names.bytes(of: view.feature))
        put("\",\"granted\":")
        put(view.granted)
        put(",\"remaining\":")
        put(view.remaining)
        put(",\"usage\":")
        put(view.usage)
        put(",\"unlimited\":")
        put(view.unlimited)
        put(",\"overage_allowed\":")
        put(view.overageAllowed)
        put(",\"max_purchase\":")
        if let most = view.maxPurchase { put(most) } else { put("null") }
        put(",\"next_reset_at\":")
        put(view.nextReset)
        put(",\"breakdown\":[")
        let feature = names.pricing.feature(view.feature)
        for (index, part) in view.parts.enumerated() {
            guard !part.flags.contains(.rollover) else { return false }
            if index > 0 { put(",") }
            guard write(part, of: feature, customer, names) else { return false }
        }
        put("]}")
        return true
    }

    private mutating func write(
        _ part: BalanceView.Part, of feature: Feature, _ customer: borrowing CustomerState,
        _ names: PricingNames
    ) -> Bool {
        put("{\"id\":\"bal_")
        put(Int64(part.bucket))
        put("\",\"plan_id\":")
        put(part.plan, names)
        put(",\"included_grant\":")
        put(part.granted)
        put(",\"prepaid_grant\":0,\"remaining\":")
        put(part.remaining)
        put(",\"usage\":")
        put(part.usage)
        put(",\"unlimited\":")
        put(part.unlimited)
        put(",\"reset\":")
        if feature.kind.isLevel {
            put("null")
        } else {
            put("{\"interval\":\"")
            put(part.cycle.interval.name)
            put("\"")
            if part.cycle.count != 1 {
                put(",\"interval_count\":")
                put(Int64(part.cycle.count))
            }
            put(",\"resets_at\":")
            put(part.nextReset)
            put("}")
        }
        put(",\"price\":")
        guard price(of: part, feature, customer, names) else { return false }
        put(",\"expires_at\":")
        put(part.expires)
        put("}")
        return true
    }

    /// Of the bucket's own plan, in what the customer pays in.
    private mutating func price(
        of part: BalanceView.Part, _ feature: Feature, _ customer: borrowing CustomerState,
        _ names: PricingNames
    ) -> Bool {
        for index in 0..<customer.buckets.count
        where customer.buckets[index].number == part.bucket {
            let bucket = customer.buckets[index]
            guard let subscription = customer.subscription(bucket.subscription) else { break }
            let pricing = names.pricing.with(plansOf: customer)
            let plan = pricing.plan(subscription.plan)
            let facts = ReplyContext.BucketFacts(bucket, plan, feature)
            guard facts.price != .null else { break }
            let text = JSONWriter.bytes(facts.price)
            guard text.count < 256 else { return false }
            text.withUnsafeBytes { put($0) }
            return true
        }
        put("null")
        return true
    }

    // MARK: Values

    @inline(__always)
    private mutating func put(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        precondition(count + length <= capacity, "the sizes above are too small")
        memcpy(base + count, text.utf8Start, length)
        count += length
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        precondition(count + bytes.count <= capacity, "the sizes above are too small")
        if let source = bytes.baseAddress { memcpy(base + count, source, bytes.count) }
        count += bytes.count
    }

    private mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    private mutating func put(_ flag: Bool) { put(flag ? "true" : "false") }

    private mutating func put(_ plan: PlanNumber?, _ names: PricingNames) {
        guard let plan else { return put("null") }
        put("\"")
        put(names.bytes(of: plan))
        put("\"")
    }

    private mutating func put(_ time: Timestamp) {
        if time == .never { put("null") } else { put(time.milliseconds) }
    }

    /// As the message's `double` is written.
    private mutating func put(_ quantity: Quantity) {
        let (whole, rest) = quantity.raw.quotientAndRemainder(dividingBy: Quantity.scale)
        if rest == 0, let number = Int64(exactly: whole), number.magnitude < 1 << 53 {
            return put(number)
        }
        guard case .number(let literal) = JSONValue.number(quantity.double) else { return }
        put(literal)
    }

    private mutating func put(_ number: Int64) {
        precondition(count + 20 <= capacity, "the sizes above are too small")
        guard number != 0 else {
            base[count] = 0x30
            return count += 1
        }
        if number < 0 {
            base[count] = UInt8(ascii: "-")
            count += 1
        }
        var rest = number.magnitude
        var length = 0
        while rest > 0 {
            length += 1
            rest /= 10
        }
        rest = number.magnitude
        for place in stride(from: count + length - 1, through: count, by: -1) {
            base[place] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        count += length
    }
}
