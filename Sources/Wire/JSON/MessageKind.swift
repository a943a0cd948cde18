internal import CProtobufC
// Its descriptors are constants, which is more than the importer knows.
@preconcurrency internal import CTallyProto

/// A message of the API that a client or a file may hold as JSON: each that a method takes or
/// gives, as the services' descriptors say, and the catalog.
package struct MessageKind: Sendable, Hashable {
    /// Its proto name.
    package let rawValue: String

    private static let roots: [String: Root] = {
        let builder = SchemaBuilder()
        var found = services.flatMap { service in
            UnsafeBufferPointer(start: service.methods, count: Int(service.n_methods))
                .flatMap { [$0.input, $0.output] }
        }
        // Not a method's own: a file holds it.
        let catalog = tally__v1__publish_catalog_request__descriptor.fields[0].descriptor
        found.append(catalog?.assumingMemoryBound(to: ProtobufCMessageDescriptor.self))
        return Dictionary(
            found.compactMap(\.self).map { message in
                let root = Root(descriptor: message, schema: builder.schema(message))
                return (String(cString: message.pointee.short_name), root)
            },
            uniquingKeysWith: { first, _ in first })
    }()

    /// Copies, as all imported C globals are; what they point to is not.
    private static var services: [ProtobufCServiceDescriptor] {
        [
            tally__v1__attach_service__descriptor, tally__v1__catalog_service__descriptor,
            tally__v1__customer_service__descriptor, tally__v1__entitlement_service__descriptor,
            tally__v1__import_service__descriptor, tally__v1__key_service__descriptor,
            tally__v1__reward_service__descriptor, tally__v1__sandbox_service__descriptor,
            tally__v1__system_service__descriptor,
            tally__v1__test_clock_service__descriptor, tally__v1__usage_service__descriptor,
            tally__v1__webhook_service__descriptor,
        ]
    }

    /// By a method's path, what it takes and what it gives.
    package static let methods: [String: (request: MessageKind, response: MessageKind)] = {
        var found: [String: (request: MessageKind, response: MessageKind)] = [:]
        for service in services {
            let name = String(cString: service.name)
            for method in UnsafeBufferPointer(
                start: service.methods, count: Int(service.n_methods))
            {
                let path = "/\(name)/\(String(cString: method.name))"
                let (input, output) = (method.input.pointee, method.output.pointee)
                found[path] = (
                    MessageKind(String(cString: input.short_name)),
                    MessageKind(String(cString: output.short_name))
                )
            }
        }
        return found
    }()

    /// In order of name.
    package static let allCases = roots.keys.sorted().map { MessageKind(rawValue: $0) }

    private init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// - Precondition: the API has such a message.
    package init(_ name: String) {
        precondition(MessageKind.roots[name] != nil, "the API has no message \(name)")
        self.init(rawValue: name)
    }

    private var root: Root {
        guard let root = MessageKind.roots[rawValue] else {
            preconditionFailure("every kind has one")
        }
        return root
    }

    /// Read from the descriptor once for all.
    var schema: MessageSchema { root.schema }
    var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { root.descriptor }
}

// Safety: the descriptor is a constant of the program.
private struct Root: @unchecked Sendable {
    let descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    let schema: MessageSchema
}

extension MessageKind {
    package static let pricingCatalog = MessageKind("PricingCatalog")
    package static let publishCatalogRequest = MessageKind("PublishCatalogRequest")
    package static let getCatalogRequest = MessageKind("GetCatalogRequest")
    package static let getCatalogResponse = MessageKind("GetCatalogResponse")
    package static let checkRequest = MessageKind("CheckRequest")
    package static let checkResponse = MessageKind("CheckResponse")
    package static let trackRequest = MessageKind("TrackRequest")
    package static let trackResponse = MessageKind("TrackResponse")
    package static let attachRequest = MessageKind("AttachRequest")
    package static let attachResponse = MessageKind("AttachResponse")
    package static let getCustomerRequest = MessageKind("GetCustomerRequest")
    package static let getCustomerResponse = MessageKind("GetCustomerResponse")
    package static let getOrCreateCustomerRequest = MessageKind("GetOrCreateCustomerRequest")
    package static let getOrCreateCustomerResponse = MessageKind("GetOrCreateCustomerResponse")
    package static let updateCustomerRequest = MessageKind("UpdateCustomerRequest")
}
