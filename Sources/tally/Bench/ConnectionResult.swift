internal import Wire

/// How a run of connections went.
struct ConnectionResult: Sendable {
    var seconds = 0.0
    /// Of this process, all threads.
    var cpuSeconds = 0.0
    /// From the moment a connection was due to its last answer.
    var latencies = LatencyHistogram()
    /// Opened, and every call answered OK and allowed.
    var good = 0
    /// By reason.
    var failures: [String: Int] = [:]

    var failed: Int { failures.values.reduce(0, +) }
    var connections: Int { good + failed }
    private var rate: Double { seconds > 0 ? Double(connections) / seconds : 0 }

    private static let quantiles = [("p50", 0.5), ("p99", 0.99)]

    var text: String {
        let latency = Self.quantiles.map { name, quantile in
            "\(name) \(latencies.milliseconds(quantile: quantile).rounded(digits: 3))"
        }
        let failed = failures.sorted { $0.key < $1.key }.map { "\n\($0.value) failed: \($0.key)" }
        return """
            \(good) connections in \(seconds.rounded(digits: 2)) s: \
            \(rate.rounded(digits: 0)) a second
            from due to done in ms: \(latency.joined(separator: ", ")), \
            longest \((Double(latencies.longest) / 1e6).rounded(digits: 3))
            this client used \(cpuSeconds.rounded(digits: 2)) s of CPU\(failed.joined())
            """
    }

    func json() -> JSONObject {
        var object: JSONObject = [
            "connections": .number(connections), "ok": .number(good), "failed": .number(failed),
            "failures": .object(
                JSONObject(
                    failures.sorted { $0.key < $1.key }
                        .map { JSONObject.Member($0.key, .number($0.value)) })),
            "seconds": .number(seconds.rounded(digits: 3)),
            "connections_per_second": .number(rate.rounded(digits: 0)),
            "client_cpu_seconds": .number(cpuSeconds.rounded(digits: 2)),
        ]
        for (name, quantile) in Self.quantiles {
            let latency = latencies.milliseconds(quantile: quantile)
            object.append("\(name)_ms", .number(latency.rounded(digits: 3)))
        }
        return object
    }
}

extension Double {
    /// As text, without a needless ".0".
    func rounded(digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let text = ((self * scale).rounded() / scale).description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
