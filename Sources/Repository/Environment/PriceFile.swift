internal import Billing
internal import Synchronization
internal import Wire

/// A price list that an operator keeps in a file, read again when it has changed. One that can't be
/// used changes nothing.
package final class PriceFile: Sendable {
    private struct Versions {
        var loaded: [Int64]?
        var seen: [Int64]?
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    package let path: String
    package let list: PriceList
    private let versions: Mutex<Versions>

    /// Reads it, or says what is wrong with it.
    package init(_ path: String) throws {
        self.path = path
        let version = SmallFile.version(path)
        list = PriceList(try PriceFile.read(path))
        versions = Mutex(Versions(loaded: version, seen: version))
    }

    /// Reads it again once it has changed, and is found to rest: half a file is never taken.
    ///
    /// - Parameter force: without further ado.
    /// - Returns: nil: it wasn't read; else how many models it has, or why it can't be used.
    package func reload(force: Bool = false) -> Result<Int, any Error>? {
        let version = SmallFile.version(path)
        let isDue = versions.withLock { versions in
            defer { versions.seen = version }
            guard force || version != versions.loaded && version == versions.seen else {
                return false
            }
            versions.loaded = version
            return true
        }
        guard isDue else { return nil }
        return Result {
            let prices = try PriceFile.read(path)
            list.replace(with: prices)
            return prices.count
        }
    }

    private static func read(_ path: String) throws -> ModelPrices {
        guard let bytes = try SmallFile.read(path) else {
            throw Failure(description: "model-prices: there is no file \(path)")
        }
        do {
            return try ModelPriceFile.parse(bytes)
        } catch {
            throw Failure(description: "model-prices: \(path): \(error)")
        }
    }
}
