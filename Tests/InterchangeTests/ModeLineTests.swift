import Billing
import Testing
import Wire

@testable import Interchange

/// Settings and marks that earlier versions would overlook stand in a line only where they aren't
/// as ever, and there earlier versions refuse the line.
@Suite("Modes in an export") struct ModeLineTests {
    private static let settings = "\"settings\":{\"keep_free_overage\":true"
    private static let feature = "\"event_names\":[\"sent\",\"resent\"]"
    private static let plan = "\"id\":\"pro\",\"revision\":1"

    static let changes: [(name: String, after: String, text: String)] = [
        ("include_past_due", settings, ",\"include_past_due\":false"),
        ("reverse_deduction_order", settings, ",\"reverse_deduction_order\":true"),
        ("shadow", feature, ",\"shadow\":true"),
        ("archived", feature, ",\"archived\":true"),
        ("archived", plan, ",\"archived\":true"),
    ]

    @Test("there and back", arguments: changes)
    func roundTrip(change: (name: String, after: String, text: String)) throws {
        #expect(!Samples.publication.contains(change.name))
        let line = Samples.publication.replacing(change.after, with: change.after + change.text)
        try #require(line != Samples.publication)
        var codec = ExportCodec()
        let read = try codec.read(Array(line.utf8))
        #expect(try codec.text(read) == line)
        let pricing = codec.pricing
        let messages = try #require(pricing.feature(id: "messages"))
        #expect(pricing.settings.includesPastDue == (change.name != "include_past_due"))
        #expect(
            pricing.settings.reversesDeductionOrder == (change.name == "reverse_deduction_order"))
        #expect(pricing.isShadow(messages) == (change.name == "shadow"))
        let isArchived = change.name == "archived"
        let isPlan = change.after == Self.plan
        #expect(pricing.feature(messages).isArchived == (isArchived && !isPlan))
        let pro = try #require(pricing.plan(id: "pro"))
        #expect(pricing.isArchived(pro) == (isArchived && isPlan))
        #expect(pricing.settings.keepsFreeOverage)
    }

    @Test("written only where it matters", arguments: changes)
    func usual(change: (name: String, after: String, text: String)) throws {
        let usual = change.text.contains("true") ? "false" : "true"
        let text = ",\"\(change.name)\":\(usual)"
        let line = Samples.publication.replacing(change.after, with: change.after + text)
        var codec = ExportCodec()
        #expect(try codec.text(try codec.read(Array(line.utf8))) == Samples.publication)
    }

    @Test("a value must be true or false", arguments: changes)
    func junk(change: (name: String, after: String, text: String)) throws {
        let text = ",\"\(change.name)\":1"
        let line = Samples.publication.replacing(change.after, with: change.after + text)
        var codec = ExportCodec()
        #expect(throws: FormFault.self) { try codec.read(Array(line.utf8)) }
    }
}
