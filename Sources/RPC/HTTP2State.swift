import CNGHTTP2
import NIOCore

/// What the callbacks see and change: the other half of `HTTP2Session`, at a fixed address.
struct HTTP2State: ~Copyable {
    /// How far a farewell has come.
    enum Leaving {
        case no
        /// The first GOAWAY and a ping went out.
        case noticed
        /// The ping was answered.
        case heard
        case said
    }

    static let leavingPing: UInt8 = 1
    static let keepalivePing: UInt8 = 2

    let isServer: Bool
    let maxHeaderListBytes: Int
    let pool: Unmanaged<StreamPool>
    let okTrailers: UnsafeMutablePointer<nghttp2_nv>
    var connection: UInt32 = 0
    var events = HTTP2Events()
    /// The stream whose header block is being read, or whose data came last.
    var current: StreamReference?
    var firstOpen: StreamReference?
    var openCount = 0
    var paths = PathMemos()
    var authorization = AuthorizationMemo()
    /// The peer said GOAWAY: no new streams.
    var peerIsLeaving = false
    var leaving = Leaving.no
    /// The loop's, when input came last.
    var tick = 0
    /// When the burst being read came, if anybody wants to know.
    var burstBegan = NIODeadline.distantPast
    var meter: FrameMeter
    var requestsCounted = 0
    /// Bytes of bodies whose room on the connection the peer hasn't been given back.
    var unconsumed = 0

    init(
        isServer: Bool, maxHeaderListBytes: Int, frames: FrameLimits, pool: StreamPool,
        okTrailers: UnsafeMutablePointer<nghttp2_nv>
    ) {
        meter = FrameMeter(frames)
        self.isServer = isServer
        self.maxHeaderListBytes = maxHeaderListBytes
        self.pool = Unmanaged.passUnretained(pool)
        self.okTrailers = okTrailers
    }

    mutating func open(_ id: Int32) -> StreamReference {
        let stream = pool._withUnsafeGuaranteedRef { $0.take() }
        stream.pointee.id = id
        stream.pointee.connection = connection
        stream.pointee.opened = tick
        stream.pointee.started = burstBegan
        stream.pointee.nextOpen = firstOpen
        firstOpen?.pointee.previousOpen = stream
        firstOpen = stream
        openCount += 1
        return stream
    }

    /// Back to the pool. Nothing may point to it any more.
    mutating func release(_ stream: StreamReference) {
        let next = stream.pointee.nextOpen
        let previous = stream.pointee.previousOpen
        next?.pointee.previousOpen = previous
        if let previous { previous.pointee.nextOpen = next } else { firstOpen = next }
        if current == stream { current = nil }
        openCount -= 1
        pool._withUnsafeGuaranteedRef { $0.give(stream) }
    }
}

/// What the dispatcher said of a `:path`: clients repeat the same few.
struct PathMemo: ~Copyable {
    var bytes = RawBytes()
    var method: Int32 = -1
    var limit = 0
    /// `isOpen` and `isStreaming`.
    var kind: HTTP2Stream.Flags = []

    @inline(__always)
    func fill(_ stream: StreamReference) {
        stream.pointee.method = method
        stream.pointee.limit = limit
        stream.pointee.flags.insert(kind.union(.methodKnown))
    }
}

/// One memo for each of a few places; a path's place comes from its length and three bytes.
/// Only paths that exist are kept.
struct PathMemos: ~Copyable {
    private static let places = 8
    private let memos: UnsafeMutablePointer<PathMemo>
    /// Where the last match was.
    private(set) var last = 0

    init() {
        memos = .allocate(capacity: Self.places)
        for place in 0..<Self.places { (memos + place).initialize(to: PathMemo()) }
    }

    deinit {
        memos.deinitialize(count: Self.places)
        memos.deallocate()
    }

    @inline(__always)
    mutating func match(_ path: UnsafeRawBufferPointer) -> UnsafeMutablePointer<PathMemo>? {
        guard let base = path.baseAddress, path.count > 0 else { return nil }
        let place = Self.place(path)
        guard memos[place].bytes.equals(base, path.count) else { return nil }
        last = place
        return memos + place
    }

    var lastBytes: UnsafeRawBufferPointer { memos[last].bytes.bytes }

    func set(
        _ path: UnsafeRawBufferPointer, method: Int32, limit: Int, kind: HTTP2Stream.Flags
    ) {
        guard path.count > 0 else { return }
        let memo = memos + Self.place(path)
        memo.pointee.bytes.clear()
        memo.pointee.bytes.append(path)
        memo.pointee.method = method
        memo.pointee.limit = limit
        memo.pointee.kind = kind
    }

    @inline(__always)
    private static func place(_ path: UnsafeRawBufferPointer) -> Int {
        let count = path.count
        let mix =
            count + Int(path[count - 1]) + 3 * Int(path[count / 2]) + 5
            * Int(path[count - count / 4 - 1])
        return mix & (places - 1)
    }
}

/// Who the connection's last call was accepted as: by `authorization`, and without it.
struct AuthorizationMemo: ~Copyable {
    var bytes = RawBytes()
    var isValid = false
    /// Counts the changes of `bytes`.
    var generation: UInt32 = 0
    var principal = 0
    var epoch = 0
    var keyless: (principal: Int, epoch: Int)?

    /// nil: it has to be asked for.
    func principal(of value: UnsafeRawBufferPointer?, epoch: Int) -> Int? {
        guard let value else { return keyless?.epoch == epoch ? keyless?.principal : nil }
        guard isValid, self.epoch == epoch, let base = value.baseAddress,
            bytes.equals(base, value.count)
        else { return nil }
        return principal
    }
}
