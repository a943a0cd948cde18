package import RPC
internal import Synchronization

/// Counts calls by route and status, and how long they took. Without a lock: calls end on any
/// thread.
// Safety: the counters are this object's own memory, touched by atomic operations alone.
package final class JSONMeter: @unchecked Sendable {
    private static let statuses = [
        200, 202, 204, 400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 501, 503,
    ]
    private static let buckets = CallMetrics.bucketCount
    private static let otherRoute = "other"

    /// In order of name; those that aren't there, and the older ones, are one.
    private let routes: [String]
    private let numbers: [String: Int]
    private let checkRow: Int
    private let counters: UnsafeMutablePointer<Atomic<UInt64>>
    private var rowSize: Int { JSONMeter.statuses.count + 1 + JSONMeter.buckets + 1 }

    package init() {
        routes = Route.allCases.map(\.rawValue).sorted() + [JSONMeter.otherRoute]
        numbers = Dictionary(
            uniqueKeysWithValues: routes.enumerated().map { ($0.element, $0.offset) })
        checkRow = numbers[Route.check.rawValue] ?? 0
        let count = routes.count * (JSONMeter.statuses.count + 1 + JSONMeter.buckets + 1)
        counters = .allocate(capacity: count)
        for place in 0..<count { (counters + place).initialize(to: Atomic(0)) }
    }

    deinit {
        counters.deinitialize(count: routes.count * rowSize)
        counters.deallocate()
    }

    func count(path: Substring, status: Int, nanoseconds: Int64) {
        let name = String(path.dropFirst("/v1/".count))
        count(row: numbers[name] ?? routes.count - 1, status: status, nanoseconds: nanoseconds)
    }

    /// One of the many.
    func countCheck(nanoseconds: Int64) {
        count(row: checkRow, status: 200, nanoseconds: nanoseconds)
    }

    private func count(row: Int, status: Int, nanoseconds: Int64) {
        let row = counters + row * rowSize
        let place = JSONMeter.statuses.firstIndex(of: status) ?? JSONMeter.statuses.count
        row[place].add(1, ordering: .relaxed)
        let elapsed = UInt64(max(0, nanoseconds))
        let bucket = JSONMeter.statuses.count + 1 + CallMetrics.bucket(nanoseconds: elapsed)
        row[bucket].add(1, ordering: .relaxed)
        row[rowSize - 1].add(elapsed, ordering: .relaxed)
    }

    private func value(_ route: Int, _ place: Int) -> UInt64 {
        counters[route * rowSize + place].load(ordering: .relaxed)
    }

    /// Routes that were never called are left out.
    package func add(to page: inout PrometheusPage) {
        let statuses = JSONMeter.statuses.map(String.init) + ["other"]
        let called = routes.indices.filter { route in
            statuses.indices.contains { value(route, $0) > 0 }
        }
        page.family("http_requests_total", "counter", "Calls of the JSON API, by status.")
        for route in called {
            for (place, status) in statuses.enumerated() where value(route, place) > 0 {
                page.sample(
                    "route=\"\(routes[route])\",status=\"\(status)\"", value(route, place))
            }
        }
        page.family(
            "http_request_duration_seconds", "histogram", "From a call's arrival to its answer.")
        for route in called {
            let label = "route=\"\(routes[route])\""
            var sum: UInt64 = 0
            for bucket in 0..<JSONMeter.buckets {
                sum += value(route, statuses.count + bucket)
                let bound = CallMetrics.bound(bucket: bucket)
                let text = bound == .infinity ? "+Inf" : "\(bound)"
                page.sample("\(label),le=\"\(text)\"", sum, "_bucket")
            }
            page.sample(label, Double(value(route, rowSize - 1)) / 1e9, "_sum")
            page.sample(label, sum, "_count")
        }
    }
}
