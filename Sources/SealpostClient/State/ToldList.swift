import SealpostCore

/// What a message told of an account's list that does not fit what is known.
struct ToldList: Codable, Hashable, Sendable {
    var handle: Handle
    var list: ListVersion
    var teller: MailboxAddress
}

extension Transaction {
    private static let toldKey = "told"

    /// What was told and could not be compared with the server's list yet: the newest for each account.
    func told() throws -> [ToldList] { try value([ToldList].self, Self.toldKey, in: .state) ?? [] }

    func setTold(_ told: [ToldList]) throws { try setValue(told, Self.toldKey, in: .state) }

    /// Keeps what was told until it is compared.
    func remember(_ told: [ToldList]) throws {
        guard !told.isEmpty else { return }
        try setTold(
            Dictionary(grouping: try self.told() + told, by: \.handle).values.compactMap { lists in
                lists.max { $0.list.version < $1.list.version }
            })
    }
}
