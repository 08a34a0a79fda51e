/// A complete answer.
package struct Response: Sendable {
    /// The status code of the final answer; interim ones (1xx) are skipped.
    package let status: Int
    package let headers: Headers
    /// The body as sent: nothing is decompressed.
    package let body: [UInt8]
}
