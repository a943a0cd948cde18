internal import Billing
internal import Payments

/// The card form, wherever it stands, and the bank's question.
extension Page {
    /// - Parameters:
    ///   - action: the path that it is sent to.
    ///   - deed: what the button says.
    ///   - hidden: what else is sent.
    static func cardForm(
        at action: String, deed: String, _ form: CardForm,
        hidden: [(name: String, value: String)] = []
    ) -> String {
        """
        \(problem(form.problem))
        <form method="post" action="\(escaped(action))" novalidate>
        \(fields(hidden))
        \(Input.number.html(form))
        <div class="pair">
        \(Input.expiry.html(form))
        \(Input.cvc.html(form))
        </div>
        \(Input.name.html(form))
        <button type="submit">\(escaped(deed))</button>
        </form>
        """
    }

    static func problem(_ text: String?) -> String {
        text.map { "<p class=\"problem\" role=\"alert\">\(escaped($0))</p>" } ?? ""
    }

    private static func fields(_ hidden: [(name: String, value: String)]) -> String {
        hidden.map { field in
            "<input type=\"hidden\" name=\"\(field.name)\" value=\"\(escaped(field.value))\">"
        }.joined(separator: "\n")
    }

    static func testCards(at action: String) -> String {
        let cards = TestCard.all.map { card in
            "<li><a href=\"\(escaped(action))?card=\(card.number)\">"
                + "\(grouped(card.number))</a> \(escaped(card.note))</li>"
        }
        return """
            <details><summary>Test cards</summary><ul>
            \(cards.joined(separator: "\n"))
            </ul></details>
            """
    }

    /// What a bank asks that wants to know whether it is the customer (3-D Secure).
    ///
    /// - Parameters:
    ///   - amount: what is charged; nil: nothing.
    ///   - purpose: what for.
    static func challenge(
        at action: String, amount: String?, purpose: String, _ card: TestCard, _ form: CardForm,
        hidden: [(name: String, value: String)] = []
    ) -> String {
        let carried =
            hidden + [
                ("token", card.token), ("expiry", form.typed[.expiry] ?? ""),
                ("name", form.typed[.name] ?? ""),
            ]
        return document(
            "Confirm with your bank",
            """
            <section class="card notice">
            <h1>Your bank asks you to confirm</h1>
            \(amount.map { "<p class=\"amount\">\(escaped($0))</p>" } ?? "")
            <p class="soft">\(escaped(purpose)), \(card.name)</p>
            <p>A real bank would ask for a code or in its app (3-D Secure). Here you choose.</p>
            <form method="post" action="\(escaped(action))">
            \(fields(carried))
            <p><button type="submit" name="authentication" value="complete">\
            Complete authentication</button>
            <button class="second" type="submit" name="authentication" value="fail">\
            Fail</button></p>
            </form>
            </section>
            """)
    }

    static let tick = """
        <svg class="tick" viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="2.5" \
        stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">\
        <path d="M6.5 12.5l3.5 3.5 7.5-8"/></svg>
        """
}

extension CardForm {
    /// With the test card that a link names, for who tries things out.
    static func asked(by request: String?, now: Timestamp) -> CardForm {
        let wanted = Form((request ?? "").utf8)["card"]
        guard let card = wanted.flatMap({ TestCard(typed: $0) }) else { return CardForm() }
        return CardForm(showing: card, now: now)
    }
}

extension TestCard {
    /// As people know a card: "Visa ending in 4242".
    var name: String { Page.name(brand: brand, last4: last4) }
}

extension Page {
    static func name(brand: String, last4: String) -> String {
        let brands = ["visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"]
        return "\(brands[brand] ?? brand) ending in \(last4)"
    }
}
