//! Why a server gave no answer.
//!
//! Invariant: the words are coarse. They tell a merchant what to look after and nobody what listens inside a network.

use crate::word::words;

words! {
    /// Why an attempt ended without an answer.
    FailureClass, "failure class" {
        /// The address is none that webhooks go to; it was not dialled.
        AddressDenied = "address_denied",
        /// The name leads nowhere.
        Dns = "dns",
        /// No connection came about.
        Connect = "connect",
        /// No encrypted connection came about: the certificate, or the server's side of TLS.
        Tls = "tls",
        /// The time was over before an answer came.
        Timeout = "timeout",
        /// What came is no HTTP.
        Protocol = "protocol",
        /// The head of the answer is longer than we read.
        HeadersTooLarge = "headers_too_large",
        /// The connection ended before an answer.
        Closed = "closed",
        /// Whoever made the attempt died meanwhile: nobody knows what became of it.
        Interrupted = "interrupted",
        /// What was to be sent cannot be read any more.
        Unreadable = "unreadable",
    }
}
