//! What a notebook's cells depend on.

pub use scurve_prebuilt::*;

/// Runs when the first cell is loaded into the process that runs cells. That process is told to print a backtrace
/// with every panic, of its own workings and of generated code; a reader wants what was wrong.
#[used]
#[unsafe(link_section = ".init_array")]
static PLAIN_PANICS: extern "C" fn() = plain_panics;

extern "C" fn plain_panics() {
    const ASKED: &str = "RUST_BACKTRACE";
    if std::env::var(ASKED).as_deref() != Ok("1") {
        return;
    }
    // No cell has run yet, so there is no other thread that could be reading the environment.
    unsafe { std::env::set_var(ASKED, "0") };
    std::panic::set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or("(a value that is not a text)");
        // A panic that leaves a cell is followed by a second one, which says only that it may not.
        if text == "panic in a function that cannot unwind" {
            return;
        }
        match info.location() {
            Some(place) if place.file() != "src/lib.rs" => eprintln!("panicked: {text} ({place})"),
            _ => eprintln!("panicked: {text}"),
        }
    }));
}
