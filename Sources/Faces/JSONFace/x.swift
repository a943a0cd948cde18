// Stand-in until JSONFace.swift is here: delete this file with it.
package import RPC
package import Repository

package struct JSONFace: Sendable {
    package init(environments: [TallyEnvironment]) {}
    package func respond(to request: PageRequest) async -> PageResponse? { nil }
}
