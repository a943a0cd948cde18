internal import CTallyProto

/// Answers `grpc.reflection.v1.ServerReflection` (and `v1alpha`, whose messages are the same) from
/// the descriptor set that `scripts/generate` embeds.
///
/// A file is answered with all that it imports, so that one question is enough to understand it.
package final class ReflectionIndex: Sendable {
    private struct File: Sendable {
        var bytes: [UInt8]
        var imports: [String]
    }

    private let files: [String: File]
    /// The file of each message, enum, service and method, by full name.
    private let symbols: [String: String]
    /// Full names, in order of their files.
    package let services: [String]
    /// The paths of their methods: "/tally.v1.UsageService/Track".
    package let methods: [String]

    /// What goes wrong, by gRPC's numbers.
    private static let invalidArgument: UInt64 = 3
    private static let notFound: UInt64 = 5
    private static let unimplemented: UInt64 = 12

    /// - Parameter others: services that have no descriptor here, such as health.
    package convenience init(others: [String]) {
        let set = UnsafeRawBufferPointer(
            start: tally_descriptor_set_bytes(), count: tally_descriptor_set_length)
        self.init(descriptorSet: set, others: others)
    }

    init(descriptorSet: UnsafeRawBufferPointer, others: [String]) {
        var files: [String: File] = [:]
        var symbols: [String: String] = [:]
        var services: [String] = []
        var methods: [String] = []
        for bytes in Fields(descriptorSet).all(1) {
            let outline = FileOutline(bytes)
            files[outline.name] = File(bytes: Array(bytes), imports: outline.imports)
            for symbol in outline.symbols { symbols[symbol] = outline.name }
            services += outline.services
            methods += outline.methods
        }
        self.files = files
        self.symbols = symbols
        self.services = services + others
        self.methods = methods
    }

    /// The `ServerReflectionResponse` to a `ServerReflectionRequest`.
    package func answer(_ request: UnsafeRawBufferPointer) -> [UInt8] {
        let fields = Fields(request)
        var response = ProtoBytes()
        response.add(1, text: fields.text(1) ?? "")
        response.add(2, raw: request)
        guard !fields.malformed else {
            return response.failing(ReflectionIndex.invalidArgument, "the request is malformed")
        }
        if let name = fields.text(3) {
            return answer(response, file: files[name] == nil ? nil : name, "file", name)
        }
        if let symbol = fields.text(4) {
            return answer(response, file: symbols[symbol], "symbol", symbol)
        }
        if fields.text(7) != nil {
            var list = ProtoBytes()
            for service in services {
                var entry = ProtoBytes()
                entry.add(1, text: service)
                list.add(1, message: entry)
            }
            response.add(6, message: list)
            return response.bytes
        }
        if fields.text(5) != nil || fields.text(6) != nil {
            return response.failing(ReflectionIndex.notFound, "there are no extensions")
        }
        return response.failing(ReflectionIndex.unimplemented, "the request asks for nothing known")
    }

    private func answer(
        _ response: ProtoBytes, file: String?, _ kind: String, _ name: String
    ) -> [UInt8] {
        guard let file else {
            return response.failing(ReflectionIndex.notFound, "there is no \(kind) \"\(name)\"")
        }
        var response = response
        var found = ProtoBytes()
        for name in withImports(file) {
            guard let file = files[name] else { continue }
            file.bytes.withUnsafeBytes { found.add(1, raw: $0) }
        }
        response.add(4, message: found)
        return response.bytes
    }

    /// The file and everything it imports, each once, the file first.
    private func withImports(_ file: String) -> [String] {
        var names = [file]
        var next = 0
        while next < names.count {
            for name in files[names[next]]?.imports ?? [] where !names.contains(name) {
                names.append(name)
            }
            next += 1
        }
        return names
    }
}

extension ProtoBytes {
    /// A `ServerReflectionResponse` so far, ending in an `ErrorResponse`.
    fileprivate func failing(_ code: UInt64, _ message: String) -> [UInt8] {
        var error = ProtoBytes()
        error.add(1, number: code)
        error.add(2, text: message)
        var response = self
        response.add(7, message: error)
        return response.bytes
    }
}

/// The names in a `FileDescriptorProto`.
private struct FileOutline {
    var name: String
    var imports: [String]
    var symbols: [String] = []
    var services: [String] = []
    var methods: [String] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        let file = Fields(bytes)
        name = file.text(1) ?? ""
        imports = file.all(3).map { String(decoding: $0, as: UTF8.self) }
        let package = file.text(2) ?? ""
        for message in file.all(4) { add(message: message, in: package) }
        for type in file.all(5) { symbols.append(FileOutline.join(package, Fields(type).text(1))) }
        for bytes in file.all(6) {
            let service = Fields(bytes)
            let fullName = FileOutline.join(package, service.text(1))
            services.append(fullName)
            symbols.append(fullName)
            for method in service.all(2) {
                let name = Fields(method).text(1) ?? ""
                symbols.append(FileOutline.join(fullName, name))
                methods.append("/\(fullName)/\(name)")
            }
        }
    }

    private mutating func add(message bytes: UnsafeRawBufferPointer, in scope: String) {
        let message = Fields(bytes)
        let fullName = FileOutline.join(scope, message.text(1))
        symbols.append(fullName)
        for field in message.all(2) {
            symbols.append(FileOutline.join(fullName, Fields(field).text(1)))
        }
        for nested in message.all(3) { add(message: nested, in: fullName) }
        for type in message.all(4) {
            symbols.append(FileOutline.join(fullName, Fields(type).text(1)))
        }
    }

    private static func join(_ scope: String, _ name: String?) -> String {
        scope.isEmpty ? name ?? "" : scope + "." + (name ?? "")
    }
}

/// The length-delimited fields of a message, by number.
private struct Fields {
    private var found: [(number: UInt32, bytes: UnsafeRawBufferPointer)] = []
    private(set) var malformed = false

    init(_ bytes: UnsafeRawBufferPointer) {
        var scan = FieldScan(bytes)
        while let field = scan.next() {
            if case .bytes(let payload) = field.value { found.append((field.number, payload)) }
        }
        malformed = scan.failed
    }

    func all(_ number: UInt32) -> [UnsafeRawBufferPointer] {
        found.filter { $0.number == number }.map(\.bytes)
    }

    /// The last one, as protobuf has it.
    func text(_ number: UInt32) -> String? {
        all(number).last.map { String(decoding: $0, as: UTF8.self) }
    }
}
