package import Billing
internal import CTallyProto

/// A test clock's move, ready to be made.
package struct ClockCall: Sendable {
    /// nil: the environment's clock.
    package var customer: CustomerID?
    package var move: ClockMove
    package var request: RequestMark?

    package init(customer: CustomerID?, move: ClockMove, request: RequestMark?) {
        self.customer = customer
        self.move = move
        self.request = request
    }
}

extension RequestReader {
    package func advanceTestClock(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> ClockCall {
        let message = try open(bytes, tally__v1__advance_test_clock_request__init)
        var fields = FieldReader()
        let isOfCustomer =
            message.pointee._customer_id_case
            == TALLY__V1__ADVANCE_TEST_CLOCK_REQUEST___CUSTOMER_ID_CUSTOMER_ID
        let customer = isOfCustomer ? fields.customerID(message.pointee.customer_id) : nil
        let requestID = fields.requestID(message.pointee.request_id)
        let move: ClockMove?
        switch message.pointee.move_case {
        case TALLY__V1__ADVANCE_TEST_CLOCK_REQUEST__MOVE_TIME:
            move = fields.optionalInstant(message.pointee.time, at: "time").map { .to($0) }
        case TALLY__V1__ADVANCE_TEST_CLOCK_REQUEST__MOVE_DURATION:
            move = message.pointee.duration.flatMap { fields.span($0.pointee) }.map { .by($0) }
        default:
            fields.fault("time", "give a time or a duration")
            move = nil
        }
        guard let move, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        var fingerprint = Fingerprint(key: fingerprintKey, method: .advanceTestClock)
        switch move {
        case .to(let time):
            fingerprint.add(1)
            fingerprint.add(time)
        case .by(let span):
            fingerprint.add(2)
            fingerprint.add(UInt64(bitPattern: span))
        }
        return ClockCall(
            customer: customer, move: move,
            request: mark(requestID, .advanceTestClock, fingerprint))
    }

    /// nil: the environment's clock is asked for.
    package func getTestClock(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> CustomerID? {
        let message = try open(bytes, tally__v1__get_test_clock_request__init)
        guard
            message.pointee._customer_id_case
                == TALLY__V1__GET_TEST_CLOCK_REQUEST___CUSTOMER_ID_CUSTOMER_ID
        else { return nil }
        var fields = FieldReader()
        guard let customer = fields.customerID(message.pointee.customer_id) else {
            throw .invalid(fields.violations)
        }
        return customer
    }
}

extension FieldReader {
    /// Milliseconds; nil: a fault was noted.
    fileprivate mutating func span(_ message: Google__Protobuf__Duration) -> Int64? {
        let limit = TestClock.longestMove / 1_000
        guard (0...limit).contains(message.seconds), (0..<1_000_000_000).contains(message.nanos)
        else {
            fault("duration", "must be 0 to ten years")
            return nil
        }
        return message.seconds * 1_000 + Int64(message.nanos) / 1_000_000
    }
}

extension ReplyWriter {
    /// The reply to `AdvanceTestClock`.
    package func movedClock(to time: Timestamp) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__advance_test_clock_response__init)
        message.pointee.time = self.time(time)
        return arena.pack(message)
    }

    /// The reply to `GetTestClock`.
    package func clock(showing time: Timestamp, ahead: Int64) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__get_test_clock_response__init)
        message.pointee.time = self.time(time)
        let span = arena.make(google__protobuf__duration__init)
        span.pointee.seconds = ahead / 1_000
        span.pointee.nanos = Int32(ahead % 1_000) * 1_000_000
        message.pointee.ahead = span
        return arena.pack(message)
    }
}
