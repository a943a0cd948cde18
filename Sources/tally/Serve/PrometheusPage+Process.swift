internal import Glibc
internal import RPC
internal import Repository

extension PrometheusPage {
    /// The process, under the names that Prometheus's own clients use.
    mutating func addProcess() {
        family("process_resident_memory_bytes", "gauge", "Memory that is in use.")
        if let pages = ProcessFile.memoryPages { sample("", pages * sysconf(Int32(_SC_PAGESIZE))) }
        family("process_cpu_seconds_total", "counter", "Processor time, user and system.")
        sample("", ProcessorTime.seconds)
        family("process_open_fds", "gauge", "Open files, connections among them.")
        if let count = ProcessFile.openFiles { sample("", count) }
    }

    /// How much there is of everything, and how the disk does.
    mutating func addSizes(_ environments: [TallyEnvironment]) {
        func label(_ environment: TallyEnvironment) -> String {
            "environment=\"\(environment.name)\""
        }
        family("tally_customers", "gauge", "Customers.")
        for environment in environments { sample(label(environment), environment.customerCount) }
        family("tally_effects_open", "gauge", "Charges, refunds and pages without an outcome yet.")
        for environment in environments { sample(label(environment), environment.openEffects) }
        family("tally_customer_keys", "gauge", "Keys of customers' applications that are good.")
        for environment in environments { sample(label(environment), environment.keys.givenCount) }
        let logs = environments.map { (label($0), $0.logMetrics) }
        family("tally_log_records_waiting", "gauge", "Records that aren't durable yet.")
        for (label, log) in logs { sample(label, log.waiting) }
        family(
            "tally_log_sync_seconds", "histogram",
            "How long the disk took to make a batch durable.")
        for (label, log) in logs {
            var sum: UInt64 = 0
            for (bucket, count) in log.buckets.enumerated() {
                sum += count
                let bound = LogMetrics.bound(bucket: bucket)
                let text = bound == .infinity ? "+Inf" : "\(bound)"
                sample("\(label),le=\"\(text)\"", sum, "_bucket")
            }
            sample(label, Double(log.nanoseconds) / 1e9, "_sum")
            sample(label, sum, "_count")
        }
    }
}

/// What the kernel says of this process.
private enum ProcessFile {
    static var memoryPages: Int? {
        guard let text = try? TextFile.read("/proc/self/statm") else { return nil }
        let words = text.split(separator: " ")
        return words.count > 1 ? Int(words[1]) : nil
    }

    static var openFiles: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Less ".", ".." and the folder itself.
        return max(0, count - 3)
    }
}
