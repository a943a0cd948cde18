package import Billing
internal import Wire

/// Who is on a customer's own pages, and what is shown there.
package struct PortalVisit: Sendable {
    package var link: PortalLinks.Link
    package var customer: CustomerState
    package var pricing: PricingState
    /// Customer time.
    package var now: Timestamp
}

extension TallyEnvironment {
    /// Makes an address for a customer's own pages.
    package func openPortal(
        of id: CustomerID, created: Timestamp, returnURL: String
    ) -> (url: String, expires: Timestamp) {
        let expires = now.adding(milliseconds: PortalLinks.validity)
        let link = PortalLinks.Link(
            customer: id, created: created, expires: expires, returnURL: returnURL)
        return ("\(address())/portal/\(portalLinks.token(link))", expires)
    }

    /// Of a page of ours, by its path.
    package func url(of path: String) -> String { address() + path }

    /// Whose a token is, and until when; nil: it is none of this environment's.
    package func portalLink(_ token: String) -> PortalLinks.Link? { portalLinks.link(token) }

    /// All of a customer, and the catalog to read it with; nil: there is no such customer.
    package func state(of id: CustomerID) -> (customer: CustomerState, pricing: PricingState)? {
        let found = try? customers(of: id).read(id, names: directory.current, in: Workspace()) {
            customer, names in (copy customer, names.pricing.with(plansOf: customer))
        }
        return found?.answer
    }

    /// Who has an address that leads to one page alone; nil: there is no such customer.
    package func visit(of id: CustomerID) -> PortalVisit? {
        guard let created = state(of: id)?.customer.account.created else { return nil }
        return visit(
            PortalLinks.Link(customer: id, created: created, expires: .never, returnURL: ""))
    }

    /// The customer as it is now; nil: there is no such customer any more.
    package func visit(_ link: PortalLinks.Link) -> PortalVisit? {
        let time = customers(of: link.customer).environmentTime
        guard let (customer, pricing) = state(of: link.customer),
            customer.account.created == link.created
        else { return nil }
        return PortalVisit(
            link: link, customer: customer, pricing: pricing,
            now: customer.buckets.clock.time(at: time))
    }
}
