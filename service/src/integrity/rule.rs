//! The rules that the database has to hold.

/// What a rule is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each row by itself.
    Check,
    /// No two rows alike.
    Unique,
}

/// What happens to a row that offends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// It is refused.
    Block,
    /// It is written, and a warning beside it.
    Warn,
}

/// What the catalogue says of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is there and holds for every row.
    Installed,
    /// There is nothing of its name.
    Missing,
    /// Something of its name is there and does not hold for every row: never checked against older rows, switched off, of another
    /// table, or of another content.
    NotValidated,
}

/// Which rows offend, found without trust in the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offending {
    /// Credentials whose hash is none.
    PlaintextSecret,
    /// Credentials whose secret opens another one too.
    SharedSecret,
    /// Webhook endpoints whose secret is not sealed.
    UnsealedSecret,
    /// Credentials without a scope, or with one that there is not.
    Scopes,
    /// Credentials whose allowlist holds something that is no network.
    Allowlist,
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name in the database.
    pub name: &'static str,
    /// Its table.
    pub table: &'static str,
    /// What it is made of.
    pub kind: Kind,
    /// What happens to a row that offends.
    pub enforcement: Enforcement,
    /// The title of its audit.
    pub audit: &'static str,
    /// Which rows offend against it.
    pub(super) offending: Offending,
    /// What both databases print in its definition: a constraint of this name without it is another rule.
    pub(super) says: &'static str,
}

/// All of them, in the order of S0.
pub const RULES: [Rule; 5] = [
    NO_PLAINTEXT,
    UNIQUE_HASH,
    WEBHOOK_SECRETS,
    SCOPE_REQUIRED,
    VALID_CIDR,
];

const NO_PLAINTEXT: Rule = Rule {
    name: "api_keys_no_plaintext_secret",
    table: "credentials",
    kind: Kind::Check,
    enforcement: Enforcement::Block,
    audit: "Plaintext credential audit",
    offending: Offending::PlaintextSecret,
    says: "length(secret_hash) = 64",
};

const UNIQUE_HASH: Rule = Rule {
    name: "api_keys_unique_hash",
    table: "credentials",
    kind: Kind::Unique,
    enforcement: Enforcement::Block,
    audit: "Shared credential secret audit",
    offending: Offending::SharedSecret,
    says: "secret_hash",
};

const WEBHOOK_SECRETS: Rule = Rule {
    name: "webhook_secrets_hashed",
    table: "webhook_endpoints",
    kind: Kind::Check,
    enforcement: Enforcement::Block,
    audit: "Unsealed webhook secret audit",
    offending: Offending::UnsealedSecret,
    says: "length(secret_fingerprint) = 64",
};

const SCOPE_REQUIRED: Rule = Rule {
    name: "credential_scope_required",
    table: "credentials",
    kind: Kind::Check,
    enforcement: Enforcement::Block,
    audit: "Credential scope audit",
    offending: Offending::Scopes,
    says: "scopes <> ''",
};

/// A constraint can only refuse, and this one is to warn: it is a trigger.
const VALID_CIDR: Rule = Rule {
    name: "ip_allowlist_valid_cidr",
    table: "credentials",
    kind: Kind::Check,
    enforcement: Enforcement::Warn,
    audit: "IP allowlist audit",
    offending: Offending::Allowlist,
    says: "ip_allowlist",
};
