extension MessageJSON {
    /// Milliseconds since the epoch of a timestamp as `decode` writes it, finer digits dropped;
    /// nil: the text is no RFC 3339 time.
    package static func milliseconds(ofTimestamp text: String) -> Int64? {
        TimestampText(text).map { $0.seconds * 1000 + Int64($0.nanoseconds / 1_000_000) }
    }
}
