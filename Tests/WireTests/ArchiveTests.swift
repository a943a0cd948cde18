import Billing
import CTallyProto
import Foundation
import Testing

@testable import Wire

/// Billing §1.1, §3: archived plans and features, on disk and on the wire.
@Suite("Archived plans and features, there and back") struct ArchiveTests {
    private let arena = Arena()

    private static let draft: PricingDraft = {
        var messages = Feature(id: "messages", name: "Messages", kind: .metered)
        messages.eventNames = ["sent"]
        let plan = Plan(
            id: "pro", name: "Pro", group: "main", addOn: true,
            price: BasePrice(amount: UnitPrice("20") ?? .zero, cycle: Cycle(.month)),
            items: [
                PlanItem(
                    featureID: "messages", included: Quantity(units: 5), unlimited: false,
                    reset: Cycle(.month), usagePrice: nil)
            ])
        return PricingDraft(currency: "usd", features: [messages], plans: [plan])
    }()

    /// As a tally that knew of no archive wrote it.
    private static let golden =
        "CIDQ6ra3MxJfCloKA3VzZBIcCghtZXNzYWdlcxIITWVzc2FnZXMYAioEc2VudBo1CgNwcm"
        + "8SA1BybxoEbWFpbiABMgYKAjIwEAY6GQoIbWVzc2FnZXMRAAAAAAAAFEAiBAgGEAESAXI="

    static let archived: [@Sendable (inout PricingDraft) -> Void] = [
        { $0.plans[0].isArchived = true },
        { $0.features[0].isArchived = true },
        {
            $0.plans[0].isArchived = true
            $0.features[0].isArchived = true
        },
        {
            $0.plans[0].isArchived = true
            $0.settings = PricingSettings()
            $0.settings?.automaticTax = .exclusive
        },
        {
            $0.features[0].isArchived = true
            $0.removedPlans = ["old"]
        },
    ]

    private func bytes(_ draft: PricingDraft) -> [UInt8] {
        let record = DirectoryRecord(
            time: Timestamp(milliseconds: 1_767_225_600_000), published: draft, requestID: "r")
        return Array(RecordWriter(arena: arena).directory(record))
    }

    @Test("a catalog without any is written byte for byte as before")
    func golden() {
        #expect(Data(bytes(Self.draft)).base64EncodedString() == Self.golden)
    }

    @Test("one with any is a record that older binaries don't know, and so refuse")
    func kind() throws {
        for change in Self.archived {
            var draft = Self.draft
            change(&draft)
            let written = bytes(draft)
            let kinds = written.withUnsafeBytes { bytes in
                var kinds: [UInt32] = []
                var scan = FieldScan(bytes)
                while let field = scan.next() { kinds.append(field.number) }
                return kinds
            }
            #expect(kinds == [1, 177])
            let decoder = RecordDecoder(arena: arena)
            let read = try written.withUnsafeBytes { try decoder.directory($0) }
            #expect(read.published == draft)
        }
        // What puts it back is no other than one that was never archived.
        #expect(Data(bytes(Self.draft)).base64EncodedString() == Self.golden)
    }

    @Test("GetCatalog shows all of it, in each version, with the mark")
    func reply() throws {
        var other = Self.draft.plans[0]
        other.price = nil
        other.isArchived = true
        var features = Self.draft.features
        features[0].isArchived = true
        let pricing = PricingState.empty.publishing(Self.draft)
            .publishing(PricingDraft(currency: "usd", features: features, plans: [other]))
        for all in [false, true] {
            let bytes = ReplyWriter(arena: arena, names: PricingNames(pricing))
                .catalog(allVersions: all)
            let shown = try MessageJSON.decode(bytes, as: .getCatalogResponse)
            let plans = shown["catalog"]?.list("plans") ?? []
            #expect(plans.map { $0["version"] } == (all ? [1, 2] : [2]).map { .number("\($0)") })
            #expect(plans.allSatisfy { $0["archived"] == .bool(true) })
            #expect(
                shown["catalog"]?.list("features").map { $0["archived"] } == [.bool(true)])
        }
    }

    @Test("a plan of a customer's own is as archived as the published one")
    func custom() throws {
        let custom = CustomPlan(
            number: 1, base: PlanReference(plan: PlanNumber(rawValue: 1), revision: 1),
            plan: Self.draft.plans[0])
        for isArchived in [false, true] {
            let draft = PricingDraft(
                currency: "usd", features: [], plans: [Self.draft.plans[0].archived(isArchived)])
            let pricing = PricingState.empty.publishing(Self.draft).publishing(draft)
            #expect(pricing.shown(custom).isArchived == isArchived)
            #expect(pricing.shown(custom).archived(false) == custom.plan)
        }
    }
}

extension JSONValue {
    fileprivate func list(_ key: String) -> [JSONValue] {
        if case .array(let elements)? = self[key] { elements } else { [] }
    }
}
