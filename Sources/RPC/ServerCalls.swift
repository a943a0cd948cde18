import CNGHTTP2
import NIOCore

/// The calls of one HTTP/2 connection: takes the session's events, asks the dispatcher, and puts
/// the answers back. Confined to its loop; knows no socket.
final class ServerCalls {
    let session: HTTP2Session
    let state: UnsafeMutablePointer<HTTP2State>
    let port: LoopPort
    let faces: ServedFaces
    let peer: PeerCertificate?
    /// Of the peer, for the interceptors; nil: within the process.
    let address: SocketAddress?
    let dispatcher: any RPCDispatcher
    let held: HeldCalls
    private let slot: UInt32
    private let generation: UInt32
    /// Streams answered before their request had ended: they are reset once that was sent, so
    /// that the peer stops.
    var cutShort: [Int32] = []
    var collectedBytes = 0
    private var walk = FrameWalk()
    /// Of streaming calls whose handlers paused.
    var withheldBytes = 0
    /// A streaming call has more to send since the session was last asked.
    var hasWoken = false
    var pagesInProgress = 0
    private let isObserved: Bool

    init(
        port: LoopPort, faces: ServedFaces, peer: PeerCertificate?, address: SocketAddress?,
        dispatcher: any RPCDispatcher, slot: Int, generation: UInt32
    ) {
        self.port = port
        self.faces = faces
        self.peer = peer
        self.address = address
        self.dispatcher = dispatcher
        self.held = port.held
        isObserved = !port.interceptors.isEmpty
        self.slot = UInt32(slot)
        self.generation = generation
        let settings = HTTP2Session.Settings(
            maxConcurrentStreams: port.limits.maxConcurrentStreams,
            maxHeaderListBytes: port.limits.maxHeaderListBytes, frames: port.limits.frames)
        session = HTTP2Session(isServer: true, settings: settings, workshop: port.workshop)
        state = session.state
        state.pointee.connection = self.slot
        state.pointee.tick = port.tick
    }

