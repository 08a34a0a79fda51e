import ArgumentParser
import SealpostCore

extension Handle: ExpressibleByArgument {}

extension EnvelopeID: ExpressibleByArgument {}

/// A device on the command line: its number, or its whole address.
struct DeviceArgument: ExpressibleByArgument {
    let number: DeviceNumber
    /// The account, if the address was given.
    let handle: Handle?

    init?(argument: String) {
        if let address = MailboxAddress(argument) {
            (number, handle) = (address.device, address.handle)
        } else if let value = UInt32(argument), let number = DeviceNumber(value) {
            (self.number, handle) = (number, nil)
        } else {
            return nil
        }
    }

    /// Refuses an address of another account.
    func check(_ own: Handle) throws {
        guard handle == nil || handle == own else {
            throw ToolError(.usage, "\(handle?.description ?? "").\(number) is not a device of \(own)")
        }
    }
}

/// A point in time on the command line: RFC 3339, or from now: `+90s`, `+10m`, `+2h`, `+1d`.
struct TimeArgument: ExpressibleByArgument {
    let time: Timestamp

    init?(argument: String) {
        if argument.hasPrefix("+"), let duration = DurationArgument(argument: String(argument.dropFirst())) {
            time = .now + duration.duration
        } else if let time = Timestamp(argument) {
            self.time = time
        } else {
            return nil
        }
    }
}

/// A length of time on the command line: `90s`, `10m`, `2h`, `30d`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let count = Int(argument.dropLast()), count > 0,
            count <= 400 * 86_400 / unit
        else { return nil }
        duration = .seconds(count * unit)
    }

    var defaultValueDescription: String { "\(duration.components.seconds / 86_400)d" }
}
