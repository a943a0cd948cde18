internal import Billing

/// What packs bought in advance cost, across a switch and when there are to be more or fewer.
extension PurchaseStories {
    static let packs = [
        move(
            "8.5: prepaid 200 → 500 with pro → premium", Purchase("packs", ["messages": 200]),
            Purchase("packs_premium", ["messages": 500]), 4000, 6000),
        row(
            "8.5: prepaid 500 → 200 with the same switch",
            .purchase(Purchase("packs", ["messages": 500])),
            .purchase(Purchase("packs_premium", ["messages": 200])), .invoices([7000]),
            .granted("messages", 200)),
        move(
            "8.5: 200 units, packs of 100 → of 50", Purchase("packs", ["messages": 200]),
            "fifties_premium", 4000, 5000),
        move(
            "8.5: 200 units, packs of 50 → of 100", Purchase("fifties", ["messages": 200]),
            "packs_premium", 6000, 1000),
        move(
            "8.5: 2 packs, 10 → 15 each", Purchase("packs", ["messages": 200]),
            "fifteens_premium", 4000, 4000),
        move(
            "8.5: 2 packs, 15 → 10 each", Purchase("fifteens", ["messages": 200]),
            "packs_premium", 5000, 2000),
        move(
            "8.5: 200 units, nothing included → 100", Purchase("packs", ["messages": 200]),
            "included_premium", 4000, 2000),
        move(
            "8.5: 200 units, 100 included → nothing", Purchase("included", ["messages": 200]),
            "packs_premium", 3000, 4000),
        move(
            "8.5: volume 300 → 800", Purchase("volume", ["messages": 300]),
            Purchase("volume_premium", ["messages": 800]), 5000, 4000),
        move(
            "8.5: volume 800 → 600", Purchase("volume", ["messages": 800]),
            Purchase("volume_premium", ["messages": 600]), 6000, 2000),
        move(
            "8.5: volume 300 → 300", Purchase("volume", ["messages": 300]), "volume_premium",
            5000, 3000),
        row(
            "5.1: rounded up to a pack", .purchase(Purchase("packs", ["messages": 101])),
            .invoices([4000]), .granted("messages", 200)),
        row(
            "5.1: fewer than included are none", .purchase(Purchase("included", ["messages": 20])),
            .invoices([2000]), .granted("messages", 100)),
        row("5.1: none asked for", .buy("included"), .invoices([2000]), .granted("messages", 100)),
        row(
            "5.4: a negative quantity",
            .refused(
                "invalid: quantities[0].quantity", .purchase(Purchase("packs", ["messages": -1])))),
        row(
            "5.4: packs of what the plan doesn't sell are of no account",
            .purchase(Purchase("pro", ["messages": 500])), .invoices([2000])),
        row(
            "7: units bought for good stay, unless used up",
            .purchase(Purchase("item", ["tokens": 3])), .track("tokens", 1), .buy("premium"),
            .left("tokens", 2), .invoices([9500, 3000])),
        row(
            "7: units used up don't", .purchase(Purchase("item", ["tokens": 1])),
            .track("tokens", 1), .buy("premium"), .left("tokens", nil)),
    ]

