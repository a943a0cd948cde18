internal import Repository

/// Destroys keys of erasures that are durable, as the product's worker does. A fault of their file
/// ends the process, as it ends the server.
struct Eraser: Actor {
    let name = "eraser"
    let weight = 4

    func turn(_ world: World, _ process: Process) throws {
        do throws(DiskFault) {
            for partition in process.partitions {
                try partition.repository.destroyErasedKeys()
            }
        } catch {
            guard world.faults > 0 || process.session.isDead else { throw world.fail("\(error)") }
            world.trace.note("the file of keys failed: \(error)")
            process.session.kill()
        }
    }
}

extension World {
    /// After a recovery: what was erased has no key any more, what wasn't has one, and no file says
    /// anything personal, whatever was lost or torn.
    func checkSecrets(_ process: Process) throws {
        let known = model.customers.values.count { $0.isPersonal }
        let count = process.partitions.reduce(0) { $0 + $1.keys.count }
        guard count == known else {
            throw fail("\(count) keys for \(known) customers")
        }
        for (path, bytes) in machine.disk.files {
            for secret in Catalogs.secrets where bytes.contains(secret) {
                throw fail("\(path) says \(secret)")
            }
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let text = Array(text.utf8)
        return withUnsafeBufferPointer { bytes in
            bytes.indices.contains { start in
                bytes[start] == text[0] && bytes[start...].starts(with: text)
            }
        }
    }
}
