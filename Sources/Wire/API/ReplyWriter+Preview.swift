internal import Billing
internal import CTallyProto

extension ReplyWriter {
    func preview(_ preview: CheckPreview) -> UnsafeMutablePointer<Tally__V1__CheckPreview> {
        let message = arena.make(tally__v1__check_preview__init)
        message.pointee.scenario = Tally__V1__CheckPreviewScenario(
            UInt32(preview.scenario.rawValue))
        message.pointee.feature_id = names.id(preview.feature)
        message.pointee.feature_name = arena.string(names.pricing.feature(preview.feature).name)
        let sources = names.pricing.sources(of: preview.feature)
        (message.pointee.n_plans, message.pointee.plans) = arena.list(preview.plans) {
            offer($0, sources)
        }
        return message
    }

    private func offer(
        _ reference: PlanReference, _ sources: [String]
    ) -> UnsafeMutablePointer<Tally__V1__CheckPreviewPlan> {
        let plan = names.pricing.plan(reference)
        let writer = CatalogWriter(arena: arena)
        let message = arena.make(tally__v1__check_preview_plan__init)
        message.pointee.plan_id = names.id(reference.plan)
        message.pointee.name = arena.string(plan.name)
        message.pointee.revision = reference.revision
        message.pointee.add_on = plan.addOn ? 1 : 0
        message.pointee.price = plan.price.map { writer.price($0) }
        (message.pointee.n_items, message.pointee.items) = arena.list(
            plan.items.filter { sources.contains($0.featureID) }
        ) { writer.item($0) }
        return message
    }
}
