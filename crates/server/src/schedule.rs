#![expect(unsafe_code, reason = "sched_setattr has no safe form in the standard library")]
//! Which of our threads the processors serve first.

use std::io;

/// How long a thread that answers requests runs before another may have its processor; the kernel
/// takes no less. It has 1.4 ms or more for others.
const SLICE_NANOS: u64 = 100_000;

/// What the kernel takes as `struct sched_attr` (linux/include/uapi/linux/sched/types.h).
#[repr(C)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// Lets the calling thread run as soon as it is woken, before threads that compute for long: it asks
/// for short turns (Linux 6.12 and later), which is no advantage to who needs long ones. Its share of
/// the processors stays as it is.
///
/// # Errors
/// Where the kernel refuses; nothing has changed then.
pub fn take_short_turns() -> io::Result<()> {
    // SAFETY: the call has no conditions. Zero is the calling thread.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: libc::SCHED_OTHER as u32,
        flags: 0,
        nice,
        priority: 0,
        runtime: SLICE_NANOS,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the structure lives through the call and says its own size. Zero is the calling thread.
    match unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_may_take_short_turns_and_stays_what_it_is() {
        // SAFETY: the call has no conditions.
        let nice = || unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let before = nice();
        take_short_turns().unwrap();
        assert_eq!(nice(), before);
        // SAFETY: the call has no conditions.
        assert_eq!(unsafe { libc::sched_getscheduler(0) }, libc::SCHED_OTHER);
    }
}
