internal import Billing

/// The faults found so far, and where in the document we are.
struct FaultList {
    private enum Step {
        case key(String)
        case index(Int)
    }

    /// Everything has a limit: a large file of nothing but faults is not repeated back in full.
    static let limit = 1000
    /// The same for a single key.
    private static let longestKey = 64

    private(set) var violations: [Violation] = []
    private var steps: [Step] = []

    mutating func enter(_ key: String) { steps.append(.key(key)) }
    mutating func enter(_ index: Int) { steps.append(.index(index)) }
    mutating func leave() { steps.removeLast() }

    /// A fault of the value where we are.
    mutating func add(_ message: String) {
        if violations.count < FaultList.limit {
            violations.append(Violation(path: path, message: message))
        } else if violations.count == FaultList.limit {
            violations.append(Violation(path: "", message: "has more faults than are listed"))
        }
    }

    private var path: String {
        var path = ""
        for step in steps {
            switch step {
            case .index(let index): path += "[\(index)]"
            case .key(let key) where FaultList.isPlain(key): path += path.isEmpty ? key : "." + key
            case .key(let key): path += "[\(FaultList.quoted(key))]"
            }
        }
        return path
    }

    private static func isPlain(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= longestKey
            && key.unicodeScalars.allSatisfy { scalar in
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                    || ("0"..."9").contains(scalar) || scalar == "_"
            }
    }

    private static func quoted(_ key: String) -> String {
        guard key.utf8.count > longestKey else { return JSONWriter.text(.string(key)) }
        return JSONWriter.text(.string(String(key.prefix(longestKey / 2)) + "…"))
    }
}
