//! Settings that are one word of a few.

/// Declares an enum, the words that name its variants, and the way from a word to a variant.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every word, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The variant that `word` names.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

choice! {
    /// What a node does.
    Role {
        /// Answers requests and runs jobs.
        All = "all",
        /// Answers requests only.
        Api = "api",
        /// Runs jobs only; still answers health probes.
        Worker = "worker",
    }
}

choice! {
    /// How a log line looks.
    LogFormat {
        /// Pretty on a terminal, JSON elsewhere.
        Auto = "auto",
        /// Coloured text for people.
        Pretty = "pretty",
        /// One JSON object a line.
        Json = "json",
    }
}

choice! {
    /// Who may read the schema through the door. Where the editor is served, everybody may.
    Introspection {
        /// Operators and keys of test mode.
        Test = "test",
        /// Every key.
        Keys = "keys",
        /// Nobody.
        Off = "off",
    }
}

choice! {
    /// Which operations are executed.
    Operations {
        /// Every operation that stays within the limits.
        Free = "free",
        /// Those of the list only.
        Listed = "listed",
    }
}

choice! {
    /// Who takes payments in live mode.
    LiveProvider {
        /// The built-in simulator.
        Sandbox = "sandbox",
        /// Nobody: live payments are refused.
        None = "none",
    }
}

impl Role {
    /// Whether this node answers requests.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(self, Self::All | Self::Api)
    }

    /// Whether this node runs jobs.
    #[must_use]
    pub const fn works(self) -> bool {
        matches!(self, Self::All | Self::Worker)
    }
}
