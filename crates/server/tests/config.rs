//! The settings: layers, origins, refusals, and the documents made from the same table.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail loudly")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use lendglass_server::config::args::{Cli, Flags};
use lendglass_server::config::sources::Origin;
use lendglass_server::config::{Config, Database, DigestAlgo, LogFormat, keys, redacted_url};

type Env = BTreeMap<String, String>;

fn env(pairs: &[(&str, &str)]) -> Env {
    let mut env = Env::from([("HOME".to_owned(), "/home/op".to_owned())]);
    env.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    env
}

fn flags(words: &[&str]) -> Flags {
    let words = ["lendglassd", "serve"].iter().chain(words);
    Cli::try_parse_from(words).unwrap().command.flags().unwrap()
}

fn load(words: &[&str], pairs: &[(&str, &str)], file: &str) -> Config {
    let file = Some((Path::new("/etc/lg/lg.toml"), file));
    Config::load(&flags(words), &env(pairs), file).unwrap()
}

#[track_caller]
fn check_refused(words: &[&str], pairs: &[(&str, &str)], file: &str, expected: &[&str]) {
    let file = Some((Path::new("lg.toml"), file));
    let error = Config::load(&flags(words), &env(pairs), file).unwrap_err();
    assert_eq!(error.problems.len(), 1, "{error}");
    for part in expected {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
}

#[test]
fn the_console_lies_under_the_path_of_the_public_url() {
    let base = |file: &str| load(&[], &[], file).console_base_path;
    assert_eq!(base(""), None);
    assert_eq!(base("public_url = 'https://cloud.example'\n").as_deref(), Some(""));
    assert_eq!(base("public_url = 'https://cloud.example/images/'\n").as_deref(), Some("/images"));
    let both = "public_url = 'https://cloud.example/api'\n[console]\nbase_path = '/shop/'\n";
    assert_eq!(base(both).as_deref(), Some("/shop"));
    let escaped = "public_url = 'https://cloud.example/a%20b'\n";
    check_refused(&[], &[], escaped, &["lg.toml:1", "public_url"]);
}

#[test]
fn the_defaults_need_nothing() {
    let config = Config::load(&flags(&[]), &env(&[]), None).unwrap();
    let data = PathBuf::from("/home/op/.local/share/lendglass");
    assert_eq!(config.data_dir, data);
    assert_eq!(config.listen, SocketAddr::from(([127, 0, 0, 1], 9292)));
    assert_eq!(config.database, Database::Sqlite(data.join("lendglass.db")));
    assert_eq!(config.blob_dir("r1"), data.join("blobs/r1"));
    assert_eq!(config.master_key_file, data.join("master.key"));
    assert_eq!((config.profile.as_str(), config.profile_is_given), ("lendglass", false));
    assert_eq!((config.list_limit_default, config.list_limit_max), (25, 1000));
    assert_eq!(config.image_size_cap_bytes, 1 << 40);
    assert_eq!(config.digest_algo, DigestAlgo::Sha512);
    assert!(config.digest_md5);
    assert!(!config.demo);
    assert_eq!(config.origin("listen"), Origin::Default);
}

#[test]
fn the_data_folder_follows_xdg() {
    let config = load(&[], &[("XDG_DATA_HOME", "/xdg")], "");
    assert_eq!(config.data_dir, Path::new("/xdg/lendglass"));
    let relative = load(&[], &[("XDG_DATA_HOME", "xdg")], "");
    assert_eq!(relative.data_dir, Path::new("/home/op/.local/share/lendglass"));
    let error = Config::load(&flags(&[]), &Env::new(), None).unwrap_err();
    assert!(error.to_string().contains("--data"), "{error}");
    assert!(Config::load(&flags(&["--data", "/d"]), &Env::new(), None).is_ok());
}

#[test]
fn each_layer_wins_over_the_one_below_and_is_remembered() {
    let file = "profile = \"ctyun\"\n\n[token]\nlifetime_seconds = 900\n[log]\nformat = 'json'\n";
    let pairs = [("LENDGLASS_PROFILE", "tencent"), ("LENDGLASS_TOKEN__LIFETIME_SECONDS", "600")];
    let config = load(&["--profile", "glance"], &pairs, file);
    assert_eq!((config.profile.as_str(), config.profile_is_given), ("glance", true));
    assert_eq!(config.origin("profile"), Origin::Flag("--profile"));
    assert_eq!(config.token_lifetime, Duration::from_secs(600));
    let env_origin = Origin::Env("LENDGLASS_TOKEN__LIFETIME_SECONDS".to_owned());
    assert_eq!(config.origin("token.lifetime_seconds"), env_origin);
    assert_eq!(config.log_format, LogFormat::Json);
    assert_eq!(config.origin("log.format").to_string(), "/etc/lg/lg.toml:6");
}

#[test]
fn paths_in_the_file_are_relative_to_the_file() {
    let file = "world = \"world.toml\"\n[blobs]\nr2 = \"../bytes\"\nr3 = \"/srv/r3\"\n";
    let config = load(&["--data", "here"], &[], file);
    assert_eq!(config.world.as_deref(), Some(Path::new("/etc/lg/world.toml")));
    assert_eq!(config.blob_dir("r2"), Path::new("/etc/lg/../bytes"));
    assert_eq!(config.blob_dir("r3"), Path::new("/srv/r3"));
    assert_eq!(config.blob_dir("r1"), Path::new("here/blobs/r1"));
}

#[test]
fn policy_keys_come_from_file_and_environment() {
    let file = "[policy]\nshare.max_tenants.system = 1_000\n\"delete.while_shared\" = \"allow\"\n";
    let config = load(&[], &[("LENDGLASS_POLICY__SHARE__MAX_TENANTS__ISO", "0")], file);
    let found: Vec<_> = config.policy.iter().map(|p| (p.key.as_str(), p.value.as_str())).collect();
    let expected = [
        ("delete.while_shared", "allow"),
        ("share.max_tenants.iso", "0"),
        ("share.max_tenants.system", "1000"),
    ];
    assert_eq!(found, expected);
    assert_eq!(config.policy[2].origin.to_string(), "/etc/lg/lg.toml:2");
}

#[test]
fn an_unknown_key_names_the_nearest_and_its_place() {
    let file = "profile = \"glance\"\n[token]\nlife_seconds = 5\n";
    check_refused(
        &[],
        &[],
        file,
        &["lg.toml:3", "`token.life_seconds`", "`token.lifetime_seconds`"],
    );
    check_refused(&[], &[], "[tsl]\nkey = 'k'\n", &["lg.toml:2", "`tsl.key`", "`tls.key`"]);
    check_refused(
        &[],
        &[("LENDGLASS_TLS_KEY", "k")],
        "",
        &["LENDGLASS_TLS_KEY", "nearest is LENDGLASS_TLS__KEY"],
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let file = "listn = 'x'\nprofile = 'aws'\n[jobs]\nworkers = 5000\n";
    let error =
        Config::load(&flags(&[]), &env(&[]), Some((Path::new("lg.toml"), file))).unwrap_err();
    assert_eq!(error.problems.len(), 3, "{error}");
}

#[test]
fn values_out_of_form_or_bounds_are_refused_with_their_place() {
    check_refused(&["--listen", "9292"], &[], "", &["--listen", "ADDRESS:PORT"]);
    check_refused(&["--profile", "aws"], &[], "", &["--profile", "huawei-128", "tencent"]);
    check_refused(&["--database", "mysql://x"], &[], "", &["--database", "postgres://"]);
    check_refused(&[], &[], "[digest]\nmd5 = 'no'\n", &["lg.toml:2", "true or false"]);
    check_refused(&[], &[], "[upload]\nlease_seconds = 4\n", &["lg.toml:2", "5 to 3600"]);
    check_refused(&[], &[], "[upload]\nlease_seconds = 4.5\n", &["lg.toml:2", "float"]);
    check_refused(&[], &[], "trusted_proxies = ['10.0.0.0/33']\n", &["lg.toml:1", "10.0.0.0/33"]);
    check_refused(&[], &[], "public_url = 'ftp://x'\n", &["lg.toml:1", "public_url"]);
    check_refused(&[], &[], "[tls]\nkey = 'k.pem'\n", &["lg.toml:2", "tls.certificate"]);
    check_refused(&[], &[], "[list]\nlimit_max = 10\n", &["list.limit_default", "list.limit_max"]);
    check_refused(&[], &[], "database_password_file = 'p'\n", &["not PostgreSQL"]);
}

#[test]
fn a_broken_file_names_the_line_but_never_shows_it() {
    let file = "profile = 'glance'\ndatabase = 'postgres://u:geheim@h/d\n";
    let error =
        Config::load(&flags(&[]), &env(&[]), Some((Path::new("lg.toml"), file))).unwrap_err();
    assert!(error.to_string().starts_with("lg.toml:2: "), "{error}");
    assert!(!error.to_string().contains("geheim"), "{error}");
}

#[test]
fn a_missing_file_says_the_way_out() {
    let flags = flags(&["--config", "/nowhere/lg.toml"]);
    let error = Config::from_process(&flags).unwrap_err();
    assert!(error.to_string().contains("config example"), "{error}");
}

#[test]
fn the_demo_stays_on_loopback() {
    assert!(load(&["--demo"], &[], "").demo);
    assert!(load(&["--demo", "--listen", "[::1]:0"], &[], "").demo);
    assert!(load(&["--demo", "--listen", "localhost:80"], &[], "").demo);
    for address in ["0.0.0.0:9292", "[::]:9292", "192.0.2.1:9292"] {
        check_refused(&["--demo", "--listen", address], &[], "", &["--demo", "127.0.0.1"]);
        check_refused(&["--listen", address], &[], "demo = true\n", &["lg.toml:1", "127.0.0.1"]);
    }
}

#[test]
fn databases_are_told_apart() {
    let sqlite = load(&["--database", "sqlite:/tmp/x.db"], &[], "").database;
    assert_eq!(sqlite, Database::Sqlite(PathBuf::from("/tmp/x.db")));
    let file = "database = 'postgres://lg@db/lg'\ndatabase_password_file = '/run/secret'\n";
    let expected = Database::Postgres {
        url: "postgres://lg@db/lg".to_owned(),
        password_file: Some(PathBuf::from("/run/secret")),
    };
    assert_eq!(load(&[], &[], file).database, expected);
}

#[test]
fn passwords_are_never_printed() {
    let url = "postgres://lg:ge@heim@db:5432/lg?sslmode=require&password=geheim";
    assert_eq!(redacted_url(url), "postgres://lg:***@db:5432/lg?sslmode=require&password=***");
    let config = load(&["--database", url], &[], "");
    let printed = format!("{:?} {:?}", config.database, config.report());
    assert!(!printed.contains("heim"), "{printed}");
    assert!(!format!("{config:?}").contains("heim"));
}

#[test]
fn the_example_file_is_valid_and_says_the_defaults() {
    let example = keys::example();
    let defaults = Config::load(&flags(&[]), &env(&[]), None).unwrap();
    let as_is =
        Config::load(&flags(&[]), &env(&[]), Some((Path::new("e.toml"), &example))).unwrap();
    assert_eq!(as_is.report(), defaults.report());
    let lines = example.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        Some(_) | None => line,
    });
    // The samples of the free tables are no defaults.
    let active = lines.take_while(|line| *line != "[blobs]").collect::<Vec<_>>().join("\n");
    let uncommented =
        Config::load(&flags(&[]), &env(&[]), Some((Path::new("e.toml"), &active))).unwrap();
    let values = |config: &Config| {
        config.report().into_iter().map(|(key, value, _)| (key, value)).collect::<Vec<_>>()
    };
    assert_eq!(values(&uncommented), values(&defaults));
    let is_from_file = |key: &keys::Key| uncommented.origin(key.name) != Origin::Default;
    assert!(keys::KEYS.iter().all(is_from_file), "{active}");
}

#[test]
fn the_operator_guide_has_the_table_of_settings() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operator-guide.md");
    let text = std::fs::read_to_string(guide).unwrap();
    assert!(
        text.contains(&keys::markdown()),
        "docs/operator-guide.md differs from `lendglassd config example --markdown`"
    );
}

#[test]
fn every_command_parses() {
    for words in [
        "serve --config f --data d --listen a --database u --profile p --world w --demo",
        "doctor --data d",
        "bootstrap --data d",
        "demo purge --data d",
        "migrate --database u",
        "config example",
    ] {
        let cli = Cli::try_parse_from(["lendglassd"].into_iter().chain(words.split(' ')));
        assert!(cli.is_ok(), "{words}: {}", cli.unwrap_err());
    }
    let cli = Cli::try_parse_from(["lendglassd", "migrate", "--demo"]);
    assert!(cli.is_err(), "--demo belongs to serve");
}
