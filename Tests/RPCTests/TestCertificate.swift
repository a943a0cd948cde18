import Foundation

@testable import RPC

/// A throw-away certificate for localhost and 127.0.0.1, made once for a run of the tests.
enum TestCertificate {
    static let identity: TLSIdentity = {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("rpc-tests-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let identity = TLSIdentity(
                certificateChainFile: folder.appendingPathComponent("cert.pem").path,
                privateKeyFile: folder.appendingPathComponent("key.pem").path)
            try make(identity)
            return identity
        } catch {
            fatalError("no test certificate: \(error)")
        }
    }()

    private static func make(_ identity: TLSIdentity) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", identity.privateKeyFile, "-out", identity.certificateChainFile,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TLSFault(description: "openssl ended with \(process.terminationStatus)")
        }
    }
}
