//! Who asks: tokens and signatures become a [`Caller`](lendglass_core::tenant::Caller). Belongs to no
//! dialect; every route takes every credential.
