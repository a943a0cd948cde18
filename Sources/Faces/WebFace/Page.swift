internal import Billing
internal import Payments
internal import RPC

/// The HTML of the public pages: no script, no request to anywhere.
enum Page {
    static func checkout(_ sale: Sale, problem: String?) -> String {
        let lines = sale.order.lines.map { line in
            "<tr><td>\(escaped(line.description))</td><td>\(line.total.text)</td></tr>"
        }
        let alert = problem.map { "<p class=\"problem\" role=\"alert\">\(escaped($0))</p>" } ?? ""
        let cards = TestCard.all.map { card in
            "<li><code>\(card.number)</code> \(escaped(card.note))</li>"
        }
        return document(
            "Pay for \(sale.plan)",
            """
            <p class="badge">Sandbox: no money moves</p>
            <h1>\(escaped(sale.plan))</h1>
            <p class="for">for \(escaped(sale.customer))</p>
            <table>
            \(lines.joined(separator: "\n"))
            <tr class="total"><td>Due today</td><td>\(sale.order.due.text)</td></tr>
            </table>
            \(alert)
            <form method="post">
            <label for="card">Card number</label>
            <input id="card" name="card" inputmode="numeric" autocomplete="off" required
            value="4242 4242 4242 4242">
            <button type="submit">Pay \(sale.order.due.text)</button>
            </form>
            <details><summary>Test cards</summary><ul>
            \(cards.joined(separator: "\n"))
            </ul></details>
            """)
    }

    static func notice(_ title: String, _ text: String) -> String {
        document(title, "<h1>\(escaped(title))</h1>\n<p>\(escaped(text))</p>")
    }

    private static func document(_ title: String, _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <title>\(escaped(title))</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        <main>
        \(body)
        </main>
        </body>
        </html>

        """
    }

    static func escaped(_ text: String) -> String {
        var output = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(character)
            }
        }
        return output
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: Canvas; }
        main { max-width: 26rem; margin: 8vh auto; padding: 2rem; border-radius: 12px;
        border: 1px solid color-mix(in srgb, CanvasText 15%, Canvas); }
        h1 { margin: 0; font-size: 1.6rem; }
        .for { margin: 0 0 1.5rem; opacity: .7; }
        .badge { display: inline-block; margin: 0 0 1rem; padding: .1rem .6rem; font-size: .8rem;
        border-radius: 999px; background: #fde68a; color: #713f12; }
        table { width: 100%; border-collapse: collapse; margin-bottom: 1.5rem; }
        td { padding: .4rem 0; }
        td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
        .total td { border-top: 1px solid color-mix(in srgb, CanvasText 20%, Canvas);
        font-weight: 600; }
        label { display: block; font-size: .9rem; margin-bottom: .3rem; }
        input, button { box-sizing: border-box; width: 100%; padding: .7rem; font: inherit;
        border-radius: 8px; border: 1px solid color-mix(in srgb, CanvasText 30%, Canvas); }
        button { margin-top: .8rem; border: 0; background: #1d4ed8; color: #fff; font-weight: 600;
        cursor: pointer; }
        .problem { padding: .6rem .8rem; border-radius: 8px; background: #fee2e2; color: #7f1d1d; }
        details { margin-top: 1.5rem; font-size: .9rem; }
        ul { padding-left: 1.2rem; }
        """
}

extension PageResponse {
    /// A page that may run nothing and load nothing.
    static func html(_ status: Int, _ text: String) -> PageResponse {
        PageResponse(
            status: status,
            headers: [
                ("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"),
                (
                    "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https: "
                        + "http:; base-uri 'none'; frame-ancestors 'none'"
                ),
                ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"),
            ], body: Array(text.utf8))
    }
}
