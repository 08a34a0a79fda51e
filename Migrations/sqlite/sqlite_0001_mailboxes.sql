-- least release: 1

-- Accounts. Ids are never reused; a handle that was taken stays taken.
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    handle TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    next_device INTEGER NOT NULL DEFAULT 1,
    list_version INTEGER,
    list_hash BLOB,
    account_key BLOB,
    password_hash TEXT,
    -- The keyring's key by which the two below were made.
    email_key INTEGER,
    email_hash BLOB,
    email_sealed BLOB,
    list_bytes BLOB,
    list_signature BLOB
) STRICT;
CREATE UNIQUE INDEX account_by_email ON account (email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX account_by_email_key ON account (email_key) WHERE email_key IS NOT NULL;

CREATE TABLE retired_handle (
    handle TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Sessions, tokens, revocations.
CREATE TABLE session (
    id BLOB PRIMARY KEY,
    account INTEGER NOT NULL,
    device INTEGER,
    created INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    current INTEGER NOT NULL,
    authenticated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_account ON session (account, last_used);
CREATE INDEX session_by_end ON session (ends);

CREATE TABLE token (
    id BLOB PRIMARY KEY,
    account INTEGER NOT NULL,
    device INTEGER,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_account ON token (account, created);
CREATE INDEX token_by_end ON token (expires);

CREATE TABLE idempotency_key (
    account INTEGER NOT NULL,
    name BLOB NOT NULL,
    digest BLOB NOT NULL,
    subject BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;
CREATE INDEX idempotency_key_by_end ON idempotency_key (expires);

CREATE TABLE challenge (
    hash BLOB PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_by_end ON challenge (expires);

-- The one row under which revocations are numbered.
CREATE TABLE revocation_counter (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    newest INTEGER NOT NULL
) STRICT;
INSERT INTO revocation_counter VALUES (1, 0);

CREATE TABLE revocation (
    number INTEGER PRIMARY KEY,
    -- 1 session, 2 token, 3 device, 4 account
    kind INTEGER NOT NULL,
    id BLOB,
    account INTEGER,
    device INTEGER,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX revocation_by_end ON revocation (until);

-- Devices with the head of their mailboxes: this row is what a deposit, a fetch and an acknowledgement read.
CREATE TABLE device (
    account INTEGER NOT NULL,
    number INTEGER NOT NULL,
    created INTEGER NOT NULL,
    -- Since when the device list names it; absent: pending.
    listed INTEGER,
    last_fetch INTEGER,
    -- The last dormancy whose end was not acknowledged, and the fetch that ended it.
    dormant_since INTEGER,
    dormancy_end INTEGER,
    head INTEGER NOT NULL DEFAULT 0,
    acked INTEGER NOT NULL DEFAULT 0,
    count INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    tombstones INTEGER NOT NULL DEFAULT 0,
    -- No envelope of the mailbox expires before; it may be earlier than the first one does.
    next_expiry INTEGER,
    one_time INTEGER NOT NULL DEFAULT 0,
    one_time_kem INTEGER NOT NULL DEFAULT 0,
    opening INTEGER NOT NULL DEFAULT 0,
    opening_nonce BLOB,
    identity_key BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_by_expiry ON device (next_expiry) WHERE next_expiry IS NOT NULL;

-- Hashes of the identity keys of removed devices.
CREATE TABLE retired_identity_key (
    hash BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Removed devices, and deleted accounts (device 0), of which sweeps have rows left to erase.
CREATE TABLE removal (
    account INTEGER NOT NULL,
    device INTEGER NOT NULL,
    PRIMARY KEY (account, device)
) STRICT, WITHOUT ROWID;

-- Prekeys. Kinds as in the digest: 1 signed, 2 last-resort, 3 sealing, 4 one-time X25519, 5 one-time KEM.
CREATE TABLE long_lived_prekey (
    account INTEGER NOT NULL,
    device INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id INTEGER NOT NULL,
    created INTEGER,
    key BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (account, device, kind)
) STRICT;

-- In upload order by position.
CREATE TABLE one_time_prekey (
    position INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    device INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id INTEGER NOT NULL,
    key BLOB NOT NULL,
    signature BLOB
) STRICT;
CREATE INDEX one_time_prekey_by_position ON one_time_prekey (account, device, kind, position);
CREATE UNIQUE INDEX one_time_prekey_by_id ON one_time_prekey (account, device, kind, id);

-- Ids whose keys are no longer held. Spaces: 1 signed, 2 KEM, 3 sealing, 4 one-time X25519.
CREATE TABLE given_prekey (
    account INTEGER NOT NULL,
    device INTEGER NOT NULL,
    space INTEGER NOT NULL,
    id INTEGER NOT NULL,
    key_hash BLOB NOT NULL,
    forget INTEGER NOT NULL,
    PRIMARY KEY (account, device, space, id)
) STRICT;
CREATE INDEX given_prekey_by_end ON given_prekey (forget);

CREATE TABLE claim (
    account INTEGER NOT NULL,
    -- Keyed hash over claimer and request id.
    name BLOB NOT NULL,
    request BLOB NOT NULL,
    expires INTEGER NOT NULL,
    answer BLOB NOT NULL,
    PRIMARY KEY (account, name)
) STRICT;
CREATE INDEX claim_by_end ON claim (expires);

-- Mail.
CREATE TABLE envelope (
    position INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    device INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    received INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    id TEXT NOT NULL,
    sender TEXT,
    content BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX envelope_by_seq ON envelope (account, device, seq);

CREATE TABLE tombstone (
    account INTEGER NOT NULL,
    device INTEGER NOT NULL,
    first INTEGER NOT NULL,
    through INTEGER NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (account, device, first)
) STRICT, WITHOUT ROWID;

-- What became of every deposit, also of those whose device was removed since. With a rowid the table grows at its end
-- and only the small index over the random names is written all over.
CREATE TABLE deposit (
    account INTEGER NOT NULL,
    -- Keyed hash over depositor and id.
    name BLOB NOT NULL,
    device INTEGER NOT NULL,
    -- Over (device, SHA-256(content)) of the whole request.
    digest BLOB NOT NULL,
    -- Absent: refused.
    seq INTEGER,
    received INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    forget INTEGER NOT NULL,
    PRIMARY KEY (account, name, device)
) STRICT;
CREATE INDEX deposit_by_end ON deposit (forget);
