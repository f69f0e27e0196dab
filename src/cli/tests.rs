use super::*;
use clap::CommandFactory;
use clap::error::ErrorKind;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

fn each(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
    look(command);
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        each(inner, look);
    }
}

#[test]
fn verify_cli() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_flag_says_what_it_is_for() {
    each(&Cli::command(), &mut |command| {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} has no help");
        let examples = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(examples.contains("tahsil "), "{name} has no example");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{name} {} has no help", arg.get_id());
        }
    });
}

#[test]
fn the_examples_in_help_parse() {
    each(&Cli::command(), &mut |command| {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        for example in help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tahsil "))
        {
            // Up to where the shell, or the explanation, takes over.
            let words = example.split(['|', '>']).next().unwrap();
            let words = words.split("  ").next().unwrap();
            let line = format!("tahsil {words}")
                .replace("mer_01…", "mer_00000000000000000000000001")
                .replace("cred_01…", "cred_00000000000000000000000001")
                .replace("op_01…", "op_00000000000000000000000001");
            let words = line
                .split('\'')
                .enumerate()
                .flat_map(|(part, text)| match part % 2 {
                    0 => text.split_whitespace().map(str::to_owned).collect(),
                    _ => vec![text.to_owned()],
                });
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    });
}

#[test]
fn settings_are_flags_of_every_command() {
    let cli = parse("tahsil serve --no-migrate --listen 0.0.0.0:80 --database-url sqlite://x.db --key-file x.key --role api")
        .unwrap();
    assert_eq!(cli.settings.layer["listen"], "0.0.0.0:80");
    assert_eq!(cli.settings.layer["database_url"], "sqlite://x.db");
    assert_eq!(cli.settings.layer["key_file"], "x.key");
    assert_eq!(cli.settings.layer["role"], "api");
    assert_eq!(
        parse("tahsil --config x.toml --log debug merchant list")
            .unwrap()
            .settings
            .config,
        Some("x.toml".into())
    );
}

#[test]
fn what_is_missing_or_wrong_is_misuse() {
    for (line, kind) in [
        ("tahsil bribe", ErrorKind::InvalidSubcommand),
        ("tahsil serve --role both", ErrorKind::InvalidValue),
        ("tahsil merchant create", ErrorKind::MissingRequiredArgument),
        (
            "tahsil merchant create --name x --currency XXX",
            ErrorKind::InvalidValue,
        ),
        (
            "tahsil merchant create --name x --fee-bps 10001",
            ErrorKind::ValueValidation,
        ),
        (
            "tahsil merchant create --name x --fee-bps -1",
            ErrorKind::UnknownArgument,
        ),
        (
            "tahsil credential create --merchant mer_1 --mode test --name x --scopes all",
            ErrorKind::ValueValidation,
        ),
        (
            "tahsil credential revoke mer_00000000000000000000000001",
            ErrorKind::ValueValidation,
        ),
        ("tahsil verify --output yaml", ErrorKind::InvalidValue),
        ("tahsil completions cmd", ErrorKind::InvalidValue),
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "{line}: {error}");
    }
}

#[test]
fn scopes_are_all_or_a_list() {
    let scopes = |text: &str| {
        parse(&format!(
            "tahsil credential create --merchant mer_00000000000000000000000001 --mode test --name x --scopes {text}"
        ))
    };
    for taken in ["all", "payments:read", "payments:read,refunds:create"] {
        assert!(scopes(taken).is_ok(), "{taken}");
    }
    for refused in ["", "none", "payments:read,", "payments:read,root"] {
        assert_eq!(scopes(refused).unwrap_err().exit_code(), 2, "{refused}");
    }
}

#[test]
fn a_currency_is_read_in_either_case() {
    for code in ["usd", "USD"] {
        assert!(parse(&format!("tahsil merchant create --name x --currency {code}")).is_ok());
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    use clap::ValueEnum;
    for shell in clap_complete::Shell::value_variants() {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut Cli::command(), "tahsil", &mut script);
        assert!(
            String::from_utf8(script).unwrap().contains("credential"),
            "{shell}"
        );
    }
}
