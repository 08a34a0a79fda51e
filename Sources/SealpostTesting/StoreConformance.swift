import SealpostStore
import Testing

/// What every store must do. A backend's test target runs each case:
///
/// ```swift
/// @Test(arguments: StoreConformance.cases)
/// func conforms(to behaviour: StoreConformance.Case) async throws {
///     try await behaviour.run(StoreFixture(backend))
/// }
/// ```
package enum StoreConformance {
    /// One behaviour, named as condition and outcome.
    package struct Case: Sendable, CustomTestStringConvertible {
        package let name: String
        package let run: @Sendable (StoreFixture) async throws -> Void

        package init(_ name: String, run: @escaping @Sendable (StoreFixture) async throws -> Void) {
            self.name = name
            self.run = run
        }

        package var testDescription: String { name }
    }

    package static let cases: [Case] =
        deposits + coverage + idempotency + fetches + heads + acknowledgements + tombstones + capacity + dormancy
        + claims + prekeys + accounts + sessions + tokens + devices + deviceLists + removals + durability + upkeep
        + accounting
}
