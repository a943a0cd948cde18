internal import Billing
internal import CTallyProto

extension FieldReader {
    /// What a seller asks for in place of what is computed; empty: nothing, or a fault was noted.
    mutating func customLines(
        _ count: Int,
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<Tally__V1__CustomLineItem>?>?
    ) -> [CustomLine] {
        let messages = elements(count, list)
        let path = "custom_line_items"
        guard messages.count <= CustomLine.countLimit else {
            fault(path, "must be at most \(CustomLine.countLimit)")
            return []
        }
        return messages.enumerated().compactMap { index, message in
            customLine(message.pointee, at: "\(path)[\(index)]")
        }
    }

    private mutating func customLine(
        _ message: Tally__V1__CustomLineItem, at path: String
    ) -> CustomLine? {
        let limit = CustomLine.descriptionLimit
        let description = text(message.description, at: "\(path).description", limit: limit)
        if description.utf8.allSatisfy({ $0 == 0x20 })
            || description.unicodeScalars.contains(where: {
                $0.properties.generalCategory == .control
            })
        {
            fault("\(path).description", "must be 1 to \(limit) bytes of text on one line")
        }
        guard let given = message.amount else {
            fault("\(path).amount", "is required")
            return nil
        }
        guard let amount = money(given.pointee, at: "\(path).amount") else { return nil }
        guard amount.minorUnits.magnitude <= CustomLine.amountLimit.magnitude else {
            fault(
                "\(path).amount.minor_units",
                "must be at most \(CustomLine.amountLimit), up or down")
            return nil
        }
        return CustomLine(amount, description)
    }
}

extension Fingerprint {
    /// Nothing is added where there is nothing, as before there could be.
    mutating func add(_ terms: InvoiceTerms?, _ lines: [CustomLine]) {
        if let terms { add(terms) }
        if !lines.isEmpty { add(UInt64(lines.count)) }
        for line in lines {
            add(line.amount.currency.code)
            add(UInt64(bitPattern: line.amount.minorUnits))
            add(line.description)
        }
    }
}
