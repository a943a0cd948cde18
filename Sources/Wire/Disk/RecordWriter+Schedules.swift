internal import Billing
internal import CTallyProto

/// What is planned of plans.
extension RecordWriter {
    func scheduleFact(_ fact: Fact, _ message: UnsafeMutablePointer<Tally__Disk__V1__Fact>) {
        switch fact {
        case .schedulesSet(let schedules):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_SCHEDULES_SET
            let set = arena.make(tally__disk__v1__schedules_set__init)
            (set.pointee.n_schedules, set.pointee.schedules) = arena.list(schedules) {
                schedule($0)
            }
            message.pointee.schedules_set = set
        case .phaseBegan(let time):
            message.pointee.kind_case = TALLY__DISK__V1__FACT__KIND_PHASE_BEGAN
            message.pointee.phase_began = arena.make(tally__disk__v1__phase_began__init)
            message.pointee.phase_began.pointee.time = time.milliseconds
        default: payerFact(fact, message)
        }
    }

    func schedule(
        _ schedule: PhaseSchedule
    ) -> UnsafeMutablePointer<Tally__Disk__V1__PhaseSchedule> {
        let message = arena.make(tally__disk__v1__phase_schedule__init)
        (message.pointee.n_owners, message.pointee.owners) = arena.numbers(schedule.owners)
        (message.pointee.n_phases, message.pointee.phases) = arena.list(schedule.phases) { phase in
            let part = arena.make(tally__disk__v1__schedule_phase__init)
            part.pointee.start = phase.start.milliseconds
            (part.pointee.n_begins, part.pointee.begins) = arena.numbers(phase.begins)
            (part.pointee.n_ends, part.pointee.ends) = arena.numbers(phase.ends)
            return part
        }
        return message
    }
}

/// What was written above.
extension RecordDecoder {
    /// nil: it is about something else.
    func scheduleFact(_ message: Tally__Disk__V1__Fact) throws(RecordFault) -> Fact? {
        switch message.kind_case {
        case TALLY__DISK__V1__FACT__KIND_SCHEDULES_SET:
            let set = try need(message.schedules_set)
            return .schedulesSet(
                elements(set.n_schedules, set.schedules).map { schedule($0.pointee) })
        case TALLY__DISK__V1__FACT__KIND_PHASE_BEGAN:
            return .phaseBegan(
                time: Timestamp(milliseconds: try need(message.phase_began).time))
        default: return nil
        }
    }

    func schedules(of message: Tally__Disk__V1__CustomerState) -> [PhaseSchedule] {
        elements(message.n_schedules, message.schedules).map { schedule($0.pointee) }
    }

    func schedule(_ message: Tally__Disk__V1__PhaseSchedule) -> PhaseSchedule {
        PhaseSchedule(
            owners: Array(UnsafeBufferPointer(start: message.owners, count: message.n_owners)),
            phases: elements(message.n_phases, message.phases).map { phase in
                let (begins, ends) = (phase.pointee.begins, phase.pointee.ends)
                return PhaseSchedule.Phase(
                    start: Timestamp(milliseconds: phase.pointee.start),
                    begins: Array(
                        UnsafeBufferPointer(start: begins, count: phase.pointee.n_begins)),
                    ends: Array(UnsafeBufferPointer(start: ends, count: phase.pointee.n_ends)))
            })
    }
}
