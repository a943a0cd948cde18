internal import CTallyProto

extension RequestReader {
    package func countPlanCustomers(_ bytes: UnsafeRawBufferPointer) throws(CallFault) {
        _ = try open(bytes, tally__v1__count_plan_customers_request__init)
    }

    package func getStatus(_ bytes: UnsafeRawBufferPointer) throws(CallFault) {
        _ = try open(bytes, tally__v1__get_status_request__init)
    }
}
