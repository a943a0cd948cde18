package import Billing
internal import CTallyProto

/// One report of a `StreamTrack`: its id, known even when the report itself makes no sense.
package struct StreamTrackCall: Sendable {
    package var requestID: String
    package var track: Result<TrackCall, CallFault>
}

/// A `WatchCustomer`, ready to be served.
package struct WatchCall: Sendable {
    package var customer: CustomerID
    /// The sequence that was shown last; nil: none.
    package var shown: UInt64?
}

extension RequestReader {
    /// Throws when there is no id to answer under: then the stream itself is broken.
    package func streamTrack(
        _ bytes: UnsafeRawBufferPointer
    ) throws(CallFault) -> StreamTrackCall {
        let message = try open(bytes, tally__v1__stream_track_request__init)
        guard let track = message.pointee.track else {
            throw .invalid([Violation(path: "track", message: "is required")])
        }
        let id = Wire.bytes(of: track.pointee.request_id)
        guard !id.isEmpty else {
            throw .invalid([Violation(path: "track.request_id", message: "is required")])
        }
        let requestID = String(decoding: id, as: UTF8.self)
        do throws(CallFault) {
            return StreamTrackCall(requestID: requestID, track: .success(try self.track(track)))
        } catch {
            return StreamTrackCall(requestID: requestID, track: .failure(error))
        }
    }

    package func watchCustomer(_ bytes: UnsafeRawBufferPointer) throws(CallFault) -> WatchCall {
        let message = try open(bytes, tally__v1__watch_customer_request__init)
        var fields = FieldReader()
        let customer = fields.customerID(message.pointee.customer_id)
        let token = String(decoding: Wire.bytes(of: message.pointee.resume_token), as: UTF8.self)
        let shown = UInt64(token, radix: 36)
        if shown == nil, !token.isEmpty {
            fields.fault("resume_token", "is none that this server gave")
        }
        guard let customer, fields.violations.isEmpty else { throw .invalid(fields.violations) }
        return WatchCall(customer: customer, shown: shown)
    }
}
