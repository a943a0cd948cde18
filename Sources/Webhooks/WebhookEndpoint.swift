package import Billing

/// A receiver of notifications.
package struct WebhookEndpoint: Sendable {
    /// More are refused: each follows the log on its own.
    package static let limit = 8

    /// Unique; small letters, digits and dashes.
    package var name: String
    package var url: String
    /// At least one; several while one takes another's place.
    package var secrets: [WebhookSecret]
    /// What it is told.
    package var kinds: Set<Notification.Kind>
    /// PEM of the authorities to trust; nil: the system's.
    package var authorityFile: String?

    package init(
        name: String, url: String, secrets: [WebhookSecret],
        kinds: Set<Notification.Kind> = Set(Notification.Kind.allCases),
        authorityFile: String? = nil
    ) {
        self.name = name
        self.url = url
        self.secrets = secrets
        self.kinds = kinds
        self.authorityFile = authorityFile
    }

    /// Plain HTTP; the settings allow it on this machine only.
    var isPlain: Bool { url.hasPrefix("http://") }

    /// What is sent beside the body.
    func headers(id: String, seconds: Int64, body: [UInt8]) -> [String] {
        let signatures = secrets.map { $0.signature(id: id, seconds: seconds, body: body) }
        return [
            "content-type: application/json", "user-agent: tally", "expect:",
            "webhook-id: \(id)", "webhook-timestamp: \(seconds)",
            "webhook-signature: \(signatures.joined(separator: " "))",
        ]
    }
}
