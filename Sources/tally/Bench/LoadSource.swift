/// Makes the messages of a load: one template, in which the customer's digits and the request id
/// are written over for each call.
struct LoadSource {
    enum Order {
        /// Each customer of the range once.
        case each(Range<Int>)
        /// Drawn out of these.
        case drawn(Range<Int>, seed: UInt64)
    }

    static let customerPlaceholder = "bench-0000000"
    private static let customerDigits = 7
    /// 16 random digits for the run, then 16 that count.
    static let requestPlaceholder = "################################"

    let path: String
    /// A reply must say `allowed`.
    let mustAllow: Bool
    private var message: [UInt8]
    private let digitsAt: Int
    private let counterAt: Int?
    private var counter: UInt64 = 0
    private var next: Int
    private let drawnOutOf: UInt64
    private var state: UInt64

    init(path: String, template: [UInt8], order: Order, mustAllow: Bool) {
        self.path = path
        self.mustAllow = mustAllow
        message = template
        let customer = Array(LoadSource.customerPlaceholder.utf8)
        guard let at = LoadSource.find(customer, in: template) else {
            preconditionFailure("the template names a customer")
        }
        digitsAt = at + customer.count - LoadSource.customerDigits
        let request = LoadSource.find(Array(LoadSource.requestPlaceholder.utf8), in: template)
        counterAt = request.map { $0 + 16 }
        switch order {
        case .each(let range): (next, drawnOutOf, state) = (range.lowerBound, 0, 0)
        case .drawn(let range, let seed):
            (next, drawnOutOf, state) = (range.lowerBound, UInt64(range.count), seed)
        }
        if let request {
            var generator = SystemRandomNumberGenerator()
            let prefix = RequestIdentifier.hexadecimal(generator.next())
            message.replaceSubrange(request..<request + 16, with: Array(prefix.utf8))
        }
    }

    static func customerID(_ number: Int) -> String {
        let digits = String(number)
        return customerPlaceholder.dropLast(digits.utf8.count) + digits
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        bytes.indices.first { bytes[$0...].starts(with: needle) }
    }

    /// `allowed` is field 1, a bool, and stands first.
    func isDenial(_ message: UnsafeRawBufferPointer) -> Bool {
        mustAllow && !(message.count >= 2 && message[0] == 0x08 && message[1] == 1)
    }

    /// Hands over the bytes of the next call's message.
    mutating func withNext<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let customer: Int
        if drawnOutOf > 0 {
            customer = next + Int(random().multipliedFullWidth(by: drawnOutOf).high)
        } else {
            customer = next
            next += 1
        }
        var rest = customer
        var at = digitsAt + LoadSource.customerDigits
        while at > digitsAt {
            at -= 1
            message[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        if let counterAt { count(at: counterAt) }
        return message.withUnsafeBytes(body)
    }

    private mutating func count(at start: Int) {
        var rest = counter
        counter += 1
        for at in stride(from: start + 15, through: start, by: -1) {
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            message[at] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
            rest >>= 4
        }
    }

    /// SplitMix64.
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
