//! Puts what `npm run build` left in `console/dist` into the program: a table of its files, each with
//! the forms that were compressed beside it. Where nothing was built the table is empty, and the
//! program says so on the console's page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/dist");
    println!("cargo::rerun-if-changed=build.rs");
    let mut paths = BTreeSet::new();
    // A path that is not there would make every build run this again; `make` touches this file after
    // it has built the console for the first time.
    if dist.is_dir() {
        println!("cargo::rerun-if-changed={}", dist.display());
        gather(&dist.canonicalize()?, &mut paths)?;
    }
    let mut table = String::from("&[\n");
    for path in &paths {
        let is_compressed = path.extension().is_some_and(|end| end == "br" || end == "gz");
        if !is_compressed {
            entry(&mut table, &dist.canonicalize()?, path, &paths)?;
        }
    }
    table.push_str("]\n");
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&folder).join("console_files.rs"), table)
}

fn gather(folder: &Path, paths: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            gather(&path, paths)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            paths.insert(path);
        }
    }
    Ok(())
}

fn entry(table: &mut String, dist: &Path, path: &Path, all: &BTreeSet<PathBuf>) -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(path)?);
    let name = path.strip_prefix(dist).map_err(io::Error::other)?.to_string_lossy().into_owned();
    let beside = |end: &str| {
        let other = PathBuf::from(format!("{}.{end}", path.display()));
        match all.contains(&other) {
            true => format!("Some(include_bytes!({:?}))", other.display().to_string()),
            false => "None".to_owned(),
        }
    };
    writeln!(
        table,
        "Built {{ path: {name:?}, digest: \"{:016x}\", plain: include_bytes!({:?}), br: {}, gz: {} }},",
        hasher.finish(),
        path.display().to_string(),
        beside("br"),
        beside("gz"),
    )
    .map_err(io::Error::other)
}
