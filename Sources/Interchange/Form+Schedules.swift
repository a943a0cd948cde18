internal import Billing
internal import Wire

/// What is planned of a customer's plans.
extension Form {
    /// Missing where there is nothing.
    mutating func schedules(_ value: inout [PhaseSchedule]) throws(FormFault) {
        guard isReading ? has("schedules") : !value.isEmpty else { return }
        try list("schedules", &value, empty: PhaseSchedule(owners: [], phases: [])) {
            (form, schedule) throws(FormFault) in
            try form.numbers("owners", &schedule.owners)
            try form.list(
                "phases", &schedule.phases,
                empty: PhaseSchedule.Phase(start: .epoch, begins: [], ends: [])
            ) { (form, phase) throws(FormFault) in
                try form.time("start", &phase.start)
                try form.numbers("begins", &phase.begins)
                try form.numbers("ends", &phase.ends)
            }
        }
    }

    /// Missing where nothing was brought in from another system.
    mutating func takeovers(_ value: inout [Takeover]) throws(FormFault) {
        guard isReading ? has("takeovers") : !value.isEmpty else { return }
        try list("takeovers", &value, empty: Takeover(source: "", status: .done)) {
            (form, takeover) throws(FormFault) in
            try form.text("source", &takeover.source)
            try form.numbers("subscriptions", &takeover.subscriptions)
            try form.word(
                "status", &takeover.status,
                [(.pending, "pending"), (.done, "done"), (.ended, "ended")])
            try form.time("until", &takeover.until)
        }
    }

    private mutating func numbers(_ key: String, _ value: inout [UInt32]) throws(FormFault) {
        var numbers = value.map { Numbered(number: $0) }
        try list(key, &numbers, empty: Numbered(number: 0)) {
            (form, numbered) throws(FormFault) in
            try form.number("number", &numbered.number)
        }
        value = numbers.map(\.number)
    }
}
