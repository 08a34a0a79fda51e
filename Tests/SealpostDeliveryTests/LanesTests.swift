import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostDelivery

/// Several transactions of a kind at a time.
@Suite("Lanes of MailService", .timeLimit(.minutes(1))) struct LanesTests {
    @Test func `a deposit that is held up delays those to the same account and no others`() async throws {
        var lanes = Lanes()
        lanes.deposits = 100
        try await MailFixture.run(lanes: lanes) { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob", devices: 2)
            let gate = service.store.holdDeposit()
            try await withThrowingTaskGroup { group in
                // Also when the test fails: nothing else ends what waits here.
                defer { gate.open() }
                for (index, device) in ([1, 2, 1] as [UInt32]).enumerated() {
                    group.addTask {
                        let letter = try service.people.letter(
                            from: alice, to: bob, devices: [device], coverage: .ignore)
                        try await service.send(letter)
                    }
                    if index == 0 { await gate.waitUntilReached() }
                    try await service.queued(index)
                }
                // One of four recipients may share bob's lane by chance.
                let delivered = Counter()
                for index in 0..<4 {
                    let reader = try await service.people.person("reader\(index)")
                    group.addTask {
                        try await service.send(service.people.letter(from: alice, to: reader))
                        delivered.add()
                    }
                }
                while delivered.value == 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                #expect(service.mail.queuedDeposits >= 2)
                gate.open()
                try await group.waitForAll()
            }
            #expect(try await service.people.page(bob.mailbox(1)).outline == "1, 2")
        }
    }

    @Test func `a store with one writer gets one deposit transaction at a time`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            let gate = service.store.holdDeposit()
            let calls = service.store.depositCalls
            try await withThrowingTaskGroup { group in
                // Also when the test fails: nothing else ends what waits here.
                defer { gate.open() }
                group.addTask { try await service.send(service.people.letter(from: alice, to: bob)) }
                await gate.waitUntilReached()
                for index in 0..<8 {
                    let reader = try await service.people.person("reader\(index)")
                    group.addTask { try await service.send(service.people.letter(from: alice, to: reader)) }
                }
                try await service.queued(8)
                gate.open()
                try await group.waitForAll()
            }
            #expect(service.store.depositCalls == calls + 2)
        }
    }
}
