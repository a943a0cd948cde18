internal import Billing
internal import Wire

/// A record as people and scripts read it.
struct LogRecordText {
    private(set) var json: JSONObject
    private var heading: [String]
    private var facts: [JSONObject] = []

    init(sequence: UInt64) {
        json = ["sequence": .number(sequence)]
        heading = [String(sequence)]
    }

    /// One line, and one more for each fact.
    var text: String {
        ([heading.joined(separator: "  ")] + facts.map { "    " + FactText.line($0) })
            .joined(separator: "\n")
    }

    mutating func describe(_ record: CustomerRecord, _ names: LogNames) {
        add("time", FactText.time(record.time))
        add("customer", record.customer.text)
        if let request = record.request {
            let method = Method(rawValue: request.method).map { "\($0)" } ?? "\(request.method)"
            json.append("method", .string(method))
            json.append("request_id", .string(request.id.text))
            heading.append("\(method) \(request.id.text)")
        }
        json.append("catalog_sequence", .number(record.catalogSequence))
        json.append("previous_position", .number(record.previousPosition))
        if record.key != 0 { json.append("sealed_with_key", .number(record.key)) }
        facts = record.facts.map { FactText(names: names).object($0) }
        json.append("facts", .array(facts.map { .object($0) }))
    }

    mutating func describe(_ record: DirectoryRecord) {
        add("time", FactText.time(record.time))
        switch record.change {
        case .published(let published):
            heading.append("catalog published")
            facts = [LogRecordText.fact(published, record.requestID)]
        case .clockMoved(let move):
            heading.append("test clock moved")
            facts = [
                [
                    "fact": .string("test_clock_moved"), "offset_ms": .number(move.offset),
                    "time": .string(FactText.time(move.time)),
                    "request_id": .string(record.requestID),
                ]
            ]
        case .codeReserved(let id, let code, let customer):
            heading.append("code reserved")
            facts = [
                [
                    "fact": .string("code_reserved"), "code": .string(code),
                    "customer": .string(customer), "redemption": .string(id),
                ]
            ]
        case .codeSettled(let id, let isKept):
            heading.append(isKept ? "code redeemed" : "code given back")
            facts = [
                [
                    "fact": .string("code_settled"), "redemption": .string(id),
                    "kept": .bool(isKept),
                ]
            ]
        case .codeCounted(let code, let redemptions):
            heading.append("code counted")
            facts = [
                [
                    "fact": .string("code_counted"), "code": .string(code),
                    "redemptions": .number(redemptions),
                ]
            ]
        case .referralCodeMade(let code, let programme, let customer):
            heading.append("referral code made")
            facts = [
                [
                    "fact": .string("referral_code_made"), "code": .string(code),
                    "programme": .string(programme), "customer": .string(customer),
                ]
            ]
        case .fingerprintKeyed:
            // Its secret is for nobody to read.
            heading.append("fingerprint keyed")
            facts = [["fact": .string("fingerprint_keyed")]]
        }
        json.append("facts", .array(facts.map { .object($0) }))
    }

    private static func fact(_ published: PricingDraft, _ requestID: String) -> JSONObject {
        func list(_ ids: [String]) -> JSONValue { .array(ids.map { .string($0) }) }
        var fact: JSONObject = [
            "fact": .string("catalog_published"), "currency": .string(published.currency),
            "features": list(published.features.map(\.id)),
            "plans": list(published.plans.map(\.id)),
            "rewards": list(
                published.rewards.coupons.map(\.id) + published.rewards.grants.map(\.id)),
            "request_id": .string(requestID),
        ]
        let archived = published.archived
        if !archived.features.isEmpty || !archived.plans.isEmpty {
            fact.append("archived_features", list(archived.features))
            fact.append("archived_plans", list(archived.plans))
        }
        if published.removes {
            fact.append("deleted_features", list(published.removedFeatures))
            fact.append("deleted_plans", list(published.removedPlans))
        }
        return fact
    }

    mutating func describe(problem: String) {
        add("problem", problem)
    }

    private mutating func add(_ key: String, _ text: String) {
        json.append(key, .string(text))
        heading.append(text)
    }
}
