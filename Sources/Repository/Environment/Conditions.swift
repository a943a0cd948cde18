internal import Synchronization

/// What an operator should look at in an environment, while everything goes on.
package final class Conditions: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The files: damage that a scrub found.
        case storage
        /// The copy that follows is too far behind.
        case backup
        /// Receivers of webhooks that want no more of them, or can't be reached.
        case webhooks
    }

    private struct State {
        var words: [Kind: String] = [:]
        var listener: (@Sendable (Kind, Bool) -> Void)?
    }

    private let state = Mutex(State())

    package init() {}

    /// What is wrong, in words; empty: nothing.
    package var current: [Kind: String] { state.withLock { $0.words } }

    /// Told of each change, and at once of what is wrong already: whether all is well.
    package func listen(_ listener: @escaping @Sendable (Kind, Bool) -> Void) {
        let words = state.withLock { state in
            state.listener = listener
            return state.words
        }
        for kind in words.keys { listener(kind, false) }
    }

    /// True: it is news. Nil: all is well.
    @discardableResult
    package func set(_ kind: Kind, _ words: String?) -> Bool {
        let (isNews, listener) = state.withLock { state in
            let isNews = (state.words[kind] == nil) != (words == nil)
            state.words[kind] = words
            return (isNews, state.listener)
        }
        if isNews { listener?(kind, words == nil) }
        return isNews
    }
}
