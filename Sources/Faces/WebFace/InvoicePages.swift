internal import Attach
internal import Billing
internal import Payments
package import RPC
package import Repository

/// The page of one invoice that was sent. Who has the address may read and pay it, so nobody can
/// guess one.
///
///     GET  /invoice/{customer}/{secret}      the invoice, to be printed
///     GET  /invoice/{customer}/{secret}/pay  a card form; POST: pays it
///
/// 404: no such invoice, or one that isn't sent yet. 403: a form of another site.
package struct InvoicePages: Sendable {
    private let services: [(service: AttachService, takesTestCards: Bool)]

    package init(_ environments: [TallyEnvironment]) {
        services = environments.map { (AttachService($0), $0.provider is Sandbox) }
    }

    /// nil: not one of these pages.
    package func respond(to request: PageRequest) async -> PageResponse? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].isEmpty, parts[1] == "invoice" else { return nil }
        guard request.isOfThisSite else {
            return .html(
                403, Page.notice("This came from another site", "Open the invoice and pay there."))
        }
        let page = "\(parts[2])/\(parts[3])"
        for (service, takesTestCards) in services {
            guard let (visit, invoice) = service.invoice(onPage: page), invoice.status != .draft
            else { continue }
            let desk = PortalDesk(
                service: service, visit: visit, path: "/invoice/\(page)",
                takesTestCards: takesTestCards, isOfInvoice: true)
            return await desk.respond(
                to: request, invoice, parts.dropFirst(4).map(String.init))
        }
        return .html(404, Page.missing, leads: false)
    }
}

extension PortalDesk {
    fileprivate func respond(
        to request: PageRequest, _ invoice: Invoice, _ parts: [String]
    ) async -> PageResponse {
        switch (request.method, parts) {
        case ("GET", []), ("HEAD", []):
            .html(200, Page.invoice(invoice, of: visit, path, isAlone: true), leads: false)
        case ("GET", ["pay"]), ("HEAD", ["pay"]), ("POST", ["pay"]):
            invoice.status == .open ? await card(request, of: invoice) : .see(path)
        case ("GET", _), ("HEAD", _), ("POST", _): missing
        default: PageResponse(status: 405, headers: [("allow", "GET, HEAD, POST")])
        }
    }
}
