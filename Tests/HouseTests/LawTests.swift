import Testing

extension Law: CustomTestStringConvertible {
    var testDescription: String { name }
}

@Suite("The laws of the house")
struct LawTests {
    private static let files = Result { try SourceFile.all() }

    @Test("is kept", arguments: Law.all)
    func isKept(law: Law) throws {
        for file in try Self.files.get() {
            for offence in law.offences(file) {
                Issue.record("\(file.path):\(offence.line): \(law.name): \(offence.what)")
            }
        }
    }

    @Test("notices when it is broken", arguments: Law.all)
    func noticesItsSample(law: Law) {
        let sample = SourceFile(path: law.sample.path, text: law.sample.text)
        #expect(law.offences(sample).count == 1)
    }

    @Test("are held against real files")
    func findFiles() throws {
        let files = try Self.files.get()
        #expect(Set(files.map(\.target)) == Set(HousePlan.imports.keys))
        let lists = [AllowList.doubleInBilling, AllowList.clock, AllowList.chance]
        #expect(Set(lists.flatMap(\.keys)).subtracting(files.map(\.path)).isEmpty)
    }

    /// It has a manifest of its own, and takes too long to build to be built at each test.
    @Test("The fuzzers' package gives each target what this one does")
    func fuzzers() throws {
        let manifest = try SourceFile.text(of: "Tests/Fuzz/Package.swift")
        let modules = ["log": "Logging", "heap": "HeapModule", "bits": "BitCollections"]
        let copies = manifest.matches(of: /copy\(\s*"(\w+)",\s*\[([^\]]*)\]/)
        #expect(copies.count > 5)
        for copy in copies {
            let words = copy.2.matches(of: /\w+/).map { String($0.0) }.filter { $0 != "nio" }
            #expect(
                Set(words.map { modules[$0] ?? $0 }) == HousePlan.imports[String(copy.1)],
                "\(copy.1)")
        }
    }
}

@Suite("The law's reader")
struct LexerTests {
    private func words(_ source: String) -> [String] { Lexer.tokens(of: source).map(\.text) }

    @Test(
        "leaves out comments and strings",
        arguments: [
            "a // b \" {\nc", "a /* b /* \" */ } */ c", #"a "b \" // {" c"#,
            "a \"\"\"\n\" b {\n\"\"\" c",
            ##"a #"b " \(d) { "# c"##, #"a "\\" c"#, "a \"/*\" c",
        ])
    func leavesOut(source: String) {
        #expect(words(source) == ["a", "c"])
    }

    @Test(
        "keeps what is interpolated",
        arguments: [
            #""x \(a(b, "y \(c)")) z" d"#, ##"#"x \#(a(b, "y \(c)")) z"# d"##,
        ])
    func keepsInterpolations(source: String) {
        #expect(words(source) == ["a", "(", "b", ",", "c", ")", "d"])
    }

    @Test("counts lines through comments and strings")
    func countsLines() {
        let tokens = Lexer.tokens(of: "/*\n*/ a\n\"\"\"\n\n\"\"\"\nb // c\nd")
        #expect(
            tokens == [
                Token(text: "a", line: 2), Token(text: "b", line: 6), Token(text: "d", line: 7),
            ])
    }

    @Test("measures functions and initialisers, not requirements and calls")
    func measures() {
        let source = """
            protocol P {
                func none(_ f: () -> Void)
                init(x: Int)
                var y: Int { get }
            }
            struct S: P {
                init(x: Int) { self.init() }
                func two(_ f: () -> Void = { _ = 1 }) throws -> [Int] where T: P
                { [1].map { $0 } }

                func three() {
                    let brace = "}" // }
                }
            }
            """
        #expect(
            SourceFile(path: "Sources/A/B.swift", text: source).functions.map(\.length) == [
                1, 2, 3,
            ])
    }
}
