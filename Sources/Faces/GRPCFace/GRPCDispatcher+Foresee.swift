internal import RPC
internal import Repository
internal import Wire

/// Calls of one burst, whose customers are asked for in memory before the first call is made.
struct Foresight {
    private var customers: [(repository: Unmanaged<CustomerRepository>, hash: UInt64)] = []

    mutating func add(_ hint: CallHint, _ repository: CustomerRepository) {
        customers.append((.passUnretained(repository), repository.foresee(hint)))
    }

    /// By now it is known where the rows are.
    mutating func finish() {
        for (repository, hash) in customers {
            repository._withUnsafeGuaranteedRef { $0.foreseeRow(hash) }
        }
        customers.removeAll(keepingCapacity: true)
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
        let environment = environments[Access(rawValue: principal).environment].environment
        foresight.add(hint, environment.customers(of: hint.customer))
    }

    package func foreseen() { foresight.finish() }
}
