extension EventFilter {
    /// Shows every event that it leaves, file by file and in each in order of its log, until `body`
    /// gives false.
    ///
    /// - Parameter checkpoint: called between blocks; what it throws ends the walk.
    package func forEach(
        over parts: [EventPart], checkpoint: () throws -> Void = {},
        _ body: (UsageEvent) throws -> Bool
    ) throws {
        for part in parts {
            guard let filter = try PartFilter(self, in: part) else { continue }
            let scan = BlockScan(part)
            let reader = EventReader(part)
            for block in part.blocks.indices {
                try checkpoint()
                guard filter.canMatch(block, in: part) else { continue }
                try scan.begin(block, filter)
                if scan.count == 0 { continue }
                try reader.open(block, whole: true)
                for row in scan.remaining {
                    guard try body(reader.event(Int(row))) else { return }
                }
            }
        }
    }
}
