// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: explicit existentials, internal imports by
/// default, members visible only from modules the file itself imports, and no warning left.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func house(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency]
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path ?? "Sources/\(name)",
        swiftSettings: strict)
}

func service(_ name: String) -> Target {
    house(name, path: "Sources/Services/\(name)", ["Billing", "Events", "Wire", "Repository"])
}

func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let bits: Target.Dependency = .product(name: "BitCollections", package: "swift-collections")
let services: [Target.Dependency] = [
    "Attach", "Entitlement", "Usage", "Customers", "Catalog", "Clocks", "Rewards",
]

let package = Package(
    name: "tally",
    products: [.executable(name: "tally", targets: ["tally"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults]),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The C libraries, from the distribution.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .target(name: "CTallyProto", dependencies: ["CProtobufC"]),

        // One way down: a target imports only what stands here.
        house("RPC", nio + [log, "COpenSSL", "CNGHTTP2", "CZlib"]),
        house("Billing", []),
        house("Events", ["Billing", "CChecksum"]),
        house("Wire", ["Billing", "Events", "CTallyProto", "CProtobufC", "CZlib"]),
        house("Interchange", ["Billing", "Wire"]),
        house("Payments", ["Billing", "Wire", "CCurl", "COpenSSL"]),
        house(
            "Repository",
            [
                "Billing", "Wire", "Interchange", "Payments", "Events", "CChecksum", "COpenSSL",
                "CZlib", log, heap, bits,
            ]),
        house("Webhooks", ["Billing", "Wire", "Payments", "Repository", "COpenSSL", log]),
        .target(name: "CChecksum"),
        // What it embeds is read by its own directives.
        .target(name: "CDashboard", exclude: ["pages"]),
        service("Attach"), service("Entitlement"), service("Usage"), service("Customers"),
        service("Catalog"), service("Clocks"), service("Rewards"),
        house(
            "GRPCFace", path: "Sources/Faces/GRPCFace",
            [
                "RPC", "Billing", "Wire", "Repository", "Webhooks",
                .product(name: "NIOCore", package: "swift-nio"),
            ] + services),
        house(
            "JSONFace", path: "Sources/Faces/JSONFace",
            ["RPC", "Billing", "Wire", "Repository"] + services),
        house(
            "WebFace", path: "Sources/Faces/WebFace",
            ["RPC", "Billing", "Wire", "Payments", "Repository", log] + services),
        house(
            "DashboardFace", path: "Sources/Faces/DashboardFace",
            ["RPC", "Billing", "Wire", "Repository", "CDashboard"]),
        .executableTarget(
            name: "tally",
            dependencies: [
                "GRPCFace", "JSONFace", "WebFace", "DashboardFace", "Catalog", "RPC", "Billing",
                "Wire", "Payments",
                "Interchange", "Repository", "Events", "Webhooks", "CMalloc", log,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        // For tests only: a world of faults around the repository, and programs.
        house("Simulator", ["Billing", "Wire", "Repository", log]),
        .executableTarget(
            name: "tally-simulate", dependencies: ["Simulator"], swiftSettings: strict),
        .executableTarget(
            name: "tally-interop",
            dependencies: ["RPC", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),

        // Tests. The rows of the specification are told twice: to the core, and through the API.
        house("Stories", path: "Tests/Support/Stories", ["Billing"]),
        suite("HouseTests", []),
        suite("BillingTests", ["Billing", "Stories"]),
        suite(
            "APITests",
            [
                "Stories", "GRPCFace", "WebFace", "RPC", "Billing", "Wire", "Payments",
                "Repository", "Webhooks", "CTallyProto", "CProtobufC", log,
            ]),
        suite("EventsTests", ["Events", "Billing", "CChecksum"]),
        suite("WireTests", ["Wire", "Billing", "CTallyProto", "CProtobufC"]),
        suite("PaymentsTests", ["Payments", "Billing", "Wire"]),
        suite("InterchangeTests", ["Interchange", "Billing", "Wire"]),
        suite("LogTests", ["Repository", "CChecksum", "Simulator"]),
        suite(
            "RepositoryTests",
            ["Repository", "Billing", "Wire", "Interchange", "Payments", "Events", log]),
        suite(
            "JSONFaceTests", ["JSONFace", "RPC", "Billing", "Wire", "Repository", log]),
        suite(
            "DashboardFaceTests", ["DashboardFace", "RPC", "Billing", "Wire", "Repository", log]),
        suite("GRPCFaceTests", ["GRPCFace", "Wire"]),
        suite(
            "WebhooksTests",
            ["Webhooks", "Billing", "Wire", "Payments", "Repository", "Stories", log]),
        suite("RPCTests", ["RPC", log] + nio),
    ],
    swiftLanguageModes: [.v6]
)
