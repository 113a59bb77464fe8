pub use scurve_prebuilt::*;
