package import Billing
package import Repository
package import Wire

/// What customers do on their own pages.
extension AttachService {
    /// What there may be to collect at once when a card is changed.
    private static let debtLimit = 8

    package func openPortal(
        _ call: PortalCall, names: PricingNames, in workspace: Workspace
    ) throws(ExecuteFault) -> Execution {
        let customers = environment.customers(of: call.customer)
        let (created, point) = try customers.read(call.customer, names: names, in: workspace) {
            customer, _ in customer.account.created
        }
        guard environment.provider != nil, environment.hasPages else {
            throw .refused(.paymentProviderMissing)
        }
        let (url, expires) = environment.openPortal(
            of: call.customer, created: created, returnURL: call.returnURL)
        let message = ReplyWriter(arena: workspace.arena, names: names)
            .portal(url: url, expires: expires)
        return .done(Outcome(message: message, point: point))
    }

    /// What stands behind the secret part of an address.
    package enum Door: Sendable {
        case open(PortalVisit)
        /// It was an address, and has expired.
        case expired(PortalLinks.Link)
        case missing
    }

    package func door(_ token: String) -> Door {
        guard let link = environment.portalLink(token) else { return .missing }
        guard environment.now < link.expires else { return .expired(link) }
        return environment.visit(link).map { .open($0) } ?? .missing
    }

    /// The same visit, with what has happened since.
    package func again(_ visit: PortalVisit) -> PortalVisit {
        environment.visit(visit.link) ?? visit
    }

    /// Cancels a plan at the end of what is paid for, or lets it go on after all.
    package func change(
        _ number: UInt32, _ cancel: ChangeSubscription.Cancel, on visit: PortalVisit
    ) async throws(ExecuteFault) {
        var change = ChangeSubscription()
        change.number = number
        change.cancel = cancel
        _ = try await execute(
            PurchaseCall(customer: visit.link.customer, deed: .change(change)))
    }

    /// Puts another card on file, and waits for what becomes of the invoices that are open: each is
    /// tried with it at once.
    package func save(
        _ method: PaymentMethod, on visit: PortalVisit
    ) async throws(ExecuteFault) {
        let id = visit.link.customer
        for _ in 0..<AttachService.patience {
            do {
                _ = try await environment.commit(.saveMethod(method), for: id, request: nil)
                return await collectDebts(of: visit)
            } catch .refused(.purchaseInProgress) {
                _ = await environment.waitForOpenEffect(of: id)
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// Whose page of an invoice this is, and which one it shows; nil: nobody's.
    package func invoice(onPage page: String) -> (visit: PortalVisit, invoice: Invoice)? {
        guard let end = page.firstIndex(of: "/"), let id = CustomerID(String(page[..<end])),
            let visit = environment.visit(of: id),
            let invoice = visit.customer.account.invoices.first(where: { $0.page == page })
        else { return nil }
        return (visit, invoice)
    }

    /// Charges an invoice that was sent to a card, which is on file from then on.
    package func pay(
        _ number: UInt32, with method: PaymentMethod, on visit: PortalVisit
    ) async throws(ExecuteFault) {
        let id = visit.link.customer
        for _ in 0..<AttachService.patience {
            let effectID = environment.newEffectID()
            let command = InvoiceCommand(
                number: number, .charge(method, effectID: effectID))
            do {
                _ = try await environment.commit(
                    .invoice(command), requesting: effectID, for: id, request: nil)
                return
            } catch .refused(.purchaseInProgress) {
                _ = await environment.waitForOpenEffect(of: id)
            } catch .refused(.invoiceNotSent) {
                // Somebody else has paid it.
                return
            }
        }
        throw .refused(.purchaseInProgress)
    }

    /// Opens a page of the provider's for another card, which leads back here; nil: it has opened
    /// none.
    package func openSetup(on visit: PortalVisit, leadsTo path: String) async -> String? {
        let customer = visit.link.customer
        var setup = SetupPayment()
        setup.successURL = environment.url(of: path)
        do {
            _ = try await execute(PurchaseCall(customer: customer, deed: .setup(setup)))
        } catch {
            return nil
        }
        return environment.state(of: customer)?.customer.account.checkout?.url
    }

    /// A visit does what is due, one charge at a time.
    private func collectDebts(of visit: PortalVisit) async {
        for _ in 0..<AttachService.debtLimit {
            guard environment.visit(visit.link)?.customer.openEffect != nil,
                await environment.waitForOpenEffect(of: visit.link.customer)
            else { return }
        }
    }
}
