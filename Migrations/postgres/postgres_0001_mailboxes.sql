-- least release: 1

-- Every hot table's key begins with the account: no statement of a deposit, a fetch, an acknowledgement or a claim
-- spans accounts, so the tables can be distributed by it. Texts compare by bytes, whatever the database's locale.

-- Accounts. Ids are never reused; a handle that was taken stays taken.
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    handle text COLLATE "C" NOT NULL UNIQUE,
    created bigint NOT NULL,
    next_device integer NOT NULL DEFAULT 1,
    list_version bigint,
    list_hash bytea,
    account_key bytea,
    password_hash text,
    -- The keyring's key by which the two below were made.
    email_key bigint,
    email_hash bytea,
    email_sealed bytea,
    list_bytes bytea,
    list_signature bytea
);
CREATE UNIQUE INDEX account_by_email ON account (email_hash) WHERE email_hash IS NOT NULL;
CREATE INDEX account_by_email_key ON account (email_key) WHERE email_key IS NOT NULL;

CREATE TABLE retired_handle (
    handle text COLLATE "C" PRIMARY KEY
);

-- The keys of the keyring under which rows were sealed and named, by a fingerprint that tells nothing of them: a node
-- with another keyring would find nothing and refuse everybody.
CREATE TABLE keyring_key (
    id bigint PRIMARY KEY,
    fingerprint bytea NOT NULL
);

