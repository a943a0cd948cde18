package import Billing
internal import CTallyProto

/// What is personal in a record or a state, taken out of it to be sealed.
struct PersonalParts {
    /// By the fact's place in its record.
    var facts: [(place: Int, fact: Fact)] = []
    var reply: [UInt8] = []

    /// Leaves the facts without what is personal.
    init(takenFrom facts: inout [Fact]) {
        for place in facts.indices where facts[place].isPersonal {
            self.facts.append((place, facts[place]))
            facts[place] = facts[place].withoutPersonalParts
        }
    }

    /// Leaves the extras without what is personal.
    init(takenFrom extras: inout Extras) {
        for entity in extras.entities.all where !entity.name.isEmpty {
            facts.append((0, .entityCreated(entity)))
        }
        for hold in extras.holds where !hold.properties.isEmpty {
            facts.append((0, .holdOpened(hold)))
        }
        extras.erase()
    }

    /// Of a state.
    init(_ account: Account) {
        facts = [(0, .profileChanged(name: account.name, email: account.email))]
        if !account.metadata.isEmpty { facts.append((0, .metadataChanged(account.metadata))) }
        if let address = account.address { facts.append((0, .addressSet(address))) }
        for invoice in account.externalInvoices where !invoice.url.isEmpty {
            facts.append((0, .externalInvoiceSet(invoice)))
        }
    }
}

extension Fact {
    /// As it stays once what is personal is erased.
    package var withoutPersonalParts: Fact {
        switch self {
        case .customerCreated(_, _, let time): .customerCreated(name: "", email: "", time: time)
        case .profileChanged: .profileChanged(name: "", email: "")
        case .metadataChanged: .metadataChanged([])
        case .addressSet(let address): address?.isEmpty == true ? self : .addressSet(nil)
        case .usageRecorded(let feature, let value, let label):
            .usageRecorded(
                feature: feature, value: value,
                label: EventLabel(
                    time: label?.time,
                    properties: (label?.properties ?? []).filter { !$0.isPersonal }))
        case .entityCreated(var entity):
            {
                entity.name = ""
                return .entityCreated(entity)
            }()
        case .entityChanged(let number, _): .entityChanged(number: number, name: "")
        case .holdOpened(var hold):
            {
                hold.properties = []
                return .holdOpened(hold)
            }()
        case .externalInvoiceSet(var invoice):
            {
                invoice.url = ""
                return .externalInvoiceSet(invoice)
            }()
        default: self
        }
    }

    fileprivate func with(
        name: String, email: String, metadata: [MetadataEntry], properties: [EventProperty],
        address: PostalAddress?, url: String
    ) -> Fact? {
        switch self {
        case .customerCreated(_, _, let time):
            .customerCreated(name: name, email: email, time: time)
        case .profileChanged: .profileChanged(name: name, email: email)
        case .metadataChanged: .metadataChanged(metadata)
        case .addressSet: .addressSet(address)
        case .usageRecorded(let feature, let value, let label):
            .usageRecorded(
                feature: feature, value: value,
                label: EventLabel(
                    time: label?.time, properties: (label?.properties ?? []) + properties))
        case .entityCreated(var entity):
            {
                entity.name = name
                return .entityCreated(entity)
            }()
        case .entityChanged(let number, _): .entityChanged(number: number, name: name)
        case .holdOpened(var hold):
            {
                hold.properties = properties
                return .holdOpened(hold)
            }()
        case .externalInvoiceSet(var invoice):
            {
                invoice.url = url
                return .externalInvoiceSet(invoice)
            }()
        default: nil
        }
    }
}

extension RecordWriter {
    /// nil: the key is destroyed.
    func sealed(
        _ parts: PersonalParts, with key: UInt32, for use: SealUse, of customer: CustomerID,
        _ seals: any CustomerSeals
    ) -> UnsafeMutablePointer<Tally__Disk__V1__Sealed>? {
        guard let content = seals.seal(pack(parts), with: key, for: use, of: customer) else {
            return nil
        }
        let message = arena.make(tally__disk__v1__sealed__init)
        message.pointee.key = key
        message.pointee.content = content.withUnsafeBytes { arena.bytes($0) }
        return message
    }

