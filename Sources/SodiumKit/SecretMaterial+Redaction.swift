#if !hasFeature(Embedded)
/// Prints its length, never its bytes, also inside other values and in debuggers.
extension WipedBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "WipedBytes(\(count) bytes)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
#endif
