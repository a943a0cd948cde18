internal import RPC
internal import Repository

extension PrometheusPage {
    /// What an operator must know of the environments. A family has no sample where there is
    /// nothing to tell.
    mutating func add(_ environments: [TallyEnvironment]) {
        family("tally_healthy", "gauge", "1: all is well; 0: what the server's log says.")
        for environment in environments {
            for kind in Conditions.Kind.allCases {
                sample(
                    "\(Self.label(environment)),condition=\"\(kind.rawValue)\"",
                    environment.conditions.current[kind] == nil ? 1 : 0)
            }
        }
        family(
            "tally_backup_lag_seconds", "gauge",
            "How old the oldest record is that the copy which follows lacks.")
        for environment in environments {
            guard let lag = environment.backupWatch.lagMilliseconds else { continue }
            sample(Self.label(environment), Double(lag) / 1000)
        }
        family("tally_backup_lag_records", "gauge", "Records that the copy lacks.")
        for environment in environments {
            guard let lag = environment.backupWatch.lagRecords else { continue }
            sample(Self.label(environment), lag)
        }
        family(
            "tally_request_window_seconds", "gauge",
            "How far back every answered request id is remembered; infinite: none was forgotten.")
        for environment in environments {
            let window = environment.requestWindow.map { "\(Double($0) / 1000)" }
            sample(Self.label(environment), window ?? "+Inf")
        }
    }

    private static func label(_ environment: TallyEnvironment) -> String {
        "environment=\"\(environment.name)\""
    }
}
