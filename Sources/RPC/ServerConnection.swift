/// A connection as its loop's port knows it. Confined to the loop.
protocol ServerConnection: AnyObject {
    /// Nil: no HTTP/2 yet, or no more.
    var serverCalls: ServerCalls? { get }
    /// In the loop's list of connections with finished calls.
    var isTouched: Bool { get set }
    /// Everything there is to send now.
    func send()
    /// Once a second.
    func sweep(tick: Int)
    /// What is open goes on; then the connection ends.
    func leave(_ reason: ConnectionMetrics.Closing)
    func closeNow(_ reason: ConnectionMetrics.Closing)
}
