import SealpostCore

/// The records of a profile by what they mean.
extension Transaction {
    func device() throws -> DeviceRecord {
        guard let device = try value(DeviceRecord.self, DeviceRecord.key, in: .state) else {
            throw ProfileError.damaged("the device's record is missing")
        }
        return device
    }

    func setDevice(_ device: DeviceRecord) throws { try setValue(device, DeviceRecord.key, in: .state) }

    /// The address of this device; throws `devicePending` before it has a number.
    func address() throws -> MailboxAddress {
        let device = try device()
        guard let number = device.number else { throw ClientError.devicePending }
        return MailboxAddress(handle: device.handle, device: number)
    }

    func contact(_ handle: Handle) throws -> ContactRecord? {
        try value(ContactRecord.self, handle.description, in: .contact)
    }

    func setContact(_ contact: ContactRecord) throws {
        try setValue(contact, contact.handle.description, in: .contact)
    }

    func mailbox() throws -> MailboxRecord {
        try value(MailboxRecord.self, MailboxRecord.key, in: .state) ?? MailboxRecord()
    }
    func setMailbox(_ mailbox: MailboxRecord) throws { try setValue(mailbox, MailboxRecord.key, in: .state) }

    /// Keeps a warning until it is taken; the same one only once.
    func warn(_ warning: Warning) throws {
        guard try !values(Warning.self, in: .warning).contains(warning) else { return }
        try setValue(warning, number: try nextNumber(in: .warning), in: .warning)
    }

    func takeWarnings() throws -> [Warning] {
        let warnings = try values(Warning.self, after: 0, in: .warning)
        try removeAll(in: .warning)
        return warnings
    }
}
