//! Images made by the real `qemu-img`, and feeding them to the inspector.

use std::{fs, path::PathBuf, process::Command};

use lendglass_disk::{DeclaredFormat, Inspection, Inspector, Refusal, limits};
use tempfile::TempDir;

pub const MIB: u64 = 1 << 20;

/// A temporary folder with images in it.
pub struct Workbench {
    folder: TempDir,
}

impl Workbench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `qemu-img` in this folder; a missing program fails the test.
    pub fn qemu_img(&self, arguments: &[&str]) -> String {
        let output = Command::new("qemu-img")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| {
                panic!("these tests need QEMU's qemu-img (Debian: qemu-utils) on the PATH: {error}")
            });
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "qemu-img {arguments:?} failed: {errors}");
        String::from_utf8(output.stdout).expect("qemu-img speaks UTF-8")
    }

    /// Creates an empty image `name` of a format with options and returns its bytes.
    pub fn create(&self, name: &str, format: &str, options: &[&str], size: &str) -> Vec<u8> {
        let mut arguments = vec!["create", "-q", "-f", format];
        for option in options {
            arguments.extend_from_slice(&["-o", option]);
        }
        arguments.extend_from_slice(&[name, size]);
        self.qemu_img(&arguments);
        self.read(name)
    }

    /// Converts `disk.raw` of this folder, which has data and holes, and returns the bytes of the result.
    pub fn convert(&self, name: &str, format: &str, arguments: &[&str]) -> Vec<u8> {
        if !self.path("disk.raw").exists() {
            fs::write(self.path("disk.raw"), disk_with_data()).expect("disk.raw is written");
        }
        let mut all = vec!["convert", "-f", "raw", "-O", format];
        all.extend_from_slice(arguments);
        all.extend_from_slice(&["disk.raw", name]);
        self.qemu_img(&all);
        self.read(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("the image is readable")
    }

    /// What `qemu-img info` says of an image as JSON, None if QEMU does not open it. Without a format QEMU guesses.
    pub fn info(&self, name: &str, format: Option<&str>) -> Option<String> {
        let mut command = Command::new("qemu-img");
        command.args(["info", "--output=json"]).current_dir(self.folder.path());
        if let Some(format) = format {
            command.args(["-f", format]);
        }
        let output = command.arg(name).output().expect("qemu-img runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// What `qemu-img info` says of an image: its virtual size.
    pub fn virtual_size(&self, name: &str, format: &str) -> u64 {
        let info = self.qemu_img(&["info", "--output=json", "-f", format, name]);
        virtual_size_in(&info)
    }
}

/// 8 MiB with a mark in some places and zeros elsewhere.
pub fn disk_with_data() -> Vec<u8> {
    let mut disk = vec![0; 8 * MIB as usize];
    for (index, block) in disk.chunks_mut(512 << 10).enumerate().filter(|(index, _)| index % 3 != 1)
    {
        let mut state = index as u64 + 1;
        for byte in block {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
    }
    disk
}

/// The virtual size in the JSON of `qemu-img info`, which lists the inner file first.
pub fn virtual_size_in(json: &str) -> u64 {
    let key = "\"virtual-size\":";
    let (_, rest) = json.rsplit_once(key).unwrap_or_else(|| panic!("no {key} in {json}"));
    let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|error| panic!("{key} in {json}: {error}"))
}

/// Feeds all of `bytes` in slices of `step` bytes, to the end even after a refusal.
pub fn inspect_in_steps(
    declared: Option<DeclaredFormat>,
    bytes: &[u8],
    step: usize,
) -> Result<Inspection, Refusal> {
    let mut inspector = Inspector::new(declared);
    let mut first = None;
    for slice in bytes.chunks(step) {
        let fed = inspector.feed(slice);
        assert!(inspector.captured_bytes() <= limits::MAX_CAPTURED_BYTES, "memory is bounded");
        match (&first, fed) {
            (None, Err(refusal)) => first = Some(refusal),
            (Some(refusal), fed) => assert_eq!(fed.as_ref(), Err(refusal), "a refusal is final"),
            (None, Ok(())) => {}
        }
    }
    let finished = inspector.finish();
    if let Some(refusal) = first {
        assert_eq!(finished, Err(refusal), "a refusal is final");
    }
    finished
}

/// Feeds `bytes` as an upload would: in slices of 64 KiB.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Refusal> {
    inspect_in_steps(None, bytes, 64 << 10)
}

pub fn inspect_as(declared: DeclaredFormat, bytes: &[u8]) -> Result<Inspection, Refusal> {
    inspect_in_steps(Some(declared), bytes, 64 << 10)
}

/// Expects a refusal with this code and a sentence that contains `fact`.
#[track_caller]
pub fn check_refused(bytes: &[u8], code: &str, fact: &str) {
    let refusal = match inspect(bytes) {
        Err(refusal) => refusal,
        Ok(found) => panic!("accepted as {found:?}, expected {code}"),
    };
    assert_eq!(refusal.code(), code, "{refusal}");
    let sentence = refusal.to_string();
    assert!(sentence.contains(fact), "\"{sentence}\" does not say \"{fact}\"");
    assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence:?} is no sentence");
}

/// A copy of `bytes` with `replacement` at `offset`.
pub fn patched(bytes: &[u8], offset: usize, replacement: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    copy[offset..offset + replacement.len()].copy_from_slice(replacement);
    copy
}

/// A copy of the text in `bytes` with every `from` replaced by `to` of the same length.
pub fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let offset = bytes.windows(from.len()).position(|window| window == from);
    patched(bytes, offset.expect("the text is in the image"), to)
}
