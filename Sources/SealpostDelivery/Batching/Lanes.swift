/// How many transactions of each kind a node has under way at a time. What concerns one account stays in one lane.
///
/// A store with one writer gains nothing from more; one that locks rows gets a connection a lane.
package struct Lanes: Sendable {
    package var deposits = 1
    package var claims = 1
    package var acks = 1
    package var fetches = 2

    package init() {}
}
