/// Finds the name that was probably meant.
enum NearName {
    /// At most two slips, one for short names: beyond that a suggestion confuses.
    private static let mostSlips = 2
    /// Longer text is no slip of ours, and the comparison is quadratic.
    private static let longestName = 64

    /// The nearest candidate, the first of equals; case and "_" don't count, so that "planId" finds
    /// "plan_id". nil: none is near.
    static func find(_ name: String, among candidates: [String]) -> String? {
        guard name.utf8.count <= longestName else { return nil }
        let wanted = folded(name)
        let limit = wanted.count < 4 ? 1 : mostSlips
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let distance = distance(wanted, folded(candidate))
            if distance <= limit, distance < wanted.count, distance < best?.distance ?? .max {
                best = (distance, candidate)
            }
        }
        return best?.name
    }

    private static func folded(_ name: String) -> [UInt8] {
        Array(name.lowercased().utf8.filter { $0 != UInt8(ascii: "_") })
    }

    /// Insertions, deletions and substitutions that turn one into the other.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[b.count]
    }
}
