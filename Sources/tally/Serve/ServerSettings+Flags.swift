internal import ArgumentParser

/// The flags of everything that runs on settings.
struct SettingsFlags: ParsableArguments {
    @Option(name: .customLong("settings"), help: "Settings file (JSON).")
    var file: String?

    @Option(help: "Folder of all data.")
    var data: String?

    @Option(help: "Logs that customers are divided over; fixed when the folder is made.")
    var partitions: String?

    @Option(help: "Address and port, such as 127.0.0.1:7443; port 0 takes any free one.")
    var listen: String?

    @Option(help: "Where browsers reach the pages; default https://localhost and the port.")
    var publicAddress: String?

    @Option(name: .customLong("tls-cert"), help: "Certificate chain (PEM).")
    var tlsCertificate: String?

    @Option(help: "Private key (PEM).")
    var tlsKey: String?

    @Option(help: "Threads that serve; 0: one a core.")
    var eventLoops: String?

    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel: String?

    var sources: ServerSettings.Sources {
        var sources = ServerSettings.Sources(file: file)
        sources.flags["data"] = data
        sources.flags["partitions"] = partitions
        sources.flags["listen"] = listen
        sources.flags["public-address"] = publicAddress
        sources.flags["tls-certificate"] = tlsCertificate
        sources.flags["tls-key"] = tlsKey
        sources.flags["event-loops"] = eventLoops
        sources.flags["log-level"] = logLevel
        return sources
    }
}
