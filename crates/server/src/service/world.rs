//! The world file.
