internal import Billing
internal import Wire

/// What a method takes: the keys of its body, in the words of this API, and where each goes in our
/// own message.
struct RequestForm: Sendable {
    let message: MessageKind
    let shape: RequestShape
    /// Whether a retry is known by the header `Idempotency-Key`.
    var takesRequestKey = false
    /// The field of the message that all of it goes into; empty: the message itself.
    var root = ""
    /// Where in the message the body's fields are, where they are put there by somebody else.
    private(set) var part = ""

    init(
        _ message: String, _ keys: [RequestShape.Key], choices: [[String]] = [],
        finish: (@Sendable (JSONObject, inout Filler) -> JSONObject)? = nil,
        takesRequestKey: Bool = false
    ) {
        self.message = MessageKind(message)
        self.takesRequestKey = takesRequestKey
        shape = RequestShape(keys, choices: choices, finish: finish)
    }

    /// The form of what says beforehand what the call does.
    func previewed(by message: String, in field: String) -> RequestForm {
        RequestForm(message: MessageKind(message), shape: shape, root: field)
    }

    /// The form of what is one part of a message, which names its own faults by where it is.
    func within(_ part: String) -> RequestForm {
        var form = self
        form.part = part
        return form
    }

    private init(message: MessageKind, shape: RequestShape, root: String) {
        self.message = message
        self.shape = shape
        self.root = root
    }
}

/// The keys of one object. Keys that it doesn't name are ignored; those that it names as `later`
/// are refused as soon as they ask for something, because leaving them out would change what the
/// caller gets.
struct RequestShape: Sendable {
    let keys: [Key]
    /// Of each of these groups exactly one key is given.
    var choices: [[String]] = []
    /// What is still to be done to the fields, once all of them are there.
    var finish: (@Sendable (JSONObject, inout Filler) -> JSONObject)?

    init(
        _ keys: [Key], choices: [[String]] = [],
        finish: (@Sendable (JSONObject, inout Filler) -> JSONObject)? = nil
    ) {
        self.keys = keys
        self.choices = choices
        self.finish = finish
    }

    struct Key: Sendable {
        indirect enum Use: Sendable {
            case text, number, flag
            /// The same the other way round.
            case notFlag
            /// A whole number from 0 on.
            case count
            /// One of these words, and ours for it.
            case word([(word: String, ours: String)])
            /// Milliseconds since the epoch.
            case time
            /// A list of texts.
            case texts
            /// Texts by keys; those that are null are removed, where there is a field for that.
            case entries(removed: String?)
            /// Flat values by keys.
            case values
            case object(RequestShape)
            case list(RequestShape)
            /// In a way of its own; nil: what stands there is wrong, in these words.
            case own(String, @Sendable (JSONValue, Filler) -> JSONValue?)
            /// Not yet; with a name: not yet together with that flag.
            case later(with: String?)
            /// The one value that asks for nothing special.
            case only(JSONValue)
        }

        let name: String
        let use: Use
        /// The message's field, or a path such as "filter.balance_id"; nil: checked, and of no
        /// consequence here. Empty: an object's fields go where the object is.
        var field: String?
        var isRequired = false
        /// What null says, where that isn't the same as leaving the key out.
        var null: (field: String, value: JSONValue)?
        /// What leaving the key out says, where our message says something else by that.
        var standard: JSONValue?
        /// What giving the key says beside its value.
        var also: (field: String, value: JSONValue)?
        /// What it takes, as a JSON Schema, where its use doesn't say it.
        var described: JSONValue?

        init(_ name: String, _ use: Use, as field: String?) {
            self.name = name
            self.use = use
            self.field = field
        }
    }
}

extension RequestShape.Key {
    static func text(_ name: String, as field: String? = nil) -> Self {
        Self(name, .text, as: field ?? name)
    }

    static func number(_ name: String, as field: String? = nil) -> Self {
        Self(name, .number, as: field ?? name)
    }

    static func count(_ name: String, as field: String? = nil) -> Self {
        Self(name, .count, as: field ?? name)
    }

    static func flag(_ name: String, as field: String?) -> Self {
        Self(name, .flag, as: field)
    }

    static func flag(_ name: String) -> Self { flag(name, as: name) }

    static func time(_ name: String, as field: String) -> Self {
        Self(name, .time, as: field)
    }

    static func texts(_ name: String, as field: String? = nil) -> Self {
        Self(name, .texts, as: field ?? name)
    }

    static func values(_ name: String, as field: String? = nil) -> Self {
        Self(name, .values, as: field ?? name)
    }

    static func object(_ name: String, as field: String? = nil, _ shape: RequestShape) -> Self {
        Self(name, .object(shape), as: field ?? name)
    }

    static func list(_ name: String, as field: String? = nil, _ shape: RequestShape) -> Self {
        Self(name, .list(shape), as: field ?? name)
    }

    /// Words that are ours too.
    static func word(_ name: String, as field: String? = nil, _ words: [String]) -> Self {
        Self(name, .word(words.map { ($0, $0) }), as: field ?? name)
    }

    static func word(_ name: String, as field: String, _ words: KeyValuePairs<String, String>)
        -> Self
    {
        Self(name, .word(words.map { ($0.key, $0.value) }), as: field)
    }

    static func later(_ names: String..., with flag: String? = nil) -> [Self] {
        names.map { Self($0, .later(with: flag), as: nil) }
    }

    /// Nothing but this is supported.
    static func only(_ name: String, _ value: JSONValue) -> Self {
        Self(name, .only(value), as: nil)
    }

    /// Which parts of the answer are told in full; the exchange looks at it.
    static let expand = Self("expand", .texts, as: nil)

    var required: Self { with { $0.isRequired = true } }

    func null(_ field: String, _ value: JSONValue) -> Self { with { $0.null = (field, value) } }

    func standard(_ value: JSONValue) -> Self { with { $0.standard = value } }

    func also(_ field: String, _ value: JSONValue) -> Self { with { $0.also = (field, value) } }

    func described(_ schema: ReplySchema) -> Self { with { $0.described = schema.json } }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var key = self
        change(&key)
        return key
    }
}
