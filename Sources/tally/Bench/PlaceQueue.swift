/// Free places, the one that waited longest first, so that all connections take part however few
/// calls are in progress.
struct PlaceQueue {
    private var places: [Int]
    private var first = 0
    private var count: Int

    init(count: Int) {
        places = Array(0..<count)
        self.count = count
    }

    mutating func next() -> Int? {
        guard count > 0 else { return nil }
        let place = places[first]
        first = (first + 1) % places.count
        count -= 1
        return place
    }

    mutating func giveBack(_ place: Int) {
        places[(first + count) % places.count] = place
        count += 1
    }
}
