/// What kinds of tokens a model's price list tells apart. Raw values are places in a list.
package enum TokenKind: Int, CaseIterable, Sendable {
    case input, output, cacheRead, cacheWrite, audioInput, audioOutput, reasoning

    /// As in price lists.
    package var name: String {
        switch self {
        case .input: "input"
        case .output: "output"
        case .cacheRead: "cache_read"
        case .cacheWrite: "cache_write"
        case .audioInput: "audio_input"
        case .audioOutput: "audio_output"
        case .reasoning: "reasoning"
        }
    }

    /// Whose price counts where this one has none, so that no token is free by oversight.
    fileprivate var substitute: TokenKind {
        switch self {
        case .input, .cacheRead, .cacheWrite, .audioInput: .input
        case .output, .audioOutput, .reasoning: .output
        }
    }
}

/// How many tokens of each kind a call to a model used. Each token counts in one kind.
package struct TokenCounts: Sendable, Equatable {
    private var counts: InlineArray<7, UInt64> = InlineArray(repeating: 0)

    /// Of each kind: beyond it costs would leave what can be computed with.
    package static let limit: UInt64 = 1_000_000_000_000

    package init() {}

    package init(input: UInt64, output: UInt64) {
        self[.input] = input
        self[.output] = output
    }

    package subscript(kind: TokenKind) -> UInt64 {
        get { counts[kind.rawValue] }
        set { counts[kind.rawValue] = newValue }
    }

    package static func == (a: TokenCounts, b: TokenCounts) -> Bool {
        TokenKind.allCases.allSatisfy { a[$0] == b[$0] }
    }
}

/// What a model's tokens cost: USD for a million of each kind.
package struct TokenPrices: Sendable, Equatable {
    /// Input and output always; the others where they differ.
    private var given: [TokenKind: UnitPrice]

    /// For a million.
    package static let limit = UnitPrice(raw: UnitPrice.scale * 1_000_000)

    package init(input: UnitPrice, output: UnitPrice) {
        given = [.input: input, .output: output]
    }

    /// nil: as input or, of what a model says, as output.
    package subscript(kind: TokenKind) -> UnitPrice? {
        get { given[kind] }
        set { given[kind] = newValue }
    }

    private func price(of kind: TokenKind) -> UnitPrice {
        given[kind] ?? given[kind.substitute] ?? .zero
    }

    /// What the tokens cost with a mark-up of so many per cent: the exact sum, rounded once, half
    /// to even at 10 decimals.
    package func cost(of counts: TokenCounts, markup: Quantity) -> Quantity {
        let sum = TokenKind.allCases.reduce(Int128(0)) { sum, kind in
            sum + Int128(counts[kind]) * price(of: kind).raw
        }
        let factor = Quantity(units: 100) + markup
        // A price is for 10^6 tokens and has 12 decimals, the factor is per 10^2 and has 10, as
        // has the quantity.
        return Quantity(
            raw: FixedPoint.multiply(sum, factor.raw, dividingBy: 100_000_000_000_000_000_000))
    }
}

/// A model's name: its provider, a slash, and what the provider calls it.
package enum ModelID {
    package static let limit = 128

    /// nil: it is no such name.
    package static func provider(of id: String) -> Substring? {
        guard id.utf8.count <= limit, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let slash = id.firstIndex(of: "/"), slash > id.startIndex,
            id.index(after: slash) < id.endIndex
        else { return nil }
        return id[..<slash]
    }

    /// What a name must be, for people.
    package static let rule =
        "must be a provider, \"/\" and a model, such as \"openai/gpt-5\": at most \(limit) "
        + "printable ASCII characters"
}

/// The operator's price list, by model.
package struct ModelPrices: Sendable, Equatable {
    private var prices: [String: TokenPrices]

    package static let empty = ModelPrices([:])
    /// Models in a list.
    package static let countLimit = 20_000

    package init(_ prices: [String: TokenPrices]) {
        self.prices = prices
    }

    package var count: Int { prices.count }

    /// nil: the model isn't in the list.
    package subscript(modelID: String) -> TokenPrices? { prices[modelID] }
}

/// What an AI credit system takes for tokens.
package struct TokenMarkups: Sendable, Equatable {
    /// All models of one provider.
    package struct Provider: Sendable, Equatable {
        package var name: String
        package var percentage: Quantity

        package init(name: String, percentage: Quantity) {
            self.name = name
            self.percentage = percentage
        }
    }

    /// One model.
    package struct Model: Sendable, Equatable {
        package var id: String
        /// nil: as its provider's.
        package var percentage: Quantity?
        /// In place of the price list's.
        package var prices: TokenPrices?

        package init(id: String, percentage: Quantity? = nil, prices: TokenPrices? = nil) {
            self.id = id
            self.percentage = percentage
            self.prices = prices
        }
    }

    /// Per cent that is added where nothing closer says another.
    package var standard = Quantity.zero
    package var providers: [Provider] = []
    package var models: [Model] = []

    /// In each list.
    package static let countLimit = 500
    /// Per cent; at −100 tokens are free.
    package static let range = Quantity(units: -100)...Quantity(units: 10_000)
    /// Models that only the operator knows: no price list has them.
    package static let ownProvider = "custom"

    package init() {}

    package var isEmpty: Bool { self == TokenMarkups() }

    func model(_ id: String) -> Model? { models.first { $0.id == id } }

    /// Per cent: the model's, else its provider's, else the standard.
    func percentage(of modelID: String) -> Quantity {
        if let own = model(modelID)?.percentage { return own }
        let provider = ModelID.provider(of: modelID)
        return providers.first { $0.name == provider.map(String.init) }?.percentage ?? standard
    }
}
