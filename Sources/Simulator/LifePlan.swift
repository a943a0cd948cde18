/// What happens to a process.
package struct LifePlan {
    package enum End: CaseIterable, Sendable {
        /// What the kernel has stays.
        case kill
        case power
        /// A clean stop, and then the power is cut.
        case close
    }

    var end: End
    var steps: Int
    /// The disk call it dies at; nil: it lives to its end.
    var diesAtCall: Int?
    /// The disk call that fails.
    var failsAtCall: Int?
    /// How it fails; nil: some way.
    var code: Int32?
    /// One call in so many fails; 0: none does.
    var failureRate = 0
    /// The disk is short of room, now and then.
    var isShort = false

    static let quiet = LifePlan(end: .close, steps: 0)

    init(end: End, steps: Int) {
        self.end = end
        self.steps = steps
    }

    init(_ dice: inout Dice) {
        self.init(end: dice.pick(End.allCases), steps: dice.between(10, 120))
        switch dice.below(6) {
        case 0, 1: diesAtCall = dice.between(1, dice.once(in: 3) ? 20 : 150)
        case 2: failsAtCall = dice.between(1, dice.once(in: 3) ? 20 : 150)
        case 3: failureRate = dice.between(20, 200)
        case 4: isShort = true
        default: break
        }
    }
}
