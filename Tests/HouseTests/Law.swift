/// One broken law at one place.
struct Offence: Equatable {
    let line: Int
    let what: String
}

/// A rule that every file under `Sources` keeps, with a sample that breaks it, so that a law that
/// has gone blind is noticed.
struct Law: Sendable {
    let name: String
    let sample: (path: String, text: String)
    let offences: @Sendable (SourceFile) -> [Offence]

    init(
        _ name: String, breaks sample: String, at path: String = "Sources/RPC/Sample.swift",
        find offences: @escaping @Sendable (SourceFile) -> [Offence]
    ) {
        self.name = name
        self.sample = (path, sample)
        self.offences = offences
    }

    /// A law against some sequences of tokens in some files.
    static func forbids(
        _ patterns: [String], _ name: String, breaks sample: String,
        at path: String = "Sources/RPC/Sample.swift",
        where applies: @escaping @Sendable (SourceFile) -> Bool = { _ in true }
    ) -> Law {
        Law(name, breaks: sample, at: path) { file in
            guard applies(file) else { return [] }
            return patterns.flatMap { pattern in
                file.places(of: pattern).map { Offence(line: file.tokens[$0].line, what: pattern) }
            }
        }
    }
}

extension Law {
    static let all: [Law] = size + access + billing + outside + safety + plan

    private static let size = [
        Law("a file has 500 lines at most", breaks: String(repeating: "\n", count: 501)) { file in
            file.lines.count <= 500 ? [] : [Offence(line: 501, what: "\(file.lines.count) lines")]
        },
        Law(
            "a function has 70 lines at most",
            breaks: "func long() {" + String(repeating: "\n", count: 70) + "}"
        ) { file in
            file.functions.filter { $0.length > 70 }
                .map { Offence(line: $0.line, what: "\($0.length) lines") }
        },
        Law("a line has 100 columns at most", breaks: String(repeating: "=", count: 101)) { file in
            file.lines.enumerated().filter { $0.element.count > 100 }
                .map { Offence(line: $0.offset + 1, what: "\($0.element.count) columns") }
        },
    ]

    private static let access = [
        Law("nothing is public or open", breaks: "public final class Sample {}") { file in
            file.tokens.indices.dropLast().filter { index in
                ["public", "open"].contains(file.tokens[index].text)
                    && SourceFile.declarations.contains(file.tokens[index + 1].text)
            }.map { Offence(line: file.tokens[$0].line, what: file.tokens[$0].text) }
        }
    ]

    private static let billing = [
        forbids(
            ["import"], "Billing imports nothing", breaks: "import Foundation",
            at: "Sources/Billing/Sample.swift"
        ) { $0.target == "Billing" },
        forbids(
            ["Double", "Float", "Float16", "Float80"], "Billing counts in exact numbers",
            breaks: "let price: Double", at: "Sources/Billing/Sample.swift"
        ) { $0.target == "Billing" && AllowList.doubleInBilling[$0.path] == nil },
        forbids(
            ["default:"], "Billing's switches name every case",
            breaks: "switch x { default: break }", at: "Sources/Billing/Sample.swift"
        ) { $0.target == "Billing" },
    ]

    private static let outside = [
        forbids(
            [
                "Date()", "Date.now", "clock_gettime", "gettimeofday", "time(nil)",
                "ContinuousClock", "SuspendingClock", "DispatchTime.now", "DispatchWallTime.now",
            ],
            "nobody reads a clock but its owner", breaks: "let now = Date()"
        ) { AllowList.clock[$0.path] == nil },
        forbids(
            [
                "SystemRandomNumberGenerator", ".random(", ".randomElement(", ".shuffled(",
                ".shuffle(", "UUID()", "RAND_bytes", "getrandom", "arc4random",
            ],
            "nobody rolls dice but their owner", breaks: "let dice = Int.random(in: 1...6)"
        ) { AllowList.chance[$0.path] == nil },
    ]

    private static let safety = [
        forbids(["try!", "as!"], "nothing is forced", breaks: "let sample = try! risky()"),
        Law(
            "what the compiler cannot check says why it is safe",
            breaks: "// Safety: too far away.\n\n\n\nstruct Sample: @unchecked Sendable {}"
        ) { file in
            ["@unchecked Sendable", "nonisolated(unsafe)"].flatMap { pattern in
                file.places(of: pattern).map { file.tokens[$0].line }
                    .filter { !saysWhy(file, above: $0) }
                    .map { Offence(line: $0, what: "\(pattern) without a `// Safety:` above it") }
            }
        },
    ]

    /// Within three lines, or at the head of the comment that ends there.
    private static func saysWhy(_ file: SourceFile, above line: Int) -> Bool {
        let above = file.lines[..<(line - 1)].reversed()
        let comment = above.prefix { $0.drop { $0 == " " }.starts(with: "//") }
        return above.prefix(max(3, comment.count)).contains { $0.contains("// Safety:") }
    }

    private static let plan = [
        Law("a target imports what the house plan allows", breaks: "import Billing") { file in
            guard let allowed = HousePlan.imports[file.target] else {
                return [Offence(line: 1, what: "\(file.target) is not in HousePlan.swift")]
            }
            return file.imports.filter {
                !allowed.contains($0.text) && !HousePlan.system.contains($0.text)
            }.map { Offence(line: $0.line, what: "\(file.target) imports \($0.text)") }
        },
        Law("no type has a target's name", breaks: "struct Catalog {}") { file in
            let kinds = ["actor", "class", "enum", "protocol", "struct", "typealias"]
            return kinds.flatMap { kind in
                HousePlan.imports.keys.sorted().flatMap { target in
                    file.places(of: "\(kind) \(target)")
                        .map { Offence(line: file.tokens[$0].line, what: "\(kind) \(target)") }
                }
            }
        },
    ]
}
