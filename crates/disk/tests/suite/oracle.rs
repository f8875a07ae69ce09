//! QEMU as the oracle: a file that was accepted must look the same to the program that will open it.

use std::{cell::RefCell, fs};

use lendglass_disk::{Details, Format};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::{
    streaming::mutated,
    support::{Workbench, inspect, virtual_size_in},
};

/// QEMU's name of a format that it reads and measures as this crate does; a VHD's size it takes from the geometry.
fn qemu_name(format: Format) -> Option<&'static str> {
    match format {
        Format::Qcow2 => Some("qcow2"),
        Format::Qcow1 => Some("qcow"),
        Format::Vmdk => Some("vmdk"),
        Format::Vhdx => Some("vhdx"),
        Format::Vdi => Some("vdi"),
        Format::Qed => Some("qed"),
        Format::Parallels => Some("parallels"),
        Format::Raw
        | Format::Vhd
        | Format::Iso
        | Format::Luks
        | Format::Gpt
        | Format::Mbr
        | Format::Ova
        | Format::Bochs
        | Format::Cloop => None,
    }
}

/// For changed images: what passes as a bare disk is probed as one by QEMU, and what passes as a container has for
/// QEMU the same size and no other file. QEMU may still decline it for something deeper inside.
#[test]
fn accepted_images_look_the_same_to_qemu() {
    let bench = Workbench::new();
    let seen = RefCell::new((0, 0));
    let config =
        ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&mutated(), |bytes| {
        let Ok(found) = inspect(&bytes) else { return Ok(()) };
        fs::write(bench.path("image"), &bytes)?;
        if let Some(name) = qemu_name(found.format) {
            let Some(info) = bench.info("image", Some(name)) else { return Ok(()) };
            prop_assert!(!info.contains("backing-filename"), "{}", info);
            prop_assert!(!info.contains("data-file\":"), "{}", info);
            prop_assert_eq!(Some(virtual_size_in(&info)), found.virtual_size_bytes);
            seen.borrow_mut().0 += 1;
        } else if !matches!(found.details, Details::Vhd { .. } | Details::Luks { .. }) {
            let info = bench.info("image", None);
            let is_raw = info.as_ref().is_some_and(|info| info.contains("\"format\": \"raw\""));
            prop_assert!(is_raw, "{:?} is for QEMU {:?}", found, info);
            seen.borrow_mut().1 += 1;
        }
        Ok(())
    });
    outcome.unwrap();
    let (containers, disks) = *seen.borrow();
    assert!(containers > 5 && disks > 0, "the oracle was asked: {containers}, {disks}");
}
