internal import Glibc

/// Where people look for what went wrong.
enum Console {
    /// One line on standard error.
    static func complain(_ text: String) {
        let line = Array("tally: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
