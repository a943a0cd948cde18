/// What is to become of the plans of a customer, of some of its entities, or of both, at moments to
/// come (billing §14.4). The plans themselves are subscriptions: those that come are scheduled,
/// those that go have their end.
package struct PhaseSchedule: Sendable, Equatable {
    /// What changes at one moment.
    package struct Phase: Sendable, Equatable {
        package var start: Timestamp
        /// Subscriptions that begin with it.
        package var begins: [UInt32]
        /// Those that end with it.
        package var ends: [UInt32]

        package init(start: Timestamp, begins: [UInt32], ends: [UInt32]) {
            self.start = start
            self.begins = begins
            self.ends = ends
        }

        var isEmpty: Bool { begins.isEmpty && ends.isEmpty }
    }

    /// With the one that begins at once.
    package static let phaseLimit = 10

    /// Numbers of entities; 0: the customer.
    package var owners: [UInt32]
    /// In order of start; one that changes nothing isn't there.
    package var phases: [Phase]

    package init(owners: [UInt32], phases: [Phase]) {
        self.owners = owners
        self.phases = phases
    }

    /// Without what has become of one of its subscriptions otherwise.
    func without(_ number: UInt32) -> PhaseSchedule {
        var schedule = self
        for index in phases.indices {
            schedule.phases[index].begins.removeAll { $0 == number }
            schedule.phases[index].ends.removeAll { $0 == number }
        }
        schedule.phases.removeAll(where: \.isEmpty)
        return schedule
    }

    func concerns(_ number: UInt32) -> Bool {
        phases.contains { $0.begins.contains(number) || $0.ends.contains(number) }
    }
}
