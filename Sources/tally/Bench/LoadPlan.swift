internal import NIOCore
internal import RPC
internal import Wire

/// What a run does.
struct LoadPlan {
    var source: LoadSource
    var connections: Int
    var streams: Int
    /// One of these two is set.
    var seconds: Double?
    var calls: Int?
    /// Calls a second; nil: as fast as answers come.
    var rate: Double?
    /// Without a single answer for so long, the calls in progress count as failed.
    var patience = TimeAmount.seconds(10)
}

/// How a run went.
struct LoadResult: Sendable {
    var seconds = 0.0
    /// Of this process, all threads.
    var cpuSeconds = 0.0
    var latencies = LatencyHistogram()
    /// By gRPC status code.
    var statuses = [Int](repeating: 0, count: RPCCode.allCases.count)
    /// Answered OK, but with a denial.
    var denied = 0

    var calls: Int { statuses.reduce(0, +) }
    var ok: Int { statuses[RPCCode.ok.rawValue] - denied }
    var failed: Int { calls - ok }
    var callsPerSecond: Double { seconds > 0 ? Double(calls) / seconds : 0 }
    private var cpuMicroseconds: Double { calls > 0 ? cpuSeconds * 1e6 / Double(calls) : 0 }

    /// "OK 1000, UNAVAILABLE 3".
    var statusText: String {
        var parts = counted.map { "\($0.name) \($0.count)" }
        if denied > 0 { parts.append("\(denied) of the OK ones denied") }
        return parts.isEmpty ? "no calls" : parts.joined(separator: ", ")
    }

    private var longest: String { (Double(latencies.longest) / 1e6).rounded(digits: 3) }

    private var counted: [(name: String, count: Int)] {
        RPCCode.allCases.map { ($0.name, statuses[$0.rawValue]) }.filter { $0.1 > 0 }
    }

    var text: String {
        let latency = LoadResult.quantiles.map { name, quantile in
            "\(name) \(latencies.milliseconds(quantile: quantile).rounded(digits: 3))"
        }
        return """
            \(calls) calls in \(seconds.rounded(digits: 2)) s: \
            \(callsPerSecond.rounded(digits: 0)) a second (\(statusText))
            latency in ms: \(latency.joined(separator: ", ")), \
            longest \(longest)
            this client used \(cpuMicroseconds.rounded(digits: 2)) µs of CPU a call
            """
    }

    private static let quantiles = [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)]

    func json(_ load: BenchLoad) -> JSONValue {
        var object: JSONObject = [
            "method": .string(load.method.rawValue), "connections": .number(load.connections),
            "streams": .number(load.streams), "customers": .number(load.draw.customers),
            "rate": load.rate.map { .number($0) } ?? .null,
            "seconds": .number(seconds.rounded(digits: 3)), "calls": .number(calls),
            "ok": .number(ok), "failed": .number(failed), "denied": .number(denied),
            "statuses": .object(
                JSONObject(counted.map { JSONObject.Member($0.name, .number($0.count)) })),
            "calls_per_second": .number(callsPerSecond.rounded(digits: 0)),
            "client_cpu_us_per_call": .number(cpuMicroseconds.rounded(digits: 2)),
        ]
        for (name, quantile) in LoadResult.quantiles {
            let latency = latencies.milliseconds(quantile: quantile)
            object.append("\(name)_ms", .number(latency.rounded(digits: 3)))
        }
        object.append("max_ms", .number(longest))
        return .object(object)
    }
}
