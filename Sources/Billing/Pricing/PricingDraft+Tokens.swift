extension DraftCheck {
    /// Only tokens have a price that can be marked up (entitlements §2.1, §10.3).
    mutating func markups(of feature: Feature, at path: String) {
        guard feature.kind == .aiCreditSystem else {
            if !feature.markups.isEmpty {
                fault("\(path).model_markups", "only an AI credit system has mark-ups")
            }
            return
        }
        percentage(feature.markups.standard, at: "\(path).default_markup")
        providers(feature.markups.providers, at: "\(path).provider_markups")
        models(feature.markups.models, at: "\(path).model_markups")
    }

    private mutating func providers(_ providers: [TokenMarkups.Provider], at path: String) {
        count(providers.count, at: path)
        var seen: Set<String> = []
        for (index, provider) in providers.enumerated() {
            let path = "\(path)[\(index)]"
            if ModelID.provider(of: provider.name + "/model").map(String.init) != provider.name {
                fault("\(path).provider", "must be what stands before the \"/\" of model ids")
            } else if !seen.insert(provider.name).inserted {
                fault("\(path).provider", "\"\(provider.name)\" appears twice")
            }
            percentage(provider.percentage, at: "\(path).percentage")
        }
    }

    private mutating func models(_ models: [TokenMarkups.Model], at path: String) {
        count(models.count, at: path)
        var seen: Set<String> = []
        for (index, model) in models.enumerated() {
            let path = "\(path)[\(index)]"
            let provider = ModelID.provider(of: model.id)
            if provider == nil {
                fault("\(path).model_id", ModelID.rule)
            } else if !seen.insert(model.id).inserted {
                fault("\(path).model_id", "\"\(model.id)\" appears twice")
            }
            if let percentage = model.percentage {
                self.percentage(percentage, at: "\(path).percentage")
            }
            if let prices = model.prices {
                self.prices(prices, at: "\(path).prices")
            } else if provider.map(String.init) == TokenMarkups.ownProvider {
                fault("\(path).prices", "no price list has \"\(model.id)\": give its prices here")
            } else if model.percentage == nil {
                fault("\(path).percentage", "give this, or prices")
            }
        }
    }

    private mutating func prices(_ prices: TokenPrices, at path: String) {
        for kind in TokenKind.allCases {
            guard let price = prices[kind] else { continue }
            if price < .zero { fault("\(path).\(kind.name)", "must not be negative") }
            if price > TokenPrices.limit { fault("\(path).\(kind.name)", "must be at most 10^6") }
        }
    }

    private mutating func percentage(_ percentage: Quantity, at path: String) {
        if !TokenMarkups.range.contains(percentage) { fault(path, "must be -100 to 10000") }
    }

    private mutating func count(_ count: Int, at path: String) {
        if count > TokenMarkups.countLimit {
            fault(path, "must be at most \(TokenMarkups.countLimit)")
        }
    }
}
