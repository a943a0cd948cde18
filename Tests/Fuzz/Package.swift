// swift-tools-version: 6.2
import PackageDescription

// The fuzzers: a package of its own, since it compiles the sources once more, instrumented. They
// are targets here, through the link `Sources`, so that package access and `@testable` reach them.

let instrumented: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=address,fuzzer", "-enable-testing"]),
]
let instrumentedC: [CSetting] = [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]

func copy(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(name)",
        swiftSettings: instrumented)
}

func copyC(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(name)", cSettings: instrumentedC)
}

func library(_ name: String, pkgConfig: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig)
}

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let bits: Target.Dependency = .product(name: "BitCollections", package: "swift-collections")

let package = Package(
    name: "tally-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        library("COpenSSL", pkgConfig: "openssl"),
        library("CNGHTTP2", pkgConfig: "libnghttp2"),
        library("CZlib", pkgConfig: "zlib"),
        library("CProtobufC", pkgConfig: "libprotobuf-c"),
        library("CCurl", pkgConfig: "libcurl"),
        copyC("CTallyProto", ["CProtobufC"]),
        copyC("CChecksum"),
        copy(
            "RPC",
            [
                nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), log, "COpenSSL", "CNGHTTP2",
                "CZlib",
            ]),
        copy("Billing", []),
        copy("Wire", ["Billing", "Events", "CTallyProto", "CProtobufC", "CZlib"]),
        copy("Events", ["Billing", "CChecksum"]),
        copy("Interchange", ["Billing", "Wire"]),
        copy("Payments", ["Billing", "Wire", "CCurl", "COpenSSL"]),
        copy(
            "Repository",
            [
                "Billing", "Wire", "Interchange", "Events", "Payments", "CChecksum", "COpenSSL",
                "CZlib", log, heap, bits,
            ]),
        .target(name: "CFuzzer", path: "CFuzzer"),
        .executableTarget(
            name: "tally-fuzz",
            dependencies: [
                "CFuzzer", "RPC", "Billing", "Wire", "Repository", nio("NIOCore"),
                nio("NIOEmbedded"),
            ],
            path: "Fuzzer", swiftSettings: instrumented,
            linkerSettings: [.unsafeFlags(["-sanitize=address,fuzzer"])]),
    ],
    swiftLanguageModes: [.v6]
)
