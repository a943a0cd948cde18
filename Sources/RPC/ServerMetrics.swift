/// A server's figures since it began, of all its loops together.
package struct ServerMetrics: Sendable {
    package var connections = ConnectionMetrics()
    package var openConnections = 0
    /// Calls that wait for their answer, and streams.
    package var heldCalls = 0
    /// Of the pool.
    package var slowCalls = WorkMetrics()
    /// Nil: no `CallMeter` is installed.
    package var calls: CallMetrics?

    package init() {}
}

extension PrometheusPage {
    /// Under the names that gRPC servers usually have there.
    package mutating func add(_ server: ServerMetrics) {
        add(server.connections)
        family("rpc_connections", "gauge", "Connections open now.")
        sample("", server.openConnections)
        family("rpc_calls_waiting", "gauge", "Calls that wait for an answer, and streams.")
        sample("", server.heldCalls)
        add(server.slowCalls)
        if let calls = server.calls { add(calls) }
    }

    private mutating func add(_ connections: ConnectionMetrics) {
        family(
            "rpc_connections_opened_total", "counter", "Connections that were accepted.")
        sample("", connections.opened)
        family(
            "rpc_connections_refused_total", "counter", "Connections refused for want of room.")
        sample("", connections.refused)
        family("rpc_connections_closed_total", "counter", "Why connections ended.")
        for reason in ConnectionMetrics.Closing.allCases {
            sample("reason=\"\(reason)\"", connections.closed(reason))
        }
        family("rpc_tls_handshakes_total", "counter", "TLS handshakes; resumed: by a ticket.")
        sample("resumed=\"false\"", connections.handshakes - connections.resumed)
        sample("resumed=\"true\"", connections.resumed)
    }

    private mutating func add(_ pool: WorkMetrics) {
        family("rpc_slow_calls_waiting", "gauge", "Slow calls that wait for a thread.")
        sample("", pool.waiting)
        family("rpc_slow_calls_running", "gauge", "Slow calls that run.")
        sample("", pool.running)
        family(
            "rpc_slow_calls_refused_total", "counter",
            "Slow calls that weren't taken: the caller had too many, or too many waited.")
        sample("reason=\"caller\"", pool.refused(.principal))
        sample("reason=\"queue\"", pool.refused(.queue))
        family(
            "rpc_slow_calls_dropped_total", "counter",
            "Slow calls that were cancelled, or too late, before their turn.")
        sample("", pool.dropped)
    }

    /// Methods that were never called are left out.
    private mutating func add(_ calls: CallMetrics) {
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
