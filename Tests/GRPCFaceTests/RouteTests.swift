import Testing
import Wire

@testable import GRPCFace

/// Nobody adds an rpc and forgets its handler: the routes are held against the descriptors.
@Suite("Routes") struct RouteTests {
    private let described = Set(ReflectionIndex(others: []).methods)

    @Test("Every method of the API has a route")
    func everyMethod() {
        #expect(described.subtracting(Route.allCases.map(\.path)) == [])
        #expect(described.count > 5)
    }

    @Test("Every unary method of the API can be called in JSON")
    func everyCall() {
        let streams: [Route] = [.streamTrack, .watchCustomer]
        #expect(CalledMethod.paths == described.subtracting(streams.map(\.path)))
    }

    @Test("Every route is a method of the API, or of a service that is known to be another's")
    func everyRoute() {
        let others = Route.allCases.filter { !described.contains($0.path) }
        for route in others {
            let service = route.path.dropFirst().prefix { $0 != "/" }
            #expect(Route.otherServices.contains(String(service)), "\(route.path)")
        }
    }
}
