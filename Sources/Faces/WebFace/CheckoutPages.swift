internal import Attach
internal import Billing
internal import Payments
package import RPC
package import Repository

/// The sandbox's payment page: what is bought, for how much, and a field for a test card.
///
///     GET  /checkout/{session}    the page
///     POST /checkout/{session}    form field `card`: pays, then thanks or goes to the success URL
package struct CheckoutPages: Sendable {
    private let attach: AttachService

    package init(_ environment: TallyEnvironment) {
        attach = AttachService(environment)
    }

    /// nil: not one of these pages.
    package func respond(to request: PageRequest) async -> PageResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, parts[1] == "checkout" else { return nil }
        let session = String(parts[2])
        guard let page = attach.page(session) else {
            return .html(
                404, Page.notice("This payment page is closed", "It was paid, or replaced."))
        }
        let sale = Sale(
            plan: attach.planName(page.order.plan), order: page.order,
            customer: page.name.isEmpty ? page.customer.text : page.name)
        switch request.method {
        case "GET", "HEAD": return .html(200, Page.checkout(sale, problem: nil))
        case "POST": return await pay(session, page.customer, sale, request)
        default: return PageResponse(status: 405, headers: [("allow", "GET, POST")])
        }
    }

    private func pay(
        _ session: String, _ customer: CustomerID, _ sale: Sale, _ request: PageRequest
    ) async -> PageResponse {
        let typed = Form(request.body)["card"] ?? ""
        guard let card = TestCard(typed: typed) else {
            return .html(422, Page.checkout(sale, problem: "That is not one of the test cards."))
        }
        if let code = card.declineCode {
            return .html(402, Page.checkout(sale, problem: "The card was declined (\(code))."))
        }
        do {
            try await attach.completeCheckout(session, customer: customer, method: card.method)
        } catch {
            switch error {
            case .refused(.checkoutNotFound):
                return .html(
                    404, Page.notice("This payment page is closed", "It was paid, or replaced."))
            case .refused, .unavailable, .damaged:
                return .html(
                    503, Page.checkout(sale, problem: "Nothing was charged. Please try again."))
            }
        }
        guard sale.order.successURL.isEmpty else {
            return PageResponse(status: 303, headers: [("location", sale.order.successURL)])
        }
        return .html(200, Page.notice("Paid", "\(sale.plan) is yours. You can close this page."))
    }
}

/// What a payment page sells.
struct Sale {
    var plan: String
    var order: Order
    var customer: String
}

/// A form as browsers send it (`application/x-www-form-urlencoded`).
struct Form {
    private var fields: [String: String] = [:]

    init(_ body: [UInt8]) {
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            fields[Form.decoded(parts[0])] = Form.decoded(parts[1])
        }
    }

    subscript(name: String) -> String? { fields[name] }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var output: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
                let value = UInt8(
                    String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                output.append(value)
                index += 3
            } else {
                output.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