    /// False: the connection must end at once.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.pointee.tick = port.tick
        if isObserved { state.pointee.burstBegan = .now() }
        let fine = session.receive(bytes)
        let fault = walk.walk(bytes)
        state.pointee.meter.note(priorities: walk.takePriorities())
        if refuses(fault) { return false }
        foresee()
        drain()
        if state.pointee.leaving == .heard { finishLeaving() }
        return fine
    }

    /// Adds what is to be sent to the loop's output, up to about `limit` bytes. False: broken.
    func fill(limit: Int) -> Bool {
        let output = port.workshop.output
        repeat {
            hasWoken = false
            guard session.fill(output, limit: limit) else { return false }
            if !cutShort.isEmpty, output.pointee.count < limit {
                for id in cutShort { session.reset(id, code: NGHTTP2_NO_ERROR.rawValue) }
                cutShort.removeAll()
                guard session.fill(output, limit: limit) else { return false }
            }
            drain()
        } while hasWoken && output.pointee.count < limit
        return true
    }

    /// Nothing runs here that a time-out may not cut.
    var isIdle: Bool {
        guard pagesInProgress == 0 else { return false }
        var next = state.pointee.firstOpen
        while let stream = next {
            if stream.pointee.flags.contains(.held) || stream.pointee.call != nil { return false }
            next = stream.pointee.nextOpen
        }
        return true
    }

    var openStreams: Int { state.pointee.openCount }

    /// The connection is gone: nobody waits any more.
    func abandon() {
        var next = state.pointee.firstOpen
        while let stream = next {
            next = stream.pointee.nextOpen
            held.remove(stream)
            if let call = stream.pointee.streamCall {
                gone(stream, call, RPCStatus(.cancelled, "the connection is gone"))
            }
            if isObserved { observeEnd(stream, now: .now()) }
        }
    }

    // MARK: Events

    /// Tells the dispatcher the calls of a burst, if there are several.
    private func foresee() {
        let known: HTTP2Stream.Flags = [.isPost, .isGRPC, .methodKnown, .principalKnown]
        let count = state.pointee.events.count
        guard count >= 4 else { return }
        for index in 0..<count {
            let event = state.pointee.events[index]
            guard event.kind == .data, event.count > GRPCFraming.prefixBytes,
                event.bytes[0] == 0, event.stream.pointee.flags.isSuperset(of: known)
            else { continue }
            dispatcher.foresee(
                method: Int(event.stream.pointee.method),
                principal: event.stream.pointee.principal,
                message: UnsafeRawBufferPointer(
                    rebasing: event.bytes[GRPCFraming.prefixBytes...]))
        }
        dispatcher.foreseen()
    }

    private func drain() {
        let wasDraining = port.isDraining
        port.isDraining = true
        defer { port.isDraining = wasDraining }
        var now: NIODeadline?
        var index = 0
        while index < state.pointee.events.count {
            let event = state.pointee.events[index]
            let stream = event.stream
            index += 1
            switch event.kind {
            case .began:
                began(stream)
            case .data:
                if let call = stream.pointee.streamCall {
                    take(stream, call, event.bytes)
                    continue
                }
                // All of the request in one piece, the common case: used where it lies.
                if stream.pointee.body.count == 0, index < state.pointee.events.count {
                    let next = state.pointee.events[index]
                    if next.kind == .ended, next.stream == stream {
                        index += 1
                        complete(stream, event.bytes)
                        continue
                    }
                }
                collect(stream, event.bytes)
            case .ended:
                if let call = stream.pointee.streamCall {
                    ended(stream, call)
                    continue
                }
                collectedBytes -= stream.pointee.body.count
                complete(stream, stream.pointee.body.bytes)
                stream.pointee.body.clear(keeping: 4096)
            case .closed:
                collectedBytes -= stream.pointee.body.count
                held.remove(stream)
                if let call = stream.pointee.streamCall {
                    gone(stream, call, RPCStatus(.cancelled, "the call was cancelled"))
                }
                if isObserved {
                    let moment = now ?? .now()
                    now = moment
                    observeEnd(stream, now: moment)
                }
                state.pointee.release(stream)
            case .writable:
                writable(stream)
            case .finishedEarly:
                session.reset(stream.pointee.id, code: NGHTTP2_NO_ERROR.rawValue)
                hasWoken = true
            }
        }
        state.pointee.events.removeAll()
        releaseRoom()
    }

    private func collect(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        guard !stream.pointee.flags.contains(.answered) else { return }
        session.consume(bytes.count, of: stream.pointee.id)
        let isCall = stream.pointee.flags.isSuperset(of: [.isPost, .isGRPC])
        // Nothing is collected for a caller that won't be served.
        if isCall, stream.pointee.body.count == 0, let refusal = prepare(stream) {
            return cut(stream) { fail(stream, refusal) }
        }
        guard collectedBytes + bytes.count <= port.limits.maxCollectedBytesPerConnection else {
            return refuse(stream, isCall: isCall, "too much of this connection's is half sent")
        }
        collectedBytes += bytes.count
        stream.pointee.body.append(bytes)
        if isCall {
            let limit = stream.pointee.limit
            if let status = GRPCFraming.early(stream.pointee.body.bytes, limit: limit) {
                cut(stream) { fail(stream, status) }
            }
        } else if stream.pointee.body.count > port.limits.maxPageBodyBytes {
            refuse(stream, isCall: false, "the body is too large")
        }
    }

    private func refuse(_ stream: StreamReference, isCall: Bool, _ reason: String) {
        cut(stream) {
            if isCall {
                fail(stream, RPCStatus(.resourceExhausted, reason))
            } else {
                answer(stream, refusal(stream, 413, reason))
            }
        }
    }

    /// Answers a request that hasn't ended.
    func cut(_ stream: StreamReference, _ answer: () -> Void) {
        collectedBytes -= stream.pointee.body.count
        stream.pointee.body.clear(keeping: 0)
        answer()
        if !stream.pointee.flags.contains(.remoteEnded) { cutShort.append(stream.pointee.id) }
    }

    private func complete(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        let flags = stream.pointee.flags
        guard !flags.contains(.answered) else { return }
        if flags.isSuperset(of: [.isPost, .isGRPC]) {
            call(stream, bytes)
        } else {
            page(stream, bytes)
        }
    }

    // MARK: Calls

    private func call(_ stream: StreamReference, _ bytes: UnsafeRawBufferPointer) {
        if let refusal = prepare(stream) { return fail(stream, refusal) }
        if stream.pointee.flags.contains(.isStreaming) { return openAtEnd(stream, bytes) }
        let limit = stream.pointee.limit
        var message: UnsafeRawBufferPointer
        switch GRPCFraming.unary(bytes, limit: limit) {
        case .message(let range): message = UnsafeRawBufferPointer(rebasing: bytes[range])
        case .failed(let status): return fail(stream, status)
        }
        if bytes[0] == 1 {
            switch expand(stream, message) {
            case .message(let expanded): message = expanded
            case .failed(let status): return fail(stream, status)
            }
        }
        let deadline = stream.pointee.deadline
        let call = UnaryCall(
            method: Int(stream.pointee.method), principal: stream.pointee.principal,
            token: token(stream), deadline: deadline == .distantFuture ? nil : deadline,
            stream: stream)
        var reply = ReplyBuffer(stream)
        switch dispatcher.call(call, message: message, reply: &reply) {
        case .replied:
            reply.finish()
            submit(stream)
        case .repliedWith(let initial, let trailing):
            reply.finish()
            submit(stream, initial, trailing)
        case .failed(let status):
            fail(stream, status)
        case .held:
            held.add(stream)
        }
    }

    /// What stands before the dispatcher: the method, the key, the deadline, room. Asked once
    /// more at the end of a request that came in pieces.
    func prepare(_ stream: StreamReference) -> RPCStatus? {
        let slow: HTTP2Stream.Flags = [.headersTooLarge, .timeoutMalformed]
        if !stream.pointee.flags.isDisjoint(with: slow) { return headerFault(stream) }
        resolve(stream)
        guard stream.pointee.method >= 0 else {
            return RPCStatus(.unimplemented, "there is no such method")
        }
        if stream.pointee.flags.contains(.isOpen) {
            stream.pointee.principal = -1
        } else if let refusal = authenticate(stream) {
            return refusal
        }
        if stream.pointee.flags.contains(.hasTimeout) {
            guard stream.pointee.timeout > 0 else {
                return RPCStatus(.deadlineExceeded, "the deadline had passed on arrival")
            }
            let now = NIODeadline.now()
            if stream.pointee.deadline == .distantFuture {
                stream.pointee.deadline = now + .nanoseconds(stream.pointee.timeout)
            } else if stream.pointee.deadline <= now {
                return RPCStatus(.deadlineExceeded, "the deadline passed before the request came")
            }
        }
        guard held.count < port.limits.maxHeldCalls else {
            return RPCStatus(.resourceExhausted, "too many calls are in flight")
        }
        return nil
    }

    private func headerFault(_ stream: StreamReference) -> RPCStatus {
        stream.pointee.flags.contains(.headersTooLarge)
            ? RPCStatus(.resourceExhausted, "the header fields are too large")
            : RPCStatus(.internalError, "grpc-timeout is malformed")
    }

    /// The method's number and limit, from the memo or the dispatcher.
    func resolve(_ stream: StreamReference) {
        guard !stream.pointee.flags.contains(.methodKnown) else { return }
        stream.pointee.flags.insert(.methodKnown)
        stream.pointee.limit = 0
        guard let path = stream.pointee.headers.first(":path") else { return }
        if let memo = state.pointee.paths.match(path) { return memo.pointee.fill(stream) }
        let found = faces.servesCalls ? dispatcher.methodIndex(path: path) : nil
        // An unknown path is not memoised: nobody repeats it but by mistake.
        guard let found else { return }
        let limit = min(dispatcher.maxMessageBytes(method: found), port.limits.maxMessageBytes)
        var kind: HTTP2Stream.Flags = []
        if dispatcher.isOpen(method: found) { kind.insert(.isOpen) }
        if dispatcher.kind(method: found) != .unary { kind.insert(.isStreaming) }
        state.pointee.paths.set(path, method: Int32(found), limit: limit, kind: kind)
        stream.pointee.method = Int32(found)
        stream.pointee.limit = limit
        stream.pointee.flags.formUnion(kind)
    }

    func authenticate(_ stream: StreamReference) -> RPCStatus? {
        let epoch = dispatcher.authenticationEpoch
        let wasKnown = stream.pointee.flags.contains(.principalKnown)
        if wasKnown, stream.pointee.authenticationEpoch == epoch { return nil }
        let value: UnsafeRawBufferPointer?
        if wasKnown {
            // The keys changed between this call's header and now. The memo has its bytes, if
            // it is still the one that was compared with.
            guard state.pointee.authorization.generation == stream.pointee.memoGeneration else {
                return RPCStatus(.unavailable, "the keys changed meanwhile; try again")
            }
            value = state.pointee.authorization.bytes.bytes
        } else {
            value = stream.pointee.headers.first("authorization")
            // The first burst of a connection: its headers were all read before the memo was. And
            // the calls of a certificate's owner, who sends no key.
            if let principal = state.pointee.authorization.principal(of: value, epoch: epoch) {
                stream.pointee.principal = principal
                return nil
            }
        }
        switch dispatcher.authenticate(authorization: value, peer: peer) {
        case .refused(let status):
            if wasKnown { state.pointee.authorization.isValid = false }
            return status
        case .principal(let principal):
            stream.pointee.principal = principal
            guard let value else {
                state.pointee.authorization.keyless = (principal, epoch)
                return nil
            }
            if !wasKnown {
                state.pointee.authorization.generation &+= 1
                state.pointee.authorization.bytes.clear()
                state.pointee.authorization.bytes.append(value)
            }
            state.pointee.authorization.isValid = true
            state.pointee.authorization.principal = principal
            state.pointee.authorization.epoch = epoch
            return nil
        }
    }

    func token(_ stream: StreamReference) -> CallToken {
        CallToken(connection: slot, generation: generation, stream: stream.pointee.id)
    }
}
