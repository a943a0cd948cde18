internal import ArgumentParser

/// A command's failure: what a person reads, and the exit code that a script sees.
struct CommandFault: Error, CustomStringConvertible {
    enum Exit: Int32 {
        /// A check was answered "no", or a file is damaged.
        case negative = 1
        /// The server refused, or the input is wrong.
        case refused = 2
        /// The server can't be reached, or can't answer now.
        case unavailable = 3
        case usage = 64
    }

    var description: String
    var exit: Exit

    init(_ description: String, exit: Exit) {
        self.description = description
        self.exit = exit
    }
}
