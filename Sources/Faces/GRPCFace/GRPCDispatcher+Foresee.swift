internal import RPC
internal import Repository
internal import Wire

/// Calls of one burst, whose customers are asked for in memory before the first call is made.
struct Foresight {
    private struct Call {
        var feature: CallHint.Feature
        var loop: Unmanaged<EnvironmentLoop>
        var repository: Unmanaged<CustomerRepository>
        var hash: UInt64
        var row = 0
    }

    private var calls: [Call] = []

    mutating func add(_ hint: CallHint, _ loop: EnvironmentLoop) {
        let repository = loop.environment.customers(of: hint.customer)
        calls.append(
            Call(
                feature: hint.feature, loop: .passUnretained(loop),
                repository: .passUnretained(repository), hash: repository.foresee(hint)))
    }

    /// By now it is known where the rows are; then, where the far buckets are of those that have
    /// any; then, which of them matters.
    mutating func finish() {
        keep { call in
            let row = call.repository._withUnsafeGuaranteedRef { $0.foreseeRow(call.hash) }
            if let row { call.row = row }
            return row != nil
        }
        keep { call in
            call.repository._withUnsafeGuaranteedRef {
                $0.foreseeFarFeatures(call.hash, row: call.row)
            }
        }
        for call in calls {
            let feature = call.loop._withUnsafeGuaranteedRef { call.feature.number($0.names) }
            guard let feature else { continue }
            call.repository._withUnsafeGuaranteedRef {
                $0.foreseeFarBucket(call.hash, row: call.row, of: feature)
            }
        }
        calls.removeAll(keepingCapacity: true)
    }

    /// Of the calls only those that are worth more.
    @inline(__always)
    private mutating func keep(_ isWorth: (inout Call) -> Bool) {
        var kept = 0
        for index in calls.indices where isWorth(&calls[index]) {
            if kept < index { calls[kept] = calls[index] }
            kept += 1
        }
        calls.removeLast(calls.count - kept)
    }
}

extension GRPCDispatcher {
    package func foresee(method: Int, principal: Int, message: UnsafeRawBufferPointer) {
        let hinted: Method? =
            switch Route(rawValue: method) {
            case .check: .check
            case .track: .track
            default: nil
            }
        guard let hinted, let hint = CallHint(hinted, message) else { return }
        foresight.add(hint, environments[Access(rawValue: principal).environment])
    }

    package func foreseen() { foresight.finish() }
}
