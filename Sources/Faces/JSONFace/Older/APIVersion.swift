/// Which shapes a caller expects, by its header `x-api-version`.
enum APIVersion: Comparable, CaseIterable {
    case v1_2
    case v2_0
    /// 2.1 to 2.3 are the same shapes, and later clients add only what may be left out.
    case newest

    /// Without the header: the newest. A newer minor version counts as the newest known of its
    /// major one; a date counts as the version of that day.
    init(_ header: String?) throws(JSONProblem) {
        guard let header else {
            self = .newest
            return
        }
        guard let version = APIVersion(number: header) ?? APIVersion(day: header) else {
            throw JSONProblem(
                400, "invalid_api_version",
                "x-api-version must be 1.2, 2.0, 2.1 or a later 2.x, such as 2.3.0")
        }
        self = version
    }

    private init?(number: String) {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
            .map { UInt16($0) }
        guard (2...3).contains(parts.count), parts.allSatisfy({ $0 != nil }),
            let major = parts[0], let minor = parts[1]
        else { return nil }
        switch (major, minor) {
        case (1, 2...): self = .v1_2
        case (2, 0): self = .v2_0
        case (2, _): self = .newest
        default: return nil
        }
    }

    /// As 2026-03-17; days compare as their texts do.
    private init?(day: String) {
        let parts = day.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy({ UInt16($0) != nil }) else {
            return nil
        }
        switch day {
        case "2026-03-17"...: self = .newest
        case "2026-03-16"...: self = .v2_0
        case "2025-05-05"...: self = .v1_2
        default: return nil
        }
    }
}
