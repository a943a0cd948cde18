internal import Billing
internal import Payments

/// The card form of a payment page: what was typed, and what is wrong with it. The number and the
/// security code are never given back.
struct CardForm {
    enum Field: String, CaseIterable {
        case number = "card"
        case expiry, cvc, name
    }

    private(set) var typed: [Field: String] = [:]
    private(set) var faults: [Field: String] = [:]
    /// What is wrong with the whole of it.
    var problem: String?
    private(set) var card: TestCard?
    /// Of the card; nil: it wasn't asked for.
    private(set) var expiry: CardExpiry?

    static let nameLimit = 100

    /// An empty one.
    init() {}

    /// With a test card filled in, for who tries things out.
    init(showing card: TestCard, now: Timestamp) {
        let year = CivilDate(now).year % 100 + 3
        typed = [
            .number: card.number, .expiry: "12 / \(year < 10 ? "0" : "")\(year)",
            .cvc: String("1234".prefix(card.codeLength)), .name: "Ada Lovelace",
        ]
    }

    /// What was sent. A script may send the number alone: a field that isn't there isn't checked.
    init(_ form: Form, now: Timestamp) {
        for field in Field.allCases {
            let text = form[field.rawValue]?.drop { $0 == " " }.prefix(CardForm.nameLimit + 1)
            if let text { typed[field] = String(text) }
        }
        readNumber()
        if let text = typed[.expiry] { read(expiry: text, now) }
        if let text = typed[.cvc] { read(cvc: text) }
        if let text = typed[.name] {
            if text.isEmpty { faults[.name] = "Enter the name on the card." }
            if text.count > CardForm.nameLimit { faults[.name] = "That name is too long." }
        }
        typed[.number] = nil
        typed[.cvc] = nil
    }

    /// What comes back with a bank's answer: it was checked before.
    init(authenticated form: Form, now: Timestamp) {
        for field in [Field.expiry, .name] { typed[field] = form[field.rawValue] }
        if let text = typed[.expiry], !text.isEmpty { read(expiry: text, now) }
    }

    private mutating func readNumber() {
        let digits = (typed[.number] ?? "").filter { $0 != " " && $0 != "-" }
        card = TestCard(typed: digits)
        guard card == nil else { return }
        if digits.isEmpty {
            faults[.number] = "Enter the card number."
        } else if CardForm.isPlausible(digits) {
            faults[.number] = "This sandbox takes test cards only. They are listed below."
        } else {
            faults[.number] = "This is not a card number. Please check the digits."
        }
    }

    /// MM / YY, or the year in four digits.
    private mutating func read(expiry text: String, _ now: Timestamp) {
        let parts = text.split(separator: "/").map { $0.filter { $0 != " " } }
        let joined = parts.joined()
        let halves =
            parts.count == 2 ? parts : [String(joined.prefix(2)), String(joined.dropFirst(2))]
        guard halves.allSatisfy({ $0.allSatisfy(\.isASCII) }), let month = UInt32(halves[0]),
            let year = UInt32(halves[1]), halves[1].count == 2 || halves[1].count == 4
        else {
            faults[.expiry] = text.isEmpty ? "Enter the expiry date." : "Write it as MM / YY."
            return
        }
        let found = CardExpiry(year: halves[1].count == 2 ? 2000 + year : year, month: month)
        if !(1...12).contains(month) {
            faults[.expiry] = "The month is 01 to 12."
        } else if found.isPast(at: now) {
            faults[.expiry] = "This card has expired."
        } else if Int64(found.year) > CivilDate(now).year + 50 {
            faults[.expiry] = "No card is valid for that long."
        } else {
            expiry = found
        }
    }

    private mutating func read(cvc text: String) {
        let length = card?.codeLength ?? 3
        let isCode = text.allSatisfy { $0.isASCII && $0.isNumber }
        // An unknown card's may have either length.
        let fits = text.count == length || card == nil && text.count == 4
        guard isCode, fits else {
            faults[.cvc] =
                text.isEmpty ? "Enter the security code." : "The code has \(length) digits."
            return
        }
    }

    /// The check digit (ISO/IEC 7812) is right.
    private static func isPlausible(_ digits: String) -> Bool {
        guard 12...19 ~= digits.utf8.count, digits.allSatisfy({ $0.isASCII && $0.isNumber })
        else { return false }
        var sum = 0
        for (place, digit) in digits.utf8.reversed().enumerated() {
            let value = Int(digit - UInt8(ascii: "0")) * (place % 2 == 0 ? 1 : 2)
            sum += value > 9 ? value - 9 : value
        }
        return sum % 10 == 0
    }
}
