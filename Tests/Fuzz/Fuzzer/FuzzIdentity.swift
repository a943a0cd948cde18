import Glibc

@testable import RPC

/// A throw-away certificate for localhost, made anew for each run.
enum FuzzIdentity {
    static func make() throws -> TLSIdentity {
        var template = Array("/tmp/tally-fuzz-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TLSFault(description: "mkdtemp") }
        let folder = String(cString: made)
        let identity = TLSIdentity(
            certificateChainFile: folder + "/cert.pem", privateKeyFile: folder + "/key.pem")
        let command = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
            -subj /CN=localhost -addext subjectAltName=DNS:localhost \
            -keyout \(identity.privateKeyFile) -out \(identity.certificateChainFile) 2>/dev/null
            """
        guard system(command) == 0 else { throw TLSFault(description: "openssl req") }
        return identity
    }

    /// Once the contexts are made.
    static func remove(_ identity: TLSIdentity) {
        unlink(identity.certificateChainFile)
        unlink(identity.privateKeyFile)
        rmdir(String(identity.privateKeyFile.dropLast("/key.pem".count)))
    }
}
