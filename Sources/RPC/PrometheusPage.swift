/// A page in Prometheus' text format.
package struct PrometheusPage {
    package private(set) var text = ""
    private var name = ""

    package init() {}

    /// Begins a family; its samples follow.
    package mutating func family(_ name: String, _ kind: String, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
    }

    /// - Parameter labels: such as `direction="in"`, with commas.
    package mutating func sample(
        _ labels: String, _ value: some CustomStringConvertible, _ suffix: String = ""
    ) {
        let braced = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)\(suffix)\(braced) \(value)\n"
    }
}
