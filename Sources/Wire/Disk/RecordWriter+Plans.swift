internal import Billing
internal import CTallyProto

/// Plans of a customer's own, by whose clocks they go, and what was told ahead.
extension RecordWriter {
    func ownFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .customPlanSet(let custom) where custom.plan.hasSeats:
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CUSTOM_PLAN_SET_WITH_SEATS
            message.pointee.custom_plan_set_with_seats = customPlan(custom)
        case .customPlanSet(let custom):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CUSTOM_PLAN_SET
            message.pointee.custom_plan_set = customPlan(custom)
        case .currencySet(let currency):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CURRENCY_SET
            message.pointee.currency_set = arena.make(tally__disk__v1__currency_set__init)
            message.pointee.currency_set.pointee.currency = arena.string(currency.code)
        case .zoneSet(let zone):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_ZONE_SET
            message.pointee.zone_set = arena.make(tally__disk__v1__zone_set__init)
            message.pointee.zone_set.pointee.zone = UInt32(zone.rawValue)
        case .customPlanDropped(let number):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_CUSTOM_PLAN_DROPPED
            message.pointee.custom_plan_dropped =
                arena.make(tally__disk__v1__custom_plan_dropped__init)
            message.pointee.custom_plan_dropped.pointee.number = number
        case .reminded(let reminder):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_REMINDED
            message.pointee.reminded = self.reminder(reminder)
        default:
            preconditionFailure("written by the caller")
        }
    }

    func customPlan(
        _ custom: CustomPlan
    ) -> UnsafeMutablePointer<Tally__Disk__V1__CustomPlan> {
        let message = arena.make(tally__disk__v1__custom_plan__init)
        message.pointee.number = custom.number
        message.pointee.plan = custom.base.plan.rawValue
        message.pointee.revision = custom.base.revision
        message.pointee.content = CatalogWriter(arena: arena).plan(custom.plan, revision: 0)
        return message
    }
}
