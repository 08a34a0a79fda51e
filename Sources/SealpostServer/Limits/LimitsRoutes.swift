import Hummingbird
import SealpostCore

/// `GET /v1/limits`.
enum LimitsRoutes {
    static func endpoints(_ parts: Dependencies) -> [Endpoint] {
        [
            Endpoint(.get, "/v1/limits", .scope(.account)) { call, principal in
                let rates = parts.limiter.answers(for: principal.account, from: NetworkPrefix(call.context.peer))
                return try .json(LimitsAnswer(limits: fixed + rates))
            }
        ]
    }

    /// The limits of the protocol, from `SealpostCore.Limits`.
    private static var fixed: [LimitsAnswer.Limit] {
        [
            count("envelope_bytes", Limits.envelopeBytes, "bytes"), count("body_bytes", Limits.bodyBytes, "bytes"),
            count("mailbox_envelopes", Limits.mailboxEnvelopes), count("mailbox_bytes", Limits.mailboxBytes, "bytes"),
            count("devices", Limits.devices), count("devices_ever", Limits.devicesEver),
            seconds("minimum_ttl", Limits.minimumTTL), seconds("maximum_ttl", Limits.maximumTTL),
            seconds("id_memory", Limits.idMemory),
            seconds("claim_memory", Limits.claimMemory), seconds("idempotency_memory", Limits.idempotencyMemory),
            seconds("dormancy", Limits.dormancy), count("fetch_items", Limits.fetchItems),
            count("default_fetch_items", Limits.defaultFetchItems), count("fetch_bytes", Limits.fetchBytes, "bytes"),
            seconds("wait", Limits.wait), count("polls_per_mailbox", Limits.pollsPerMailbox),
            count("prekeys_per_upload", Limits.prekeysPerUpload), count("prekeys_held", Limits.prekeysHeld),
            count("prekeys_low", Limits.prekeysLow),
            count("minimum_password", Limits.password.lowerBound, "characters"),
            count("maximum_password", Limits.password.upperBound, "characters"),
            count("name_length", Limits.nameLength.upperBound, "characters"),
            seconds("access_token_life", Limits.accessLife), seconds("session_life", Limits.sessionLife),
            seconds("challenge_life", Limits.challengeLife), seconds("api_token_life", Limits.tokenLife),
            seconds("freshness", Limits.freshness), count("api_tokens", Limits.tokensPerAccount),
            count("sessions", Limits.sessionsPerAccount),
        ]
    }

    private static func count(_ name: String, _ value: Int, _ unit: String = "count") -> LimitsAnswer.Limit {
        LimitsAnswer.Limit(name: name, limit: Int64(value), unit: unit)
    }

    private static func seconds(_ name: String, _ value: Duration) -> LimitsAnswer.Limit {
        LimitsAnswer.Limit(name: name, limit: value.components.seconds, unit: "seconds")
    }
}
