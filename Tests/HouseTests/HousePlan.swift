/// Which target may import what, beside the system's modules. The compiler holds each import
/// against Package.swift; this table is what Package.swift itself is held against.
enum HousePlan {
    /// Modules of the toolchain, open to everybody but `Billing`.
    static let system: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]

    static let imports: [String: Set<String>] = [
        "Billing": [],
        "RPC": [
            "COpenSSL", "CNGHTTP2", "CZlib", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix",
        ],
        "Wire": ["Billing", "CProtobufC", "CTallyProto", "CZlib", "Events"],
        "Interchange": ["Billing", "Wire"],
        "Payments": ["Billing", "CCurl", "COpenSSL", "Wire"],
        "Events": ["Billing", "CChecksum"],
        "Repository": [
            "Billing", "CChecksum", "COpenSSL", "CZlib", "Events", "BitCollections", "HeapModule",
            "Interchange",
            "Logging", "Payments", "Wire",
        ],
        "Webhooks": ["Billing", "COpenSSL", "Logging", "Payments", "Repository", "Wire"],
        "Attach": service,
        "Catalog": service,
        "Clocks": service,
        "Customers": service,
        "Entitlement": service,
        "Rewards": service,
        "Usage": service,
        "GRPCFace": face.union(["NIOCore", "RPC", "Webhooks"]),
        "JSONFace": face.union(["RPC"]),
        "DashboardFace": ["Billing", "CDashboard", "RPC", "Repository", "Wire"],
        "WebFace": face.union(["Logging", "Payments", "RPC"]),
        "tally": face.union([
            "ArgumentParser", "CMalloc", "Configuration", "DashboardFace", "Events", "GRPCFace",
            "Interchange", "JSONFace",
            "Logging", "NIOCore", "NIOPosix", "Payments", "RPC", "ServiceLifecycle",
            "SystemPackage", "UnixSignals", "WebFace", "Webhooks",
        ]),
        "tally-interop": ["NIOCore", "RPC"],
        "Simulator": ["Billing", "Logging", "Repository", "Wire"],
        "tally-simulate": ["Simulator"],
    ]

    /// A service knows no other service.
    private static let service: Set<String> = ["Billing", "Events", "Repository", "Wire"]

    /// A face knows every service and no other face.
    private static let face: Set<String> = [
        "Attach", "Billing", "Catalog", "Clocks", "Customers", "Entitlement", "Repository",
        "Rewards", "Usage", "Wire",
    ]
}

/// What only these files may do, and why they.
enum AllowList {
    static let doubleInBilling = [
        "Sources/Billing/Values/Quantity+Double.swift": "the one way from the wire's `double`"
    ]

    /// Everybody else is handed the time.
    static let clock = [
        "Sources/RPC/RPCServer.swift": "gives open calls a while to end before it stops",
        "Sources/Repository/Log/LogRecovery.swift": "reports how long a replay took",
        "Sources/Repository/Log/MemoryLog.swift": "reports how long a replay took",
        "Sources/Repository/Log/Monitor.swift": "waits with a deadline",
        "Sources/Repository/SystemClock.swift": "the one source of time",
        "Sources/tally-simulate/Main.swift": "reports how many seeds a second",
    ]

    /// Everybody else is handed the dice.
    static let chance = [
        "Sources/RPC/RPCClient.swift": "spreads the retries of many clients",
        "Sources/RPC/TLSTickets.swift": "keys of session tickets",
        "Sources/Payments/Stripe/StripeClient.swift": "spreads what is sent again",
        "Sources/Webhooks/EndpointWorker.swift": "spreads what is sent again",
        "Sources/Repository/Effects/Effects.swift": "ids of effects, secret on payment pages",
        "Sources/Repository/Environment/KeyRing.swift": "API keys",
        "Sources/Repository/Erasure/SealCipher.swift": "customers' keys, and nonces",
        "Sources/Repository/Environment/Manifest.swift": "a folder's id",
        "Sources/Repository/Environment/PortalLinks.swift": "the key of customers' addresses",
        "Sources/Repository/Directory.swift": "what fingerprints are hashed with",
        "Sources/Repository/Rewards/ReferralCodes.swift": "codes that nobody guesses",
        "Sources/tally/Bench/LoadSource.swift": "a load of random customers",
        "Sources/tally/Client/RequestIdentifier.swift": "request ids of the command line",
    ]
}
