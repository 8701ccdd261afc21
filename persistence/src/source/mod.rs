//! Authentic sources as they are kept: what catalogues say of them.

mod sources;
