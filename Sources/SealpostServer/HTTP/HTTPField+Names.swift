import HTTPTypes

extension HTTPField.Name {
    // A literal that is a valid field name.
    static let xRequestID = HTTPField.Name("X-Request-Id")!
    // A literal that is a valid field name.
    package static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    // A literal that is a valid field name.
    package static let prefer = HTTPField.Name("Prefer")!
    // A literal that is a valid field name.
    package static let preferenceApplied = HTTPField.Name("Preference-Applied")!
    // A literal that is a valid field name.
    package static let sealpostCursor = HTTPField.Name("Sealpost-Cursor")!
}
