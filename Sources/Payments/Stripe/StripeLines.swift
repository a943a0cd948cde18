internal import Dispatch
internal import Synchronization

/// A few connections, each with a thread of its own while it is used, and those who wait for one.
final class StripeLines: Sendable {
    typealias Answer = Result<HTTPSClient.Response, HTTPSClient.Failure>

    /// One connection, made when it is used first.
    // Safety: whoever took it from `free` is its only user until it is put back.
    private final class Line: @unchecked Sendable {
        let queue = DispatchQueue(label: "stripe")
        var client: HTTPSClient?
    }

    private struct State {
        var free: [Line]
        var waiting: [CheckedContinuation<Line, Never>] = []
    }

    private let state: Mutex<State>
    private let make: @Sendable () throws -> HTTPSClient

    init(count: Int, make: @escaping @Sendable () throws -> HTTPSClient) {
        state = Mutex(State(free: (0..<count).map { _ in Line() }))
        self.make = make
    }

    /// Runs a request when a connection is free. Who is cancelled meanwhile doesn't wait for its
    /// end; the request goes on.
    func run(_ request: @escaping @Sendable (HTTPSClient) throws -> HTTPSClient.Response) async
        -> Answer
    {
        let line = await take()
        let promise = Promise()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                promise.await(continuation)
                line.queue.async {
                    promise.fulfil(self.perform(request, on: line))
                    self.put(line)
                }
            }
        } onCancel: {
            promise.fulfil(.failure(HTTPSClient.Failure(description: "nobody waits any more")))
        }
    }

    private func perform(
        _ request: (HTTPSClient) throws -> HTTPSClient.Response, on line: Line
    ) -> Answer {
        do {
            let client = try line.client ?? make()
            line.client = client
            return .success(try request(client))
        } catch {
            line.client = nil
            let failure = error as? HTTPSClient.Failure
            return .failure(failure ?? HTTPSClient.Failure(description: "\(error)"))
        }
    }

    private func take() async -> Line {
        await withCheckedContinuation { continuation in
            let line: Line? = state.withLock { state in
                if let line = state.free.popLast() { return line }
                state.waiting.append(continuation)
                return nil
            }
            if let line { continuation.resume(returning: line) }
        }
    }

    private func put(_ line: Line) {
        let next: CheckedContinuation<Line, Never>? = state.withLock { state in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.free.append(line)
            return nil
        }
        next?.resume(returning: line)
    }

    /// An answer, given once, whether somebody waits for it already or not.
    private final class Promise: Sendable {
        private enum State {
            case open
            case awaited(CheckedContinuation<Answer, Never>)
            case given(Answer)
            case over
        }

        private let state = Mutex(State.open)

        func await(_ continuation: CheckedContinuation<Answer, Never>) {
            let given: Answer? = state.withLock { state in
                if case .given(let answer) = state {
                    state = .over
                    return answer
                }
                state = .awaited(continuation)
                return nil
            }
            if let given { continuation.resume(returning: given) }
        }

        func fulfil(_ answer: Answer) {
            let waiting: CheckedContinuation<Answer, Never>? = state.withLock { state in
                switch state {
                case .open: state = .given(answer)
                case .awaited(let continuation):
                    state = .over
                    return continuation
                case .given, .over: break
                }
                return nil
            }
            waiting?.resume(returning: answer)
        }
    }
}
