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
        var row: Int?
    }

    private var calls: [Call] = []
    private var places = MemoryPlaces()

    mutating func add(_ hint: CallHint, _ loop: EnvironmentLoop) {
        let repository = loop.environment.customers(of: hint.customer)
        calls.append(
            Call(
                feature: hint.feature, loop: .passUnretained(loop),
                repository: .passUnretained(repository),
                hash: repository.foresee(hint, &places)))
    }

    /// By now it is known where the rows are looked up; then, where they are; then, where those far
    /// buckets are that matter.
    mutating func finish() {
        places.fetch()
        for index in calls.indices {
            let call = calls[index]
            calls[index].row = call.repository._withUnsafeGuaranteedRef {
                $0.foreseeRow(call.hash, &places)
            }
        }
        places.fetch()
        for call in calls {
            guard let row = call.row else { continue }
            call.repository._withUnsafeGuaranteedRef {
                $0.foreseeFar(call.hash, row: row, &places) {
                    call.loop._withUnsafeGuaranteedRef { call.feature.number($0.names) }
                }
            }
        }
        places.fetch()
        calls.removeAll(keepingCapacity: true)
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
