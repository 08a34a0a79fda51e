extension UnsafeMutableRawBufferPointer {
    /// Where the bytes start, as C wants it: never null, also when there are none.
    var bytes: UnsafeMutablePointer<UInt8> {
        (baseAddress ?? nowhere).assumingMemoryBound(to: UInt8.self)
    }
}

extension UnsafeRawBufferPointer {
    /// Where the bytes start, as C wants it: never null, also when there are none.
    var bytes: UnsafePointer<UInt8> {
        (baseAddress ?? UnsafeRawPointer(nowhere)).assumingMemoryBound(to: UInt8.self)
    }
}

/// An address that is not null; nothing is read or written there, since it stands for no bytes.
private var nowhere: UnsafeMutableRawPointer {
    // Null only for the bit pattern 0.
    UnsafeMutableRawPointer(bitPattern: 16).unsafelyUnwrapped
}

/// An array of `count` bytes, all of which `fill` writes.
func newBytes(_ count: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        fill(UnsafeMutableRawBufferPointer(buffer).bytes)
        initialized = count
    }
}