    private func pack(_ parts: PersonalParts) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__disk__v1__personal_parts__init)
        (message.pointee.n_parts, message.pointee.parts) = arena.list(parts.facts) { entry in
            let part = arena.make(tally__disk__v1__personal_part__init)
            part.pointee.fact = UInt32(entry.place)
            switch entry.fact {
            case .customerCreated(let name, let email, _), .profileChanged(let name, let email):
                part.pointee.name = arena.string(name)
                part.pointee.email = arena.string(email)
            case .metadataChanged(let metadata):
                (part.pointee.n_metadata, part.pointee.metadata) =
                    arena.list(metadata) { self.entry($0) }
            case .addressSet(let address):
                part.pointee.address = address.map { self.address($0) }
            case .usageRecorded(_, _, let label):
                (part.pointee.n_properties, part.pointee.properties) =
                    arena.list((label?.properties ?? []).filter(\.isPersonal)) { property($0) }
            case .entityCreated(let entity):
                part.pointee.name = arena.string(entity.name)
                part.pointee.entity = entity.number
            case .entityChanged(_, let name): part.pointee.name = arena.string(name)
            case .holdOpened(let hold):
                part.pointee.hold = arena.string(hold.id)
                (part.pointee.n_properties, part.pointee.properties) =
                    arena.list(hold.properties) { property($0) }
            case .externalInvoiceSet(let invoice):
                part.pointee.url = arena.string(invoice.url)
                part.pointee.invoice = arena.string(invoice.id)
                part.pointee.processor = UInt32(invoice.processor.rawValue)
            default: break
            }
            return part
        }
        message.pointee.reply = parts.reply.withUnsafeBytes { arena.bytes($0) }
        return arena.pack(message)
    }
}

extension RecordDecoder {
    /// Opens what is sealed; nil: its key is destroyed.
    func open(
        _ sealed: Tally__Disk__V1__Sealed, for use: SealUse, of customer: CustomerID
    ) throws(RecordFault) -> Tally__Disk__V1__PersonalParts? {
        let bytes = UnsafeRawBufferPointer(start: sealed.content.data, count: sealed.content.len)
        guard let content = try seals.content(of: bytes, with: sealed.key, for: use, customer)
        else { return nil }
        // The message's strings are copies in the arena.
        return try content.withUnsafeBufferPointer { content throws(RecordFault) in
            try open(
                UnsafeRawBufferPointer(content), tally__disk__v1__personal_parts__init
            ).pointee
        }
    }

    /// Puts what was sealed of extras back.
    func put(
        _ parts: Tally__Disk__V1__PersonalParts, into extras: inout Extras
    ) throws(RecordFault) {
        for part in elements(parts.n_parts, parts.parts) {
            let name = text(part.pointee.name)
            if part.pointee.entity != 0 {
                extras.entities.change(part.pointee.entity) { $0.name = name }
            }
            let hold = text(part.pointee.hold)
            if let index = extras.holds.firstIndex(where: { $0.id == hold }) {
                extras.holds[index].properties = try properties(
                    part.pointee.n_properties, part.pointee.properties)
            }
        }
    }

    /// Puts what was sealed back to where it was taken from.
    func put(
        _ parts: Tally__Disk__V1__PersonalParts, into record: inout CustomerRecord
    ) throws(RecordFault) {
        for part in elements(parts.n_parts, parts.parts) {
            let place = Int(part.pointee.fact)
            guard
                record.facts.indices.contains(place),
                let whole = record.facts[place].with(
                    name: text(part.pointee.name), email: text(part.pointee.email),
                    metadata: metadata(part.pointee.n_metadata, part.pointee.metadata),
                    properties: try properties(part.pointee.n_properties, part.pointee.properties),
                    address: address(part.pointee.address), url: text(part.pointee.url))
            else { throw RecordFault("a sealed part belongs to no fact of its record") }
            record.facts[place] = whole
        }
        if parts.reply.len > 0 {
            record.reply = Array(
                UnsafeRawBufferPointer(start: parts.reply.data, count: parts.reply.len))
        }
    }
}

extension CustomerSeals? {
    /// nil: the key is destroyed.
    func content(
        of sealed: UnsafeRawBufferPointer, with key: UInt32, for use: SealUse,
        _ customer: CustomerID
    ) throws(RecordFault) -> [UInt8]? {
        guard let self else {
            throw RecordFault("it is sealed, but this folder's format seals nothing")
        }
        switch self.open(sealed, with: key, for: use, of: customer) {
        case .content(let content): return content
        case .destroyed: return nil
        case .failed(let why): throw RecordFault(why)
        }
    }
}
