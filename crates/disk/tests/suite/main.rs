//! The inspector against images made by the real `qemu-img` and against files made to harm.
//! The modules are test code as a whole, their common tools included.

#[cfg(test)]
mod formats;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod sparse;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod support;
