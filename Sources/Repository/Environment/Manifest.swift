internal import Billing

/// What a folder is, in a file of lines "name: value" that people can read.
///
///     tally: data folder
///     format: 2              1: everything is in the clear; 2: what is personal is sealed, old
///                            segments become new ones or are compressed
///     reader: 2              the oldest format version whose readers can read this folder
///     environment: sandbox
///     folder: 5f0c…          32 hex digits, made once
///     partitions: 1          how many; stays as it was when the folder was made
///     seed: 9a41…            16 hex digits, the secret of fingerprints, and of which customer
///                            belongs to which partition
struct Manifest {
    static let fileName = "MANIFEST"
    /// The format of new folders, and the newest that this binary reads. A folder of an older one
    /// is written as it is until it is upgraded.
    static let currentFormat = 2

    var format = currentFormat
    var environment: String
    var folderID: String
    var partitions: Int
    var seed: UInt64

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    init(environment: String, partitions: Int) {
        var generator = SystemRandomNumberGenerator()
        self.environment = environment
        self.partitions = partitions
        folderID = Manifest.hex(generator.next()) + Manifest.hex(generator.next())
        seed = generator.next()
    }

    init(_ content: [UInt8], path: String) throws {
        var values: [Substring: String] = [:]
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            values[parts[0]] = String(parts[1].drop { $0 == " " })
        }
        guard values["tally"] == "data folder" else {
            throw Failure(description: "\(path) is no manifest of tally; choose another folder")
        }
        let reader = values["reader"].flatMap { Int($0) } ?? .max
        guard reader <= Manifest.currentFormat else {
            throw Failure(
                description: "\(path) was written by a newer tally (it needs a reader of format "
                    + "\(reader), this one reads \(Manifest.currentFormat)); upgrade tally")
        }
        guard let environment = values["environment"], let folderID = values["folder"],
            let seed = values["seed"].flatMap({ UInt64($0, radix: 16) }),
            let format = values["format"].flatMap({ Int($0) }),
            let partitions = values["partitions"].flatMap({ Int($0) }),
            1...Partition.limit ~= partitions
        else { throw Failure(description: "\(path) is incomplete; restore it from a backup") }
        self.format = format
        self.environment = environment
        self.folderID = folderID
        self.partitions = partitions
        self.seed = seed
    }

    // What a binary that reads no newer format couldn't read.

    /// What is personal is sealed.
    var seals: Bool { format >= 2 }

    /// Old segments of logs become new ones.
    var recycles: Bool { format >= 2 }

    /// Segments that no restart needs may be compressed.
    var compresses: Bool { format >= 2 }

    // Each log has an identity of its own, so that none is taken for another.

    var directoryIdentity: UInt64 { seed &+ 1 }

    func partitionIdentity(_ number: Int) -> UInt64 { seed &+ 2 &+ UInt64(number) }

    /// Secret: customers choose their ids.
    var customerSeed: UInt64 { InlineText.fold(seed, 0xA24B_AED4_963E_E407) }

    var content: [UInt8] {
        Array(
            """
            tally: data folder
            format: \(format)
            reader: \(format)
            environment: \(environment)
            folder: \(folderID)
            partitions: \(partitions)
            seed: \(Manifest.hex(seed))

            """.utf8)
    }

    private static func hex(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}
