package import NIOCore

/// When a call that failed is made again: gRPC's rules (its proposal A6). Only for calls that may
/// be made twice: reads, and changes that carry a request id.
package struct RetryPolicy: Sendable {
    /// With the first one.
    package var maxAttempts = 5
    package var initialBackoff = TimeAmount.milliseconds(100)
    package var maxBackoff = TimeAmount.seconds(3)
    package var multiplier = 2.0
    package var retryable: Set<RPCCode> = [.unavailable]

    package init() {}
}

/// What a server said about trying again, in the trailers.
struct RetryPushback: Sendable, Equatable {
    /// `grpc-retry-pushback-ms`: exactly then; less than 0: not.
    var milliseconds: Int64?
    /// `google.rpc.RetryInfo`: not before.
    var atLeast: TimeAmount?

    init(milliseconds: Int64? = nil, atLeast: TimeAmount? = nil) {
        self.milliseconds = milliseconds
        self.atLeast = atLeast
    }

    /// What can't be read means "don't".
    init(header: String?, details: [UInt8]) {
        milliseconds = header.map { Int64($0) ?? -1 }
        atLeast = RetryInfo.delay(details)
    }
}

/// How one attempt failed.
struct FailedAttempt: Sendable {
    var status: RPCStatus
    var reach: RPCCallEnd.Reach
    var pushback = RetryPushback()
}

/// The attempts at one call. Pure: told what happened, it says whether and when to try again.
struct RetryAttempts {
    private let policy: RetryPolicy?
    private var attempts = 1
    private var backoff: Double
    private var hasRetriedUnprocessed = false

    /// Without a policy only what no server has begun is tried again, once.
    init(_ policy: RetryPolicy?) {
        self.policy = policy
        backoff = Double(policy?.initialBackoff.nanoseconds ?? 0)
    }

    /// Nil: give up. `spread`: 0..<1, so that clients that failed together don't come back
    /// together. `left`: until the deadline; waiting past it is pointless.
    mutating func delay(
        after failed: FailedAttempt, left: TimeAmount?, spread: Double
    ) -> TimeAmount? {
        if failed.reach == .unprocessed, !hasRetriedUnprocessed {
            hasRetriedUnprocessed = true
            return .zero
        }
        guard let policy, failed.reach != .answered, attempts < policy.maxAttempts,
            policy.retryable.contains(failed.status.code)
        else { return nil }
        attempts += 1
        let delay: TimeAmount
        if let milliseconds = failed.pushback.milliseconds {
            guard milliseconds >= 0 else { return nil }
            delay = .milliseconds(min(milliseconds, 86_400_000))
            backoff = Double(policy.initialBackoff.nanoseconds)
        } else {
            // A fifth more or less, as the proposal has it.
            let spreadOut = TimeAmount.nanoseconds(Int64(backoff * (0.8 + 0.4 * spread)))
            delay = max(spreadOut, failed.pushback.atLeast ?? .zero)
            backoff = min(backoff * policy.multiplier, Double(policy.maxBackoff.nanoseconds))
        }
        if let left, delay >= left { return nil }
        return delay
    }
}

/// As much of `google.rpc.Status` as a client's transport acts on.
enum RetryInfo {
    private static let type = "type.googleapis.com/google.rpc.RetryInfo"

    /// A day at most.
    static func delay(_ status: [UInt8]) -> TimeAmount? {
        // Status { 3: details }, Any { 1: type, 2: value }, RetryInfo { 1: Duration }
        var status = ProtoFields(status[...])
        while let detail = status.next() {
            guard detail.number == 3, case .bytes(let any) = detail.value else { continue }
            var isRetryInfo = false
            var parts = ProtoFields(any)
            while let part = parts.next() {
                guard case .bytes(let bytes) = part.value else { continue }
                if part.number == 1 {
                    isRetryInfo = bytes.elementsEqual(type.utf8)
                } else if part.number == 2, isRetryInfo {
                    var info = ProtoFields(bytes)
                    if let field = info.next(), case .bytes(let duration) = field.value {
                        return amount(duration)
                    }
                }
            }
        }
        return nil
    }

    /// Duration { 1: seconds, 2: nanos }
    private static func amount(_ duration: ArraySlice<UInt8>) -> TimeAmount {
        var total: Int64 = 0
        var fields = ProtoFields(duration)
        while let field = fields.next() {
            guard case .number(let number) = field.value else { continue }
            let value = Int64(clamping: number)
            if field.number == 1 { total += min(value, 86_400) * 1_000_000_000 }
            if field.number == 2 { total += min(value, 999_999_999) }
        }
        return .nanoseconds(total)
    }
}

/// The fields of a protobuf message that are numbers or bytes, up to the first that is neither.
private struct ProtoFields {
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> (number: UInt64, value: Value)? {
        guard let tag = varint(), let value = varint() else { return nil }
        if tag & 7 == 0 { return (tag >> 3, .number(value)) }
        guard tag & 7 == 2, value <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(value)) }
        return (tag >> 3, .bytes(rest.prefix(Int(value))))
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
