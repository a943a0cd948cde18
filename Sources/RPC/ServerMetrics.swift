/// A server's figures since it began, of all its loops together.
package struct ServerMetrics: Sendable {
    package var connections = ConnectionMetrics()
    package var openConnections = 0
    /// Calls that wait for their answer, and streams.
    package var heldCalls = 0
    /// Nil: no `CallMeter` is installed.
    package var calls: CallMetrics?

    package init() {}
}

extension ServerMetrics {
    /// In Prometheus' text format, under the names that gRPC servers usually have there.
    package var prometheusText: String {
        var page = PrometheusPage()
        page.family(
            "rpc_connections_opened_total", "counter", "Connections that were accepted.")
        page.sample("", connections.opened)
        page.family(
            "rpc_connections_refused_total", "counter", "Connections refused for want of room.")
        page.sample("", connections.refused)
        page.family("rpc_connections_closed_total", "counter", "Why connections ended.")
        for reason in ConnectionMetrics.Closing.allCases {
            page.sample("reason=\"\(reason)\"", connections.closed(reason))
        }
        page.family("rpc_tls_handshakes_total", "counter", "TLS handshakes; resumed: by a ticket.")
        page.sample("resumed=\"false\"", connections.handshakes - connections.resumed)
        page.sample("resumed=\"true\"", connections.resumed)
        page.family("rpc_connections", "gauge", "Connections open now.")
        page.sample("", openConnections)
        page.family("rpc_calls_waiting", "gauge", "Calls that wait for an answer, and streams.")
        page.sample("", heldCalls)
        if let calls { page.add(calls) }
        return page.text
    }
}

private struct PrometheusPage {
    private(set) var text = ""
    private var name = ""

    mutating func family(_ name: String, _ kind: String, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }

    mutating func sample(
        _ labels: String, _ value: some CustomStringConvertible, _ suffix: String = ""
    ) {
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)\(suffix)\(braced) \(value)\n"
    }

    /// Methods that were never called are left out.
    mutating func add(_ calls: CallMetrics) {
        let called = (0...calls.methods.count).filter { method in
            RPCCode.allCases.contains { calls.count(method: method, code: $0) > 0 }
        }
        family("grpc_server_handled_total", "counter", "Calls that ended, by status.")
        for method in called {
            for code in RPCCode.allCases {
                let count = calls.count(method: method, code: code)
                if count > 0 {
                    sample("\(Self.labels(calls, method)),grpc_code=\"\(code.name)\"", count)
                }
            }
        }
        family(
            "grpc_server_handling_seconds", "histogram", "From a call's arrival to its answer.")
        for method in called {
            let labels = Self.labels(calls, method)
            var sum: UInt64 = 0
            for (bucket, count) in calls.latencies(method: method).enumerated() {
                sum += count
                let bound = CallMetrics.bound(bucket: bucket)
                let text = bound == .infinity ? "+Inf" : "\(bound)"
                sample("\(labels),le=\"\(text)\"", sum, "_bucket")
            }
            sample(labels, calls.seconds(method: method), "_sum")
            sample(labels, sum, "_count")
        }
        family("rpc_call_bytes_total", "counter", "Bytes of the calls' bodies.")
        sample("direction=\"in\"", calls.requestBytes)
        sample("direction=\"out\"", calls.responseBytes)
    }

    private static func labels(_ calls: CallMetrics, _ method: Int) -> String {
        guard calls.methods.indices.contains(method) else {
            return "grpc_service=\"unknown\",grpc_method=\"unknown\""
        }
        let parts = calls.methods[method].split(separator: "/")
        return "grpc_service=\"\(parts.first ?? "")\",grpc_method=\"\(parts.last ?? "")\""
    }
}
