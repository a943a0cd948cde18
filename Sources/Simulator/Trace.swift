/// What happened, line by line, if somebody wants to know.
///
/// Safety: confined to one thread, as all of a simulation is.
package final class Trace: @unchecked Sendable {
    package private(set) var lines: [String] = []
    private let isKept: Bool
    var step = 0

    package init(isKept: Bool) {
        self.isKept = isKept
    }

    func note(_ line: @autoclosure () -> String) {
        if isKept { lines.append("\(step)  \(line())") }
    }
}
