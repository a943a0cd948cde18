extension Page {
    /// What the customer's own pages, and printed ones, add to what all pages have.
    static let portalStyle = """
        .portal, .invoice { max-width: 46rem; }
        .portal header { margin-bottom: .25rem; }
        .portal header h1 { margin-top: .75rem; font-size: 1.5rem; overflow-wrap: anywhere; }
        .portal header p { margin: .15rem 0 0; overflow-wrap: anywhere; }
        .portal table { margin-top: 0; } .portal tr:last-child td { padding-bottom: 0; }
        .card > p:last-child { margin-bottom: 0; }
        .rows { margin: 0; }
        .rows li { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center;
        justify-content: space-between; padding: 1rem 0; border-top: 1px solid var(--line); }
        .rows li:last-child { padding-bottom: 0; }
        .what { flex: 1 1 16rem; min-width: 0; }
        .rows p { margin: .15rem 0 0; }
        .name { font-weight: 600; }
        .badge { display: inline-block; margin-left: .35rem; padding: .05rem .55rem;
        border: 1px solid; border-radius: 1rem; font-size: .75rem; font-weight: 600;
        line-height: 1.5; vertical-align: middle; white-space: nowrap; }
        .badge.right { color: var(--good); } .badge.wrong { color: var(--wrong); }
        .badge.quiet { color: var(--soft); }
        .button { display: inline-flex; align-items: center; justify-content: center; width: 100%;
        min-height: 3rem; padding: .5rem 1rem; border-radius: 8px; font-weight: 600;
        background: var(--button); color: #fff; text-decoration: none; }
        .button:hover { background: var(--press); }
        .button.second { background: none; color: var(--ink); border: 1px solid var(--field); }
        .button.second:hover { background: var(--line); }
        .small { width: auto; min-height: 2.5rem; padding: .35rem .9rem; font-size: .9375rem; }
        .told { margin: 0; padding: .75rem 1rem; border-radius: 8px; background: var(--card);
        border: 1px solid var(--line); border-left: 4px solid var(--good); }
        .due { border-left-color: var(--field); }
        .owed { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center;
        justify-content: space-between; margin: 0; }
        .owed p { flex: 1 1 18rem; margin: 0; } .owed .button { width: auto; }
        .invoices td { overflow-wrap: normal; white-space: nowrap; }
        .invoices td:nth-child(2) { text-align: right; white-space: normal; }
        @media (max-width: 30rem) { .invoices tr { display: grid; grid-template-columns: 1fr auto; }
        .invoices td:nth-child(2) { grid-row: 2; grid-column: 1 / -1; padding: 0 0 .6rem;
        border: 0; text-align: left; } .invoices td:nth-child(2):empty { display: none; }
        .invoices .badge { margin: 0; } }
        .single { width: 100%; max-width: 30rem; margin: 0 auto; }
        .single h1 { margin: .75rem 0 1rem; } .single .amount { margin: -.5rem 0 1rem; }
        .single > p:first-child { margin: 0; }
        nav { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center;
        justify-content: space-between; }
        .ends { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center;
        justify-content: space-between; }
        .ends h1 { font-size: 1.375rem; }
        dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.25rem 0 0; }
        dt { font-size: .8125rem; color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        dl div { min-width: 0; }
        th { padding: .4rem 0; text-align: left; font-size: .8125rem; font-weight: 550;
        color: var(--soft); }
        th:last-child { text-align: right; }
        .paid { margin: 1.25rem 0 0; }
        @page { size: A4; margin: 18mm 16mm; }
        @media print { :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000;
        --soft: #444; --line: #bbb; --wrong: #8c1d18; --good: #0f5a2d; }
        body { background: #fff; font-size: 11pt; }
        nav, footer, .noprint { display: none; }
        .sandbox { margin-bottom: 8mm; padding: 0; background: none; text-align: left;
        color: #444; }
        main, .invoice { max-width: none; padding: 0; }
        .card { padding: 0; border: 0; box-shadow: none; border-radius: 0; }
        thead { display: table-header-group; } tfoot { display: table-row-group; }
        tr, dl div { break-inside: avoid; } h1 { break-after: avoid; } }
        """
}