-- Sessions, tokens, revocations.
CREATE TABLE session (
    id bytea PRIMARY KEY,
    account bigint NOT NULL,
    device integer,
    created bigint NOT NULL,
    last_used bigint NOT NULL,
    ends bigint NOT NULL,
    current bigint NOT NULL,
    authenticated bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX session_by_account ON session (account);
CREATE INDEX session_by_end ON session (ends);

CREATE TABLE token (
    id bytea PRIMARY KEY,
    account bigint NOT NULL,
    device integer,
    name text NOT NULL,
    scopes text NOT NULL,
    created bigint NOT NULL,
    expires bigint NOT NULL
);
CREATE INDEX token_by_account ON token (account, created);
CREATE INDEX token_by_end ON token (expires);

CREATE TABLE idempotency_key (
    account bigint NOT NULL,
    name bytea NOT NULL,
    digest bytea NOT NULL,
    subject bytea NOT NULL,
    expires bigint NOT NULL,
    PRIMARY KEY (account, name)
);
CREATE INDEX idempotency_key_by_end ON idempotency_key (expires);

CREATE TABLE challenge (
    hash bytea PRIMARY KEY,
    expires bigint NOT NULL
);
CREATE INDEX challenge_by_end ON challenge (expires);

-- The one row under which revocations are numbered.
CREATE TABLE revocation_counter (
    id integer PRIMARY KEY CHECK (id = 1),
    newest bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO revocation_counter VALUES (1, 0);

CREATE TABLE revocation (
    number bigint PRIMARY KEY,
    -- 1 session, 2 token, 3 device, 4 account
    kind integer NOT NULL,
    id bytea,
    account bigint,
    device integer,
    until bigint NOT NULL
);
CREATE INDEX revocation_by_end ON revocation (until);

-- Devices with the head of their mailboxes: this row is what a deposit, a fetch and an acknowledgement read, lock and
-- write. Half of each page is kept free for its next versions, which then stay on the page and touch no index; pages
-- are cleaned by whoever reads them, and by an autovacuum that comes early.
CREATE TABLE device (
    account bigint NOT NULL,
    head bigint NOT NULL DEFAULT 0,
    acked bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL,
    -- Since when the device list names it; absent: pending.
    listed bigint,
    last_fetch bigint,
    -- The last dormancy whose end was not acknowledged, and the fetch that ended it.
    dormant_since bigint,
    dormancy_end bigint,
    bytes bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    -- No envelope of the mailbox expires before; it may be earlier than the first one does.
    next_expiry bigint,
    opening bigint NOT NULL DEFAULT 0,
    number integer NOT NULL,
    count integer NOT NULL DEFAULT 0,
    tombstones integer NOT NULL DEFAULT 0,
    one_time integer NOT NULL DEFAULT 0,
    one_time_kem integer NOT NULL DEFAULT 0,
    opening_nonce bytea,
    identity_key bytea NOT NULL UNIQUE,
    name text NOT NULL,
    PRIMARY KEY (account, number)
) WITH (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX device_by_expiry ON device (next_expiry) WHERE next_expiry IS NOT NULL;

-- Hashes of the identity keys of removed devices.
CREATE TABLE retired_identity_key (
    hash bytea PRIMARY KEY
);

-- Removed devices, and deleted accounts (device 0), of which sweeps have rows left to erase.
CREATE TABLE removal (
    account bigint NOT NULL,
    device integer NOT NULL,
    PRIMARY KEY (account, device)
);

-- Prekeys. Kinds as in the digest: 1 signed, 2 last-resort, 3 sealing, 4 one-time X25519, 5 one-time KEM.
CREATE TABLE long_lived_prekey (
    account bigint NOT NULL,
    device integer NOT NULL,
    kind integer NOT NULL,
    id bigint NOT NULL,
    created bigint,
    key bytea NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (account, device, kind)
);

-- In upload order by position, which is drawn under the device's row lock.
CREATE TABLE one_time_prekey (
    account bigint NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    device integer NOT NULL,
    kind integer NOT NULL,
    id bigint NOT NULL,
    key bytea NOT NULL,
    signature bytea,
    PRIMARY KEY (account, device, kind, position),
    UNIQUE (account, device, kind, id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- Ids whose keys are no longer held. Spaces: 1 signed, 2 KEM, 3 sealing, 4 one-time X25519.
CREATE TABLE given_prekey (
    account bigint NOT NULL,
    device integer NOT NULL,
    space integer NOT NULL,
    id bigint NOT NULL,
    key_hash bytea NOT NULL,
    forget bigint NOT NULL,
    PRIMARY KEY (account, device, space, id)
);
CREATE INDEX given_prekey_by_end ON given_prekey (forget);

CREATE TABLE claim (
    account bigint NOT NULL,
    -- Keyed hash over claimer and request id.
    name bytea NOT NULL,
    request bytea NOT NULL,
    expires bigint NOT NULL,
    answer bytea NOT NULL,
    PRIMARY KEY (account, name)
);
CREATE INDEX claim_by_end ON claim (expires);

-- Mail: a queue, of which every row is written once, read about once and deleted. Eight parts, so that eight small
-- vacuums, each soon done, clean up behind the readers instead of a long one, and an index is an eighth.
CREATE TABLE envelope (
    account bigint NOT NULL,
    seq bigint NOT NULL,
    received bigint NOT NULL,
    expires bigint NOT NULL,
    device integer NOT NULL,
    id text NOT NULL,
    sender text,
    content bytea NOT NULL,
    PRIMARY KEY (account, device, seq)
) PARTITION BY HASH (account);

DO $$
BEGIN
    FOR part IN 0..7 LOOP
        -- Vacuum as soon as a few thousand rows are dead, and without pauses: what is behind it is what it would slow
        -- down. Rows up to a page's size lie in the table itself, not beside it: most are read whole, once.
        EXECUTE format(
            'CREATE TABLE envelope_%1$s PARTITION OF envelope FOR VALUES WITH (MODULUS 8, REMAINDER %1$s) WITH (
                autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,
                autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_vacuum_cost_delay = 0,
                toast_tuple_target = 8160, toast.autovacuum_vacuum_scale_factor = 0.05
            )', part);
        -- Ciphertext does not get smaller.
        EXECUTE format('ALTER TABLE envelope_%s ALTER COLUMN content SET STORAGE EXTERNAL', part);
    END LOOP;
END
$$;

CREATE TABLE tombstone (
    account bigint NOT NULL,
    first bigint NOT NULL,
    through bigint NOT NULL,
    device integer NOT NULL,
    count integer NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (account, device, first)
);

-- What became of every deposit, also of those whose device was removed since.
CREATE TABLE deposit (
    account bigint NOT NULL,
    -- Absent: refused.
    seq bigint,
    received bigint NOT NULL,
    expires bigint NOT NULL,
    forget bigint NOT NULL,
    device integer NOT NULL,
    -- Keyed hash over depositor and id.
    name bytea NOT NULL,
    -- Over (device, SHA-256(content)) of the whole request.
    digest bytea NOT NULL,
    PRIMARY KEY (account, name, device)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.5);
CREATE INDEX deposit_by_end ON deposit (forget);
