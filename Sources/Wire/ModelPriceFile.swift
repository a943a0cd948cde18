package import Billing

/// An operator's price list as a file: USD for a million tokens of each kind, by model.
///
///     {"models": {"openai/gpt-5": {"input": 1.25, "output": 10, "cache_read": "0.125"}}}
///
/// A price is a number, or a decimal in quotes. Input and output are required.
package enum ModelPriceFile {
    /// Bytes a file may have.
    package static let sizeLimit = 16 << 20

    /// - Throws: everything that is wrong with it, each fault with model and field.
    package static func parse(_ bytes: [UInt8]) throws(ModelPriceFault) -> ModelPrices {
        guard bytes.count <= sizeLimit else {
            throw ModelPriceFault("is larger than \(sizeLimit >> 20) MiB")
        }
        let document: JSONValue
        do throws(JSONSyntaxError) {
            document = try JSONParser.parse(bytes)
        } catch {
            throw ModelPriceFault("line \(error.line), column \(error.column): \(error.message)")
        }
        guard case .object(let file) = document, case .object(let models)? = file["models"] else {
            throw ModelPriceFault("must be an object with \"models\", an object")
        }
        var faults = file.members.filter { $0.key != "models" }
            .map { "\"\($0.key)\" is no field of a price list" }
        if models.members.count > ModelPrices.countLimit {
            throw ModelPriceFault("models: must be at most \(ModelPrices.countLimit)")
        }
        var prices: [String: TokenPrices] = [:]
        for model in models.members {
            if ModelID.provider(of: model.key) == nil {
                faults.append("model \"\(model.key)\": its id \(ModelID.rule)")
            }
            prices[model.key] = self.prices(model.value, of: model.key, &faults)
        }
        guard faults.isEmpty else { throw ModelPriceFault(faults.joined(separator: "; ")) }
        return ModelPrices(prices)
    }

    /// nil: a fault was noted.
    private static func prices(
        _ value: JSONValue, of model: String, _ faults: inout [String]
    ) -> TokenPrices? {
        guard case .object(let fields) = value else {
            faults.append("model \"\(model)\": must be an object of prices")
            return nil
        }
        var found: [TokenKind: UnitPrice] = [:]
        for field in fields.members {
            let path = "model \"\(model)\", field \"\(field.key)\""
            guard let kind = TokenKind.allCases.first(where: { $0.name == field.key }) else {
                let known = TokenKind.allCases.map(\.name).joined(separator: ", ")
                faults.append("\(path): there is no such field; there are \(known)")
                continue
            }
            guard let price = price(field.value), price >= .zero, price <= TokenPrices.limit else {
                faults.append(
                    "\(path): must be a decimal from 0 to 10^6 with at most 12 decimals")
                continue
            }
            found[kind] = price
        }
        for kind in [TokenKind.input, .output] where fields[kind.name] == nil {
            faults.append("model \"\(model)\", field \"\(kind.name)\": is required")
        }
        guard let input = found[.input], let output = found[.output] else { return nil }
        var prices = TokenPrices(input: input, output: output)
        for (kind, price) in found { prices[kind] = price }
        return prices
    }

    private static func price(_ value: JSONValue) -> UnitPrice? {
        switch value {
        case .number(let text), .string(let text): UnitPrice(text)
        case .null, .bool, .array, .object: nil
        }
    }
}

/// What is wrong with a price list.
package struct ModelPriceFault: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
