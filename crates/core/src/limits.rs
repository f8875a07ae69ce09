//! Every numeric limit of the program that no policy and no setting changes, with its unit last and
//! its reason beside it.

/// Longest id taken from outside: Keystone's ids are up to 64 characters.
pub const ID_CHARS: usize = 64;
/// Longest unchecked recipient id: the width of Glance's `image_members.member`.
pub const RECIPIENT_ID_CHARS: usize = 255;
/// Longest property name and tag: the width of Glance's columns.
pub const PROPERTY_NAME_CHARS: usize = 255;
/// Longest tag, as in Glance.
pub const TAG_CHARS: usize = 255;
/// Longest property value: Glance's column is TEXT of 65,535 bytes.
pub const PROPERTY_VALUE_BYTES: usize = 65_535;
/// Longest message with an offer (SH-22).
pub const NOTE_CHARS: usize = 256;
/// Largest head of a request, bytes, and so also what is read ahead of a body: tokens and signatures
/// take a few KiB, proxies pass on 8 to 64; more read ahead makes uploads no faster, and each connection
/// keeps it.
pub const HEAD_BYTES: usize = 128 * 1024;
/// Header fields of one request: browsers, proxies and SDKs together send some 40.
pub const HEAD_FIELDS: usize = 100;
/// Largest JSON body: a share of 256 images with 500 recipients fits four times over.
pub const JSON_BODY_BYTES: usize = 1024 * 1024;
/// How long a peer may send nothing of such a body, in seconds: networks stall for seconds, not more.
pub const SMALL_BODY_IDLE_SECONDS: u64 = 30;
/// How long all of such a body may take, in seconds: a mebibyte at 18 KB/s.
pub const SMALL_BODY_SECONDS: u64 = 60;
/// Deepest nesting of a JSON body; no request of ours nests deeper than five.
pub const JSON_DEPTH: usize = 32;
/// Filters in one list request; each adds a join.
pub const LIST_FILTERS: usize = 24;
/// Operations in one PATCH; more than every property a record may have.
pub const PATCH_OPERATIONS: usize = 1024;
/// Largest GiB and MiB figures a client may ask for as minimum disk and memory: Glance's column is a
/// signed 32-bit integer.
pub const MINIMUM_MAX: u32 = i32::MAX as u32;
/// Longest password; argon2 reads all of it, and nobody types more.
pub const PASSWORD_BYTES: usize = 1024;
/// Longest name of an account, project, user or credential: the width of Keystone's columns.
pub const NAME_CHARS: usize = 255;
/// Longest description of a project, user or credential.
pub const DESCRIPTION_CHARS: usize = 4096;
/// Application credentials of one user: each is a row that only the user removes.
pub const APPLICATION_CREDENTIALS_OF_USER: usize = 256;
/// Access keys of one user in one project: one in use and its successors, for a few programs.
pub const ACCESS_KEYS_OF_USER: usize = 10;
/// Images that one "accept all" or "reject all" answers; each is decided under its own lock in one
/// transaction, which others wait for.
pub const ANSWER_ALL_IMAGES: usize = 10_000;
/// Images in one request to share, withdraw or answer, for the same reason.
pub const BATCH_IMAGES: usize = 1_000;
/// Wrong tenant ids that the members of a project may look up in a minute (SH-20).
pub const RESOLVE_WRONG_IDS_PER_MINUTE: u32 = 60;
/// Custom policies of one project; all are read at once.
pub const ACCESS_POLICIES_OF_PROJECT: usize = 128;
/// Statements of one custom policy, and patterns of one statement: more than there are actions.
pub const ACCESS_STATEMENTS: usize = 64;
/// Users bound to one custom policy: each is written anew when the policy changes.
pub const ACCESS_USERS_OF_POLICY: usize = 1_000;
/// A list's total is counted up to this and then called "more".
pub const LIST_TOTAL: u32 = 10_000;
/// How long an act can be undone, in seconds: as long as a message about it stays on a screen (ST-09).
pub const UNDO_SECONDS: i64 = 10;
/// Shares of one act that can be undone; what is larger is kept by nobody.
pub const UNDO_PAIRS: usize = 1_000;
/// Standing rules of one recipient.
pub const STANDING_RULES: u32 = 1_000;
/// How long before its end both sides are told that an offer or an access runs out, in seconds.
pub const LAPSE_WARNING_SECONDS: i64 = 24 * 3600;
/// Longest name of a vault or a backup, as in Huawei's CBR.
pub const VAULT_NAME_CHARS: usize = 64;
/// Longest description of a vault and source note of a backup.
pub const VAULT_DESCRIPTION_CHARS: usize = 1024;
/// Largest vault, GiB: the ceiling of Huawei's CBR (10 PiB).
pub const VAULT_CAPACITY_GIB: u32 = 10 * 1024 * 1024;
/// Vaults of one project in one region; each is a row that only its project removes.
pub const VAULTS_OF_PROJECT: u32 = 100;
/// What the vaults of one project in one region may hold together, GiB (20 PiB): twice the largest.
pub const VAULT_CAPACITY_OF_PROJECT_GIB: u64 = 20 * 1024 * 1024;
/// Disks of one backup: a system disk and 60 data disks, as many as a server of Huawei's has.
pub const BACKUP_DISKS: usize = 61;
/// How long an owner waits before he asks the same tenant for an answer again, in seconds (RC-26).
pub const REMINDER_SECONDS: i64 = 24 * 3600;
/// How long one audit event stands for a caller's reads of an image, seconds: a client that reads a
/// disk block by block leaves one event, not millions.
pub const READ_WINDOW_SECONDS: i64 = 600;
/// Callers and images whose reads are counted in memory at once, some 300 bytes each; beyond that
/// each read is an event of its own.
pub const READ_WINDOWS: usize = 50_000;
/// Events that one page of the audit trail looks at to find those a filter wants.
pub const AUDIT_SCAN_ROWS: usize = 5_000;
/// From how much of a quota or of a vault on its project is told that little is left, percent: what is
/// left is time enough to ask for more. The console warns from the same share on.
pub const NEARLY_FULL_PERCENT: u64 = 80;
/// Notices kept in one inbox; the oldest go first. The index `inbox_long` has the same number.
pub const NOTICES_OF_INBOX: i64 = 10_000;
/// How long a notice is kept: a quarter of a year, in which somebody looks.
pub const NOTICE_AGE_SECONDS: i64 = 90 * 24 * 3600;
/// Unread notices, and offers that wait elsewhere, are counted up to this and then called "more":
/// counting must cost the same for everybody.
pub const NOTICES_COUNTED: u32 = 1_000;
/// Notices that one request marks as read by their ids: the largest page.
pub const NOTICES_READ_AT_ONCE: usize = 1_000;
/// Projects, each in a region, whose waiting offers one request counts.
pub const ELSEWHERE_CONTEXTS: usize = 100;
/// Event streams of one project on one node: a console for each of its people.
pub const EVENT_STREAMS_OF_PROJECT: usize = 64;
/// Event streams of one node: half of its default number of connections, so that calls find room.
pub const EVENT_STREAMS_OF_NODE: usize = 2_048;
/// After so long without an event a stream says that it lives: proxies cut off silence of 60 seconds,
/// some of 20.
pub const EVENT_HEARTBEAT_SECONDS: u64 = 15;
/// How often a node asks the database what other nodes told its listeners.
pub const EVENT_POLL_MILLIS: u64 = 250;
/// Notices read at one time for one stream or webhook.
pub const EVENTS_AT_ONCE: u32 = 100;
/// Webhooks of one project in one region: a few systems that want to know.
pub const WEBHOOKS_OF_PROJECT: u32 = 16;
/// Longest URL of a webhook: what browsers and proxies pass on.
pub const WEBHOOK_URL_BYTES: usize = 2_048;
/// A webhook is told so much later, so that an undo within that time leaves no trace there.
pub const WEBHOOK_HOLD_SECONDS: i64 = 10;
/// How long a receiver may take for one delivery, from the look-up of its name to its answer's head.
pub const WEBHOOK_SECONDS: u64 = 10;
/// Failed deliveries in a row after which a webhook is switched off: with the pauses between them some
/// ten hours.
pub const WEBHOOK_ATTEMPTS: u32 = 16;
/// The pause after the first failed delivery; each further one doubles it.
pub const WEBHOOK_RETRY_SECONDS: i64 = 5;
/// The longest pause.
pub const WEBHOOK_RETRY_MOST_SECONDS: i64 = 3_600;
/// Deliveries of one node at the same time: slow receivers hold up each other, not the node.
pub const WEBHOOK_SENDERS: usize = 16;
/// Notices delivered to one webhook before others have their turn.
pub const WEBHOOK_TURN: u32 = 16;
/// Copies of one project that move bytes at one time; further ones wait (T-046).
pub const COPIES_OF_PROJECT: u32 = 5;
/// Operating systems by which a list of images is grouped; rarer ones are left out.
pub const SYSTEMS_LISTED: u32 = 100;
/// Longest word of feedback about a page of the console, characters.
pub const FEEDBACK_CHARS: usize = 1_000;
/// Longest name of such a page, bytes.
pub const FEEDBACK_PAGE_BYTES: usize = 64;
/// Pages of which one user's feedback is kept; there are fewer.
pub const FEEDBACK_OF_USER: u32 = 100;
/// Images that one request deletes.
pub const DELETE_AT_ONCE: usize = 100;
/// Predefined tags of a project, or of the installation.
pub const PREDEFINED_TAGS: u32 = 100;
/// Values that one predefined tag allows.
pub const PREDEFINED_VALUES: usize = 100;
/// A session of the console ends after so long without a request, in seconds: a working day and a half.
pub const SESSION_IDLE_SECONDS: i64 = 12 * 3600;
/// A session of the console ends at the latest so long after signing in, in seconds.
pub const SESSION_SECONDS: i64 = 24 * 3600;
/// How exactly the last request of a session is remembered, in seconds: it costs a write each time.
pub const SESSION_SEEN_SECONDS: i64 = 60;
/// Sessions of one user at one time; the oldest goes when there is one more.
pub const SESSIONS_OF_USER: u32 = 32;
/// How long the sign-in link of the demo waits for its first use, in seconds.
pub const SIGN_IN_LINK_SECONDS: i64 = 24 * 3600;
/// Projects whose waiting offers a session tells; the largest list of a menu.
pub const SESSION_PROJECTS_COUNTED: usize = 100;
/// What a user may prefer, bytes of JSON: a few saved filters for each table.
pub const PREFERENCES_BYTES: usize = 32 * 1024;
/// An upload that is kept is given up when so long nothing has arrived, in seconds: a day, over night.
pub const UPLOAD_KEPT_SECONDS: i64 = 24 * 3600;
/// Kept uploads whose state stays in memory between two parts; each holds a file and at most one buffer.
pub const UPLOADS_AT_HAND: usize = 16;
/// How long that state stays there, in seconds; afterwards the next part reads again what is on disk.
pub const UPLOAD_AT_HAND_SECONDS: u64 = 60;
/// How long a part waits, in seconds, while what is on disk is read again; then the client is told to
/// come back, before a proxy cuts it off.
pub const UPLOAD_RESUME_SECONDS: u64 = 20;
/// A client that asks where to go on ends a part whose sender has been silent for so long, in
/// seconds: mostly it is the same client, whose line broke without a word.
pub const UPLOAD_SILENT_SECONDS: i64 = 2;
/// Longest name of an uploaded file: what file systems take.
pub const FILE_NAME_BYTES: usize = 255;
/// When a client whose request met a database or a store in trouble may come back, in seconds: a
/// database server that was killed is back by then, or its standby is.
pub const RETRY_SECONDS: u64 = 5;