    static let quantities = [
        row(
            "10.2: 10 → 20 units at 8", .purchase(Purchase("units", ["messages": 10])),
            .change(Change(["messages": 20])), .invoices([8000, 8000])),
        row(
            "10.2: 20 → 5 units at 8", .purchase(Purchase("units", ["messages": 20])),
            .change(Change(["messages": 5])), .invoices([16000, -12000]), .credit(12000)),
        row(
            "10.2: 10 → 20 units at mid cycle", .purchase(Purchase("units", ["messages": 10])),
            .advance(to: middle), .change(Change(["messages": 20])), .invoices([8000, 4000]),
            .advance(to: renewal), .invoices([8000, 4000, 16000])),
        row(
            "10.2: what is used stays used", .purchase(Purchase("packs", ["messages": 200])),
            .track("messages", 50), .change(Change(["messages": 400])), .left("messages", 350)),
        row(
            "10.2: fewer than used", .purchase(Purchase("packs", ["messages": 200])),
            .track("messages", 150), .change(Change(["messages": 100])),
            .granted("messages", 100), .used("messages", 150)),
        row(
            "10.2: the same again", .purchase(Purchase("packs", ["messages": 200])),
            .change(Change(["messages": 150])), .invoices([4000])),
        row(
            "10.2: bill_immediately", .purchase(Purchase("bill", ["messages": 300])),
            .advance(to: middle), .change(Change(["messages": 400])), .invoices([5750, 1250]),
            .advance(to: renewal), .invoices([5750, 1250, 7000])),
        row(
            "11.1: prorate_next_cycle at the start", .purchase(Purchase("next", ["messages": 300])),
            .change(Change(["messages": 400])), .invoices([5750]), .granted("messages", 400),
            .advance(to: renewal), .invoices([5750, 8250])),
        row(
            "11.1: prorate_next_cycle at mid cycle",
            .purchase(Purchase("next", ["messages": 300])), .advance(to: middle),
            .change(Change(["messages": 400])), .invoices([5750]), .advance(to: renewal),
            .invoices([5750, 7625])),
        row(
            "10.2: bill_next_cycle", .purchase(Purchase("later", ["messages": 300])),
            .advance(to: middle), .change(Change(["messages": 400])), .invoices([5750]),
            .granted("messages", 400), .advance(to: renewal), .invoices([5750, 7000])),
        row(
            "11.1: decrease none", .purchase(Purchase("keep", ["messages": 300])),
            .advance(to: middle), .change(Change(["messages": 200])), .invoices([5750]),
            .granted("messages", 300), .advance(to: renewal), .invoices([5750, 4500]),
            .granted("messages", 200), .left("messages", 200)),
        row(
            "0.15: decrease none to nothing", .purchase(Purchase("keep", ["messages": 300])),
            .change(Change(["messages": 0])), .advance(to: renewal), .invoices([5750, 2000]),
            .granted("messages", 0)),
        row(
            "10.2: no_prorations", .purchase(Purchase("drop", ["messages": 300])),
            .advance(to: middle), .change(Change(["messages": 200])), .invoices([5750]),
            .granted("messages", 200), .change(Change(cancel: .now)), .invoices([5750, -2250])),
        row(
            "10.2: decrease prorate_next_cycle",
            .purchase(Purchase("back_next", ["messages": 300])), .advance(to: middle),
            .change(Change(["messages": 200])), .invoices([5750]), .granted("messages", 200),
            .advance(to: renewal), .invoices([5750, 3875])),
        row(
            "10.2: proration none", .purchase(Purchase("packs", ["messages": 200])),
            .change(Change(["messages": 400], prorates: false)), .invoices([4000]),
            .granted("messages", 400), .advance(to: renewal), .invoices([4000, 6000])),
        row(
            "10.2: a top-up is added", .purchase(Purchase("item", ["tokens": 1])),
            .change(Change(["tokens": 2])), .invoices([4500, 5000]), .granted("tokens", 3)),
        row(
            "5.4: a quantity of what the plan doesn't sell", .buy("pro"),
            .refused("invalid: quantities[0].feature_id", .change(Change(["messages": 1])))),
        row(
            "5.4: no change", .buy("pro"),
            .refused("invalid: cancel_action", .change(Change()))),
        row(
            "5.4: a cancellation with quantities", .purchase(Purchase("packs", ["messages": 100])),
            .refused(
                "invalid: cancel_action", .change(Change(["messages": 200], cancel: .now)))),
        row(
            "5.4: nothing to change",
            .refused(
                "subscription not found",
                .change(
                    Change("pro", cancel: .now)))),
    ]
}
