internal import Glibc
internal import NIOPosix
internal import RPC
internal import Wire

/// `tally track --stream`: standard input to `StreamTrack`.
struct TrackStream {
    /// How often progress is told.
    private static let progressEvery = 1000

    let flags: ServerFlags
    /// Of lines that name none.
    let customer: String?
    let behavior: String

    private struct Counts {
        var tracked = 0
        var replayed = 0
        var refused = 0
    }

    func run() async throws {
        let feed = TrackFeed()
        var counts = Counts()
        // Not a child: when the call fails, nobody waits for the next line.
        let reading = Task { try await read(into: feed) }
        do {
            try await TallyClient.with(flags) { client in
                try await client.keepStreaming(.streamTrack) { stream in
                    try await exchange(stream, feed, &counts)
                }
            }
        } catch {
            report(counts)
            throw error
        }
        report(counts)
        try await reading.value
        if counts.refused > 0 {
            throw CommandFault("\(counts.refused) reports were refused", exit: .refused)
        }
    }

    /// Sends and takes answers at the same time, until everything is answered.
    private func exchange(
        _ stream: TallyStream, _ feed: TrackFeed, _ counts: inout Counts
    ) async throws {
        let connection = await feed.begin()
        let sender = Task {
            do {
                while let report = await feed.next(connection) {
                    guard try await stream.send(["track": .object(report.request)]) else { return }
                }
                stream.finishSending()
            } catch {
                stream.cancel()
                throw error
            }
        }
        do {
            while let answer = try await stream.next() {
                guard await feed.answered(answer.text("request_id")) else {
                    throw CallFailure(RPCStatus(.internalError, "an answer to no report"))
                }
                show(answer, &counts)
            }
        } catch {
            await feed.drop(connection)
            stream.cancel()
            throw (await sender.result).failure ?? error
        }
        try await sender.value
    }

    private func show(_ answer: JSONValue, _ counts: inout Counts) {
        if let refused = answer["refused"] {
            counts.refused += 1
            if !flags.json {
                Console.complain(
                    "\(answer.text("request_id")) refused: \(refused.text("message")) "
                        + "(\(refused.text("reason")))")
            }
        } else {
            counts.tracked += 1
            if answer["tracked"]?.flag("replayed") == true { counts.replayed += 1 }
        }
        if flags.json {
            print(JSONWriter.text(answer))
            fflush(nil)
        } else if (counts.tracked + counts.refused) % TrackStream.progressEvery == 0 {
            report(counts)
        }
    }

    private func report(_ counts: Counts) {
        guard !flags.json else { return }
        var text = "tracked \(HumanText.quantity("\(counts.tracked)")) reports"
        if counts.replayed > 0 { text += " (\(counts.replayed) of them had been counted before)" }
        if counts.refused > 0 { text += ", \(counts.refused) refused" }
        print(text)
        fflush(nil)
    }

    // MARK: Lines

    /// On a thread that may block. A line that makes no sense ends the reading; what came before
    /// is still sent.
    private func read(into feed: TrackFeed) async throws {
        var number = 0
        do {
            while let line = try await NIOThreadPool.singleton.runIfActive({ readLine() }) {
                number += 1
                let words = line.split(whereSeparator: \.isWhitespace)
                if words.isEmpty { continue }
                await feed.add(try parse(line, words.map(String.init), number))
            }
        } catch {
            await feed.end()
            throw error
        }
        await feed.end()
    }

    /// A TrackRequest as JSON, or "feature", or "feature value".
    private func parse(
        _ line: String, _ words: [String], _ number: Int
    ) throws -> TrackFeed.Report {
        var request: JSONObject
        if words[0].hasPrefix("{") {
            guard case .object(let object)? = try? JSONParser.parse(line) else {
                throw CommandFault("line \(number) is not a JSON object", exit: .usage)
            }
            request = object
        } else {
            let value = words.count == 2 ? Double(words[1]) : 1
            guard words.count <= 2, let value else {
                throw CommandFault(
                    "line \(number) must be \"feature\", \"feature value\" or a JSON object",
                    exit: .usage)
            }
            request = ["feature_id": .string(words[0]), "value": .number(value)]
        }
        if request["customer_id"] == nil {
            guard let customer else {
                throw CommandFault(
                    "line \(number) names no customer_id, and neither does the command",
                    exit: .usage)
            }
            request.append("customer_id", .string(customer))
        }
        if request["overage_behavior"] == nil {
            request.append("overage_behavior", .string(behavior))
        }
        let given = JSONValue.object(request).text("request_id")
        if given.isEmpty {
            let id = RequestIdentifier.make()
            request.append("request_id", .string(id))
            return TrackFeed.Report(id: id, request: request)
        }
        return TrackFeed.Report(id: given, request: request)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
