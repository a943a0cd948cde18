internal import RPC
internal import Repository

/// The HTML of the public pages: no script, no request to anywhere. In light and dark, on a
/// telephone as on a desk.
enum Page {
    static func notice(_ title: String, _ text: String) -> String {
        document(
            title,
            """
            <section class="card notice">
            <h1>\(escaped(title))</h1>
            <p>\(escaped(text))</p>
            </section>
            """)
    }

    /// - Parameter kind: how it is laid out.
    static func document(_ title: String, _ body: String, kind: String = "") -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>\(escaped(title))</title>
        <style>\(style)</style>
        </head>
        <body>
        <p class="sandbox">Sandbox: only test cards work here, and no money moves.</p>
        <main\(kind.isEmpty ? "" : " class=\"\(kind)\"")>
        \(body)
        </main>
        <footer>Secured with TLS. The card's number and security code are not kept.</footer>
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

    /// Between the tags, so that its hash is what browsers are told to accept.
    private static let style = "\n" + base + "\n" + portalStyle + "\n"

    static let styleHash: String = {
        let digest = Array(style.utf8).withUnsafeBytes { SHA256.digest($0) }
        let text = String(decoding: Base64.encode(digest), as: UTF8.self)
        // 32 bytes leave one character of padding, which is sent here.
        return "'sha256-\(text)='"
    }()

    private static let base = """
        :root { color-scheme: light dark; --paper: #f5f6f8; --card: #fff; --ink: #1a1f2b;
        --soft: #5b6475; --line: #dfe3ea; --field: #8a94a6; --accent: #1f4fd8; --button: #1f4fd8;
        --press: #183fae;
        --wrong: #b3261e; --wrong-paper: #fdecea; --right: #17713b; --good: #17713b; }
        @media (prefers-color-scheme: dark) { :root { --paper: #10131a; --card: #191e28;
        --ink: #eceff5; --soft: #a3adbf; --line: #2c3443; --field: #6b7790; --accent: #8fadff;
        --button: #2f5fe0; --press: #2450c4; --wrong: #ff9d94; --wrong-paper: #3b1d1b;
        --right: #1f8f4c; --good: #63d391; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
        font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        .sandbox { margin: 0; padding: .5rem 1rem; text-align: center; font-size: .875rem;
        background: #ffe9a8; color: #5c3d00; }
        main { display: grid; gap: 1.25rem; max-width: 56rem; margin: 0 auto;
        padding: 2rem 1rem 1rem; }
        @media (min-width: 48rem) { main:has(.summary) { grid-template-columns: 5fr 6fr;
        align-items: start; gap: 3rem; padding-top: 4rem; } }
        footer { padding: 1rem 1rem 2.5rem; text-align: center; font-size: .8125rem;
        color: var(--soft); }
        h1 { margin: 0; font-size: 1.125rem; line-height: 1.35; font-weight: 600; }
        h2 { margin: 0 0 1rem; font-size: 1.125rem; font-weight: 600; }
        .amount { margin: .25rem 0 0; font-size: 2.25rem; line-height: 1.2; font-weight: 650;
        letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
        .soft { color: var(--soft); }
        .summary p { margin: .25rem 0 0; }
        .card { padding: 1.5rem; border: 1px solid var(--line); border-radius: 14px;
        background: var(--card); box-shadow: 0 1px 3px rgb(0 0 0 / .06); }
        .notice { max-width: 30rem; margin: 6vh auto; text-align: center; }
        .notice h1 { font-size: 1.375rem; }
        .notice p { margin: .75rem 0 0; }
        .notice form { margin-top: 1.5rem; }
        .tick { width: 3rem; height: 3rem; margin: 0 auto 1rem; border-radius: 50%;
        background: var(--right); display: block; }
        table { width: 100%; margin-top: 1.5rem; border-collapse: collapse; }
        td { padding: .6rem 0; vertical-align: top; border-top: 1px solid var(--line); }
        td:last-child { padding-left: 1rem; text-align: right; white-space: nowrap;
        font-variant-numeric: tabular-nums; }
        td, .card p { overflow-wrap: anywhere; }
        .total td { font-weight: 600; }
        .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; }
        .row { margin-bottom: 1rem; min-width: 0; }
        label { display: block; margin-bottom: .3rem; font-size: .875rem; font-weight: 550; }
        input { width: 100%; height: 2.875rem; padding: 0 .8rem; font: inherit; color: inherit;
        font-variant-numeric: tabular-nums; border: 1px solid var(--field); border-radius: 8px;
        background: var(--card); }
        input::placeholder { color: var(--soft); opacity: .75; }
        input:focus-visible, button:focus-visible, a:focus-visible, summary:focus-visible {
        outline: 3px solid color-mix(in srgb, var(--accent) 45%, transparent);
        outline-offset: 1px; }
        input:focus-visible { border-color: var(--accent); }
        [aria-invalid] { border-color: var(--wrong); }
        .fault { margin: .3rem 0 0; font-size: .875rem; color: var(--wrong); }
        .problem { margin: 0 0 1.25rem; padding: .75rem 1rem; border-radius: 8px;
        border-left: 4px solid var(--wrong); background: var(--wrong-paper); color: var(--ink); }
        button { width: 100%; min-height: 3rem; padding: .5rem 1rem; font: inherit;
        font-weight: 600; border: 0; border-radius: 8px; background: var(--button); color: #fff;
        cursor: pointer; }
        button:hover { background: var(--press); }
        button.second { margin-top: .75rem; background: none; color: var(--ink);
        border: 1px solid var(--field); }
        button.second:hover { background: var(--line); }
        .fine { margin: .9rem 0 0; font-size: .8125rem; color: var(--soft); text-align: center; }
        details { margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line);
        font-size: .875rem; }
        summary { cursor: pointer; font-weight: 550; }
        ul { margin: .75rem 0 0; padding: 0; list-style: none; }
        li { padding: .4rem 0; }
        a { color: var(--accent); font-variant-numeric: tabular-nums; }
        """
}

extension PageResponse {
    /// A page that may run nothing and load nothing.
    ///
    /// - Parameter leads: its forms may lead to other sites, as one that was paid does.
    static func html(_ status: Int, _ text: String, leads: Bool = true) -> PageResponse {
        let targets = leads ? "'self' https: http:" : "'self'"
        return PageResponse(
            status: status,
            headers: [
                ("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"),
                (
                    "content-security-policy",
                    "default-src 'none'; style-src \(Page.styleHash); form-action \(targets); "
                        + "base-uri 'none'; frame-ancestors 'none'"
                ),
                ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
            ], body: Array(text.utf8))
    }

    /// After something was done: where it shows. A reload does nothing again.
    static func see(_ path: String) -> PageResponse {
        PageResponse(
            status: 303,
            headers: [
                ("location", path), ("cache-control", "no-store"),
                ("referrer-policy", "no-referrer"),
            ])
    }
}
